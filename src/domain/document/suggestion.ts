import { nearest } from './nearest.ts';

type Path = readonly (string | number)[];

/**
 * Suggests keys by a JSON Schema, which is made once, and only when somebody has misspelt one.
 * `place`: where in the schema the keys of a path of the document stand.
 */
export function suggestFrom(
  jsonSchema: () => Readonly<Record<string, unknown>>,
  place: (path: Path) => Path = (path) => path,
): (key: string, path: Path) => string {
  let made: Readonly<Record<string, unknown>> | undefined;
  return (key, path) => suggestion(key, place(path), (made ??= jsonSchema()));
}

/**
 * What a misspelt key was probably meant to be, as the end of a sentence; the known keys are read
 * from a JSON Schema, so that no second list can go stale.
 */
function suggestion(key: string, path: Path, schema: Readonly<Record<string, unknown>>): string {
  const known = knownKeys(path, schema);
  const near = nearest(key, known);
  if (near !== undefined) return `: did you mean ${near}?`;
  return known.length === 0 ? '' : `; known here: ${known.join(', ')}`;
}

function knownKeys(path: Path, schema: Readonly<Record<string, unknown>>): readonly string[] {
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
