import { type z } from 'zod';
import type { Document } from 'yaml';
import { readText } from './document-text.ts';
import { type Found, type Suggest, foundBy } from './issues.ts';
import { lineAt, placeBy } from './place.ts';
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
 * each right; it also gets the document as it was written.
 */
export function readDocument<Schema extends z.ZodType, Value>(
  { text, file }: DocumentSource,
  form: DocumentForm<Schema>,
  finish: (parsed: z.output<Schema>, written: unknown) => Finished<Value>,
): ReadDocument<Value> {
  if (text.length > form.charactersMax) {
    const message = `the file has ${text.length} characters; ${form.charactersMax} is the most`;
    return { kind: 'invalid', problems: [{ file, line: 1, column: 1, path: '', message }] };
  }
  const { document, lines, flaws } = readText(text, form.holds);
  if (flaws.length > 0) {
    return invalid(
      flaws.map(({ offset, message }) => ({ file, ...lineAt(lines, offset), path: '', message })),
    );
  }
  const read = valueOf(document, form, finish);
  if (read.kind === 'valid') return read;
  const problems = read.found.slice(0, PLACED_MAX).map(placeBy(document, lines, file));
  return invalid(problems, read.found.length);
}

function valueOf<Schema extends z.ZodType, Value>(
  document: Document,
  form: DocumentForm<Schema>,
  finish: (parsed: z.output<Schema>, written: unknown) => Finished<Value>,
): Finished<Value> {
  const content = contentOf(document, form);
  if (content.kind === 'bad') return { kind: 'found', found: [{ path: [], message: content.why }] };
  const parsed = form.schema.safeParse(content.value, { reportInput: true });
  if (!parsed.success) {
    return { kind: 'found', found: foundBy(parsed.error.issues, form.suggest) };
  }
  return finish(parsed.data, content.value);
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

function contentOf(
  document: Document,
  { name, example }: Pick<DocumentForm<z.ZodType>, 'name' | 'example'>,
): { kind: 'value'; value: unknown } | { kind: 'bad'; why: string } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 20 });
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { kind: 'value', value };
    }
    return { kind: 'bad', why: `${name} is a set of keys, such as \`${example}\`` };
  } catch (error) {
    return { kind: 'bad', why: error instanceof Error ? error.message : String(error) };
  }
}
