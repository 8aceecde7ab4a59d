import { lineAndColumn } from './line-and-column.ts';
import type { Place } from './recording-rows.ts';

export type JsonPath = readonly (string | number)[];

interface Frame {
  /** Undefined in an array. */
  readonly keys: Set<string> | undefined;
  at: string | number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/** Where the value at a path begins, in a text that `JSON.parse` takes; else its start. */
export function placeInJson(text: string, path: JsonPath): Place {
  let found = 0;
  walk(text, (frames, offset) => {
    const isThere =
      frames.length === path.length && frames.every(({ at }, depth) => at === path[depth]);
    if (isThere) found = offset;
    return !isThere;
  });
  return lineAndColumn(text, found);
}

/** The first key that an object has twice: `JSON.parse` would keep the last one in silence. */
export function repeatedKey(
  text: string,
): { readonly place: Place; readonly key: string } | undefined {
  let repeated: { readonly offset: number; readonly key: string } | undefined;
  walk(
    text,
    () => true,
    (key, offset) => {
      repeated = { key, offset };
    },
  );
  if (repeated === undefined) return undefined;
  return { key: repeated.key, place: lineAndColumn(text, repeated.offset) };
}

/** Visits every value in the order of the text, until a visit is false or a key is repeated. */
function walk(
  text: string,
  visit: (frames: readonly Frame[], offset: number) => boolean,
  onRepeated: (key: string, offset: number) => void = () => undefined,
): void {
  const frames: Frame[] = [];
  let isKey = false;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const frame = frames.at(-1);
    if (token === ':') isKey = false;
    else if (token === ',' && frame !== undefined) {
      isKey = frame.keys !== undefined;
      if (typeof frame.at === 'number') frame.at += 1;
    } else if (token === '}' || token === ']') {
      frames.pop();
      isKey = false;
    } else if (isKey && frame?.keys !== undefined) {
      const key = String(JSON.parse(token));
      if (frame.keys.has(key)) return onRepeated(key, index);
      frame.keys.add(key);
      frame.at = key;
    } else {
      if (!visit(frames, index)) return;
      if (token === '{') frames.push({ keys: new Set(), at: '' });
      if (token === '[') frames.push({ keys: undefined, at: 0 });
      isKey = token === '{';
    }
  }
}
