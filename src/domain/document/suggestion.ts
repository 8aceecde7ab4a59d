import { nearest } from './nearest.ts';

/**
 * What a misspelt key was probably meant to be, as the end of a sentence; the known keys are read
 * from a JSON Schema, so that no second list can go stale.
 */
export function suggestion(
  key: string,
  path: readonly (string | number)[],
  schema: Readonly<Record<string, unknown>>,
): string {
  const known = knownKeys(path, schema);
  const near = nearest(key, known);
  if (near !== undefined) return `: did you mean ${near}?`;
  return known.length === 0 ? '' : `; known here: ${known.join(', ')}`;
}

function knownKeys(
  path: readonly (string | number)[],
  schema: Readonly<Record<string, unknown>>,
): readonly string[] {
  let nodes: unknown[] = [schema];
  for (const part of path) {
    nodes = nodes.flatMap(alternatives).flatMap((node) => {
      if (typeof part === 'number') return 'items' in node ? [node.items] : [];
      const { properties, additionalProperties } = node;
      const named = isRecord(properties)
        ? Object.entries(properties).flatMap(([name, child]) => (name === part ? [child] : []))
        : [];
      return named.length > 0 || !isRecord(additionalProperties) ? named : [additionalProperties];
    });
  }
  const keys = nodes.flatMap(alternatives).flatMap((node) => {
    const { properties } = node;
    return isRecord(properties) ? Object.keys(properties) : [];
  });
  return [...new Set(keys)].filter((key) => key !== '$schema');
}

function alternatives(node: unknown): Record<string, unknown>[] {
  if (!isRecord(node)) return [];
  const record: Record<string, unknown> = { ...node };
  const inner = [record.anyOf, record.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [record, ...inner.flatMap(alternatives)];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
