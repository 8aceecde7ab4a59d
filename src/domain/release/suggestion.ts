import { releaseJsonSchema } from './json-schema.schema.ts';

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

/** The closest word, where at most a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const most = Math.max(2, candidate.length / 3);
    // Also keeps the cost of a very long word small.
    if (Math.abs(word.length - candidate.length) > most) continue;
    const between = distance(word.toLowerCase().replaceAll('-', '_'), candidate);
    if (between < bestDistance && between <= most) {
      best = candidate;
      bestDistance = between;
    }
  }
  return best;
}

/** Levenshtein's edit distance. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const substitute = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
