import type { z } from 'zod';
import { nearest } from './nearest.ts';

/** Something wrong at a path of a document, before its place in the text is known. */
export interface Found {
  readonly path: readonly (string | number)[];
  /** A key within `path` that should not be there. */
  readonly key?: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Ends the sentence about an unknown key with what may be written instead. */
export type Suggest = (key: string, path: readonly (string | number)[]) => string;

/** Beyond this many unknown keys of one block nobody is told what each was meant to be. */
const SUGGESTIONS_MAX = 200;

/** What a schema has found, in the words of whoever wrote the file. */
export function foundBy(issues: readonly Issue[], suggest: Suggest): readonly Found[] {
  return issues.flatMap((issue): readonly Found[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key, at) => ({
        path,
        key,
        message: at < SUGGESTIONS_MAX ? `unknown key${suggest(key, path)}` : 'unknown key',
      }));
    }
    if (issue.code === 'invalid_key') {
      return [{ path, message: issue.issues[0]?.message ?? issue.message }];
    }
    if (issue.input === undefined && path.length > 0 && issue.code !== 'custom') {
      return [{ path, message: 'is missing' }];
    }
    const allowed = allowedOf(issue);
    if (allowed.length > 0) {
      return [{ path, message: notOneOf(inputAt(issue.input, issue), allowed) }];
    }
    if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
      return [{ path, message: `must be ${nameOfType(issue.expected)}${whatStands(issue.input)}` }];
    }
    return [{ path, message: issue.message }];
  });
}

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
