import type { z } from 'zod';
import { type Document, isMap, isScalar } from 'yaml';
import { Failure } from '../failure.ts';
import { nearest } from './nearest.ts';
import { contradictions, remarksOn } from './release-checks.ts';
import { type ParsedRelease, releaseSchema } from './release.schema.ts';
import { type ReleaseSpec, toReleaseSpec } from './release-spec.ts';
import { readText } from './release-text.ts';
import { suggestion } from './suggestion.ts';

/** The most that a release file may hold; a larger one is not a release file. */
const FILE_MAX_CHARACTERS = 64 * 1024;

/** Whoever has more than this to mend begins with these. */
const PROBLEMS_MAX = 50;

/** Of so many the place in the text is looked for, to tell the first of them in their order. */
const PLACED_MAX = 200;

/** One thing that is wrong with a file: where, what, and how to mend it. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Keys with dots: `performance_thresholds.max_error_rate`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

export type ReleaseFile =
  | { readonly kind: 'valid'; readonly spec: ReleaseSpec; readonly remarks: readonly string[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

export interface ReleaseSource {
  readonly text: string;
  /** As the user named it, for the messages. */
  readonly file: string;
  /** Absolute; where programs of the environment run unless the file says otherwise. */
  readonly folder: string;
  /** Wins over the version in the file. */
  readonly version: string | undefined;
  /** Parts of `kind: memory` are taken: they move nothing and page nobody. */
  readonly forTests?: boolean;
}

/** Reads a release file, YAML or JSON. Nothing is guessed: every problem is reported at once. */
export function readRelease(source: ReleaseSource): ReleaseFile {
  const { text, file } = source;
  if (text.length > FILE_MAX_CHARACTERS) {
    const message = `the file has ${text.length} characters; ${FILE_MAX_CHARACTERS} is the most`;
    return { kind: 'invalid', problems: [{ file, line: 1, column: 1, path: '', message }] };
  }
  const { document, lines, flaws } = readText(text);
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (flaws.length > 0) {
    return invalid(
      flaws.map(({ offset, message }) => ({ file, ...at(offset), path: '', message })),
    );
  }
  const content = contentOf(document);
  const parsed = releaseSchema.safeParse(content.kind === 'value' ? content.value : undefined, {
    reportInput: true,
  });
  const found: Found[] = content.kind === 'bad' ? [{ path: [], message: content.why }] : [];
  if (content.kind === 'value') found.push(...problemsOf(parsed, source));
  if (!parsed.success || found.length > 0) {
    const problems = found.slice(0, PLACED_MAX).map(({ path, key, message }) => ({
      file,
      ...at(offsetOf(document, path, key)),
      path: [...path, ...(key === undefined ? [] : [key])].join('.'),
      message,
    }));
    return invalid(problems, found.length);
  }
  const version = source.version ?? parsed.data.version ?? '';
  return {
    kind: 'valid',
    spec: toReleaseSpec(parsed.data, version, source.folder),
    remarks: remarksOn(parsed.data, content.kind === 'value' ? content.value : undefined),
  };
}

function invalid(problems: readonly Problem[], total = problems.length): ReleaseFile {
  const sorted = problems.toSorted(
    (one, other) => one.line - other.line || one.column - other.column,
  );
  const told = sorted.slice(0, PROBLEMS_MAX);
  const next = sorted[PROBLEMS_MAX];
  if (next === undefined) return { kind: 'invalid', problems: told };
  const message = `and ${total - PROBLEMS_MAX} more problems from here on`;
  return { kind: 'invalid', problems: [...told, { ...next, path: '', message }] };
}

/** The specification, or one `ReleaseFileInvalid` that lists every problem. */
export function requireRelease(source: ReleaseSource): {
  readonly spec: ReleaseSpec;
  readonly remarks: readonly string[];
} {
  const read = readRelease(source);
  if (read.kind === 'valid') return read;
  throw new Failure('ReleaseFileInvalid', read.problems.map(formatProblem).join('\n'));
}

/** `release.yaml:7:3: performance_thresholds.max_error_rate: 5 is above 1: write 5% …` */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message } = problem;
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}

interface Found {
  readonly path: readonly (string | number)[];
  /** A key within `path` that should not be there. */
  readonly key?: string;
  readonly message: string;
}

function contentOf(
  document: Document,
): { kind: 'value'; value: unknown } | { kind: 'bad'; why: string } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 20 });
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { kind: 'value', value };
    }
    return { kind: 'bad', why: 'a release file is a set of keys, such as `service: checkout`' };
  } catch (error) {
    return { kind: 'bad', why: error instanceof Error ? error.message : String(error) };
  }
}

function problemsOf(
  parsed: ReturnType<typeof releaseSchema.safeParse>,
  source: ReleaseSource,
): Found[] {
  if (parsed.success) return moreProblems(parsed.data, source);
  return parsed.error.issues.flatMap((issue): Found[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key, at) => ({
        path,
        key,
        message: at < PLACED_MAX ? `unknown key${suggestion(key, path)}` : 'unknown key',
      }));
    }
    if (issue.input === undefined && path.length > 0 && issue.code !== 'custom') {
      return [{ path, message: 'is missing' }];
    }
    const allowed = allowedOf(issue);
    if (allowed.length > 0)
      return [{ path, message: notOneOf(inputAt(issue.input, issue), allowed) }];
    if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
      return [{ path, message: `must be ${nameOfType(issue.expected)}${whatStands(issue.input)}` }];
    }
    return [{ path, message: issue.message }];
  });
}

type Issue = z.core.$ZodIssue;

const TYPES: Readonly<Record<string, string>> = {
  object: 'a set of keys',
  record: 'a set of keys',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function nameOfType(expected: string): string {
  return TYPES[expected] ?? expected;
}

function whatStands(input: unknown): string {
  if (input === null) return ', but nothing stands here';
  return typeof input === 'object' ? '' : `, not ${JSON.stringify(input)}`;
}

/** The words that are taken where a wrong one stands. */
function allowedOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return issue.options.map(String).filter((option) => option !== 'memory');
  }
  return [];
}

function inputAt(input: unknown, issue: Issue): unknown {
  const key = 'discriminator' in issue ? issue.discriminator : undefined;
  if (typeof key !== 'string' || typeof input !== 'object' || input === null) return input;
  return Object.entries(input).find(([name]) => name === key)?.[1];
}

function notOneOf(written: unknown, allowed: readonly string[]): string {
  const near = typeof written === 'string' ? nearest(written, allowed) : undefined;
  const list = `one of ${allowed.join(', ')}`;
  if (written === undefined) return `is missing: write ${list}`;
  return `${JSON.stringify(written)} is not ${list}${near === undefined ? '' : `: did you mean ${near}?`}`;
}

function moreProblems(parsed: ParsedRelease, source: ReleaseSource): Found[] {
  const found: Found[] = contradictions(parsed).map(({ path, message }) => ({ path, message }));
  if (source.version === undefined && parsed.version === undefined) {
    found.push({ path: [], message: 'names no version: add `version: …` or pass --version' });
  }
  if (
    source.version !== undefined &&
    !releaseSchema.shape.version.safeParse(source.version).success
  ) {
    found.push({
      path: [],
      message: `--version "${source.version}": letters, digits and . _ + - inside, at most 64`,
    });
  }
  if (source.forTests !== true) found.push(...partsOfTests(parsed));
  return found;
}

/** A release of these would succeed without having done anything. */
function partsOfTests({ environment, traffic, metrics, notifications }: ParsedRelease): Found[] {
  const found: Found[] = [];
  const refuse = (kind: string, path: Found['path'], instead: string): void => {
    if (kind !== 'memory') return;
    const message = `memory is for Belay's own tests and does nothing here: write ${instead}`;
    found.push({ path, message });
  };
  refuse(environment.kind, ['environment', 'kind'], 'process');
  refuse(traffic.kind, ['traffic', 'kind'], 'haproxy or embedded');
  metrics.forEach(({ kind }, at) => refuse(kind, ['metrics', at, 'kind'], 'traffic'));
  notifications.forEach(({ kind }, at) => {
    refuse(kind, ['notifications', at, 'kind'], 'log or webhook');
  });
  return found;
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
