import { RE2JS } from 're2js';

/**
 * The regular expressions of matchers: RE2's, as Alertmanager takes them, matched against a whole
 * value. The library needs time in proportion to text and expression, never more: an engine that
 * goes back and tries again could be stalled by one pattern, and a workflow with it. Here the
 * product is limited too.
 */

const PATTERN_MAX = 4096;
/** Instructions of the compiled expression; this many take at most 0.1 s on a long value. */
const PROGRAM_MAX = 2500;
/** What counted repeats may make of a pattern before it is compiled at all. */
const EXPANDED_MAX = 200_000;
const KEPT_MAX = 1000;

const kept = new Map<string, RE2JS>();

/** What is wrong with a pattern, or null. */
export function regexProblem(pattern: string): string | null {
  if (pattern.length > PATTERN_MAX) {
    return `the expression has ${pattern.length} characters; ${PATTERN_MAX} is the most`;
  }
  if (expanded(pattern) > EXPANDED_MAX) return TOO_LARGE;
  try {
    return RE2JS.compile(pattern).programSize() > PROGRAM_MAX ? TOO_LARGE : null;
  } catch (error) {
    return inOurWords(error instanceof Error ? error.message : String(error));
  }
}

/** Whether a pattern without a problem matches all of a text. */
export function fullMatch(pattern: string, text: string): boolean {
  let compiled = kept.get(pattern);
  if (compiled === undefined) {
    compiled = RE2JS.compile(pattern);
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(pattern, compiled);
  }
  return compiled.testExact(text);
}

const TOO_LARGE =
  'the expression is too large for what may be tried on every alert: ' +
  'use smaller counts in {…}, or fewer of them';

function expanded(pattern: string): number {
  let times = 1;
  for (const [, least, most] of pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g)) {
    times *= Math.max(1, Number(least), Number(most ?? 0));
  }
  return pattern.length * Math.min(times, 1000);
}

function inOurWords(message: string): string {
  const why = message.replace(/^error parsing regexp: /, '');
  if (/Perl syntax: `\(\?[=!<]/.test(why)) {
    return `${why}: RE2 has no look-around; write a second matcher with !~ instead`;
  }
  if (/invalid escape sequence: `\\\d/.test(why)) return `${why}: RE2 has no back-references`;
  if (why.startsWith('missing argument to repetition operator: `*')) {
    return `${why}: for any text write .*`;
  }
  return why;
}
