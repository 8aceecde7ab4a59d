import { releaseJsonSchema } from './json-schema.schema.ts';
import { nearest } from './nearest.ts';

/**
 * What a misspelt key was probably meant to be, as the end of a sentence; the known keys are read
 * from the published schema, so that no second list can go stale.
 */
export function suggestion(key: string, path: readonly (string | number)[]): string {
  const known = knownKeys(path);
  const near = nearest(key, known);
  if (near !== undefined) return `: did you mean ${near}?`;
  return known.length === 0 ? '' : `; known here: ${known.join(', ')}`;
}

let schema: Record<string, unknown> | undefined;

function knownKeys(path: readonly (string | number)[]): readonly string[] {
  schema ??= releaseJsonSchema();
  let nodes: unknown[] = [schema];
  for (const part of path) {
    nodes = nodes.flatMap(alternatives).flatMap((node) => {
      if (typeof part === 'number') return 'items' in node ? [node.items] : [];
      const { properties } = node;
      if (typeof properties !== 'object' || properties === null) return [];
      return Object.entries(properties).flatMap(([name, child]) => (name === part ? [child] : []));
    });
  }
  const keys = nodes.flatMap(alternatives).flatMap((node) => {
    const { properties } = node;
    return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  });
  return [...new Set(keys)].filter((key) => key !== '$schema');
}

function alternatives(node: unknown): Record<string, unknown>[] {
  if (typeof node !== 'object' || node === null) return [];
  const record: Record<string, unknown> = { ...node };
  const inner = [record.anyOf, record.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [record, ...inner.flatMap(alternatives)];
}
