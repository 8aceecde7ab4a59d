import { type Document, type LineCounter, isMap, isScalar } from 'yaml';
import { readText } from './document-text.ts';
import type { Found } from './issues.ts';
import type { Problem } from './problem.ts';

/** Gives what was found at a path its place in the text. */
export type Place = (found: Found) => Problem;

/** The places of a text that has been read before: what is no YAML stands at its beginning. */
export function placesIn({ text, file }: { readonly text: string; readonly file: string }): Place {
  const { document, lines } = readText(text, 'it');
  return placeBy(document, lines, file);
}

export function placeBy(document: Document, lines: LineCounter, file: string): Place {
  return ({ path, key, message }) => ({
    file,
    ...lineAt(lines, offsetOf(document, path, key)),
    path: [...path, ...(key === undefined ? [] : [key])].join('.'),
    message,
  });
}

/** Both from 1. */
export function lineAt(
  lines: LineCounter,
  offset: number,
): { readonly line: number; readonly column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Where a path begins in the text; for what is missing, where its nearest parent begins. */
function offsetOf(
  document: Document,
  path: readonly (string | number)[],
  key: string | undefined,
): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const parent = path.slice(0, length);
    const node: unknown = length === 0 ? document.contents : document.getIn(parent, true);
    if (key !== undefined && length === path.length && isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    const range = hasRange(node) ? node.range : undefined;
    if (range !== undefined && range !== null) return range[0];
  }
  return 0;
}

function hasRange(
  node: unknown,
): node is { readonly range?: readonly [number, number, number] | null } {
  return typeof node === 'object' && node !== null && 'range' in node;
}
