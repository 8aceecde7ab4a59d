import { type z } from 'zod';
import { readText } from './document-text.ts';
import type { GoYaml } from './go-yaml.ts';
import { type Found, type Suggest, foundBy } from './issues.ts';
import { type Place, lineAt, placeBy } from './place.ts';
import type { Problem } from './problem.ts';

/** Whoever has more than this to mend begins with these. */
const PROBLEMS_MAX = 50;

/** Of so many the place in the text is looked for, to tell the first of them in their order. */
const PLACED_MAX = 200;

export interface DocumentSource {
  readonly text: string;
  /** As the user named it, for the messages. */
  readonly file: string;
}

/** What a kind of document is, for those who write one. */
export interface DocumentForm<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** With its article: `a release file`. */
  readonly name: string;
  /** What one file holds: `one release`. */
  readonly holds: string;
  /** A key with its value, as in every file of this kind: `service: checkout`. */
  readonly example: string;
  readonly charactersMax: number;
  readonly suggest: Suggest;
  /** Of a file of another program, in Go. */
  readonly go?: GoYaml;
}

export type ReadDocument<Value> =
  | { readonly kind: 'valid'; readonly value: Value }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** What becomes of a document that fits its schema. */
export type Finished<Value> =
  | { readonly kind: 'valid'; readonly value: Value }
  | { readonly kind: 'found'; readonly found: readonly Found[] };

/**
 * Reads a document, YAML or JSON. Nothing is guessed: every problem is reported at once, with its
 * place. `finish` makes what the reader wants of it, or finds what is wrong with parts that are
 * each right; it also gets the document as it was written, and the places of what it finds.
 */
export function readDocument<Schema extends z.ZodType, Value>(
  { text, file }: DocumentSource,
  form: DocumentForm<Schema>,
  finish: (parsed: z.output<Schema>, written: unknown, place: Place) => Finished<Value>,
): ReadDocument<Value> {
  if (text.length > form.charactersMax) {
    const message = `the file has ${text.length} characters; ${form.charactersMax} is the most`;
    return { kind: 'invalid', problems: [{ file, line: 1, column: 1, path: '', message }] };
  }
  const { document, lines, value, flaws } = readText(text, form.holds, form.go);
  if (flaws.length > 0) {
    return invalid(
      flaws.map(({ offset, message }) => ({ file, ...lineAt(lines, offset), path: '', message })),
    );
  }
  const place = placeBy(document, lines, file);
  const read = fitted(value, form, (parsed) => finish(parsed, value, place));
  if (read.kind === 'valid') return read;
  return invalid(read.found.slice(0, PLACED_MAX).map(place), read.found.length);
}

/** What a document says, made into what its form means. */
export function fitted<Schema extends z.ZodType, Value>(
  value: unknown,
  { schema, name, example, suggest }: DocumentForm<Schema>,
  finish: (parsed: z.output<Schema>) => Finished<Value>,
): Finished<Value> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = `${name} is a set of keys, such as \`${example}\``;
    return { kind: 'found', found: [{ path: [], message }] };
  }
  const parsed = schema.safeParse(value, { reportInput: true });
  return parsed.success
    ? finish(parsed.data)
    : { kind: 'found', found: foundBy(parsed.error.issues, suggest) };
}

function invalid<Value>(
  problems: readonly Problem[],
  total = problems.length,
): ReadDocument<Value> {
  const sorted = problems.toSorted(
    (one, other) => one.line - other.line || one.column - other.column,
  );
  const told = sorted.slice(0, PROBLEMS_MAX);
  const next = sorted[PROBLEMS_MAX];
  if (next === undefined) return { kind: 'invalid', problems: told };
  const message = `and ${total - PROBLEMS_MAX} more problems from here on`;
  return { kind: 'invalid', problems: [...told, { ...next, path: '', message }] };
}
