import { classicMatchers } from './classic-matchers.ts';
import { type Matcher, formatMatchers } from './matcher.ts';
import { regexProblem } from './regex.ts';
import { utf8Matchers } from './utf8-matchers.ts';

export type ReadMatchers =
  | {
      readonly kind: 'valid';
      readonly matchers: readonly Matcher[];
      /** The text is read, but should be written otherwise; or null. */
      readonly remark: string | null;
    }
  | { readonly kind: 'invalid'; readonly message: string };

const TEXT_MAX = 16_384;

/**
 * Matchers as people write them: `severity="page"`, `{team=~"a|b", env!=test}`. Both of
 * Alertmanager's syntaxes are taken, as by default there: what only the classic one reads, or the
 * two read differently, is meant in the classic way, and a remark says how to write it for good.
 */
export function readMatchers(text: string): ReadMatchers {
  if (text.length > TEXT_MAX) {
    return invalid(`the matchers have ${text.length} characters; ${TEXT_MAX} is the most`);
  }
  if (!text.isWellFormed())
    return invalid('the matchers are no text: half of a character is in it');
  const present = utf8Matchers(text);
  const classic = classicMatchers(text);
  if (classic.kind === 'bad') {
    return present.kind === 'bad'
      ? invalid(teach(text, present.message))
      : checked(present.matchers);
  }
  const written = formatMatchers(classic.matchers);
  if (present.kind === 'read' && written === formatMatchers(present.matchers)) {
    return checked(classic.matchers);
  }
  return checked(
    classic.matchers,
    present.kind === 'bad'
      ? `only the classic syntax takes ${text}: write ${written}`
      : `the two syntaxes read ${text} differently; the classic one is meant: write ${written}`,
  );
}

function checked(matchers: readonly Matcher[], remark: string | null = null): ReadMatchers {
  for (const { name, operator, value } of matchers) {
    if (operator !== '=~' && operator !== '!~') continue;
    const problem = regexProblem(value);
    if (problem !== null) return invalid(`${name}${operator}${JSON.stringify(value)}: ${problem}`);
  }
  return { kind: 'valid', matchers, remark };
}

function teach(text: string, why: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  const double = /==/.test(text) ? '; equal is one =' : '';
  return `${shown}: ${why}${double}. A matcher is written like severity="page" or team=~"a|b"`;
}

function invalid(message: string): ReadMatchers {
  return { kind: 'invalid', message };
}
