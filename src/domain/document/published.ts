import type { z } from 'zod';

/**
 * Makes a schema of ours one that others can use: alternatives of the kind `memory` are for tests,
 * and validators refuse a format that they do not know, which here the pattern beside it says.
 */
export function published(kindKey: 'kind' | 'type') {
  return ({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void => {
    if (jsonSchema.format === 'starts_with') delete jsonSchema.format;
    const { oneOf } = jsonSchema;
    if (oneOf === undefined) return;
    jsonSchema.oneOf = oneOf.filter(({ properties }) => {
      const kind = properties?.[kindKey];
      return typeof kind !== 'object' || kind.const !== 'memory';
    });
  };
}
