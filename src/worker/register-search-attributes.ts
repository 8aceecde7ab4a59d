import type { NativeConnection } from '@temporalio/worker';
import { Failure } from '../domain/failure.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/search-attributes.ts';

/** `INDEXED_VALUE_TYPE_KEYWORD` of temporal/api/enums/v1/common.proto. */
const KEYWORD = 2;

/**
 * Adds the search attributes that the namespace does not know yet. A workflow that sets an unknown
 * one would try its task again for ever, so a worker without them must not start.
 */
export async function registerSearchAttributes(
  { operatorService }: Pick<NativeConnection, 'operatorService'>,
  namespace: string,
): Promise<void> {
  const names = SEARCH_ATTRIBUTES.map(({ name }) => name);
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const missing = names.filter((name) => customAttributes[name] === undefined);
    const odd = names.find((name) => (customAttributes[name] ?? KEYWORD) !== KEYWORD);
    if (odd !== undefined) throw new Error(`${odd} is there with another type than Keyword`);
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    await operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // Two workers that start at once: the other one has added them.
    if (/already exists/i.test(why)) return;
    throw new Failure('SearchAttributesMissing', `namespace ${namespace}: ${why}`, {
      cause: error,
    });
  }
}
