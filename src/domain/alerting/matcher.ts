import { type Labels, formatName, labelOf } from './labels.ts';
import { fullMatch } from './regex.ts';

export const OPERATORS = ['=', '!=', '=~', '!~'] as const;

/** A condition on one label. Plain JSON; a value of `=~` and `!~` has been checked. */
export interface Matcher {
  readonly name: string;
  readonly operator: (typeof OPERATORS)[number];
  readonly value: string;
}

/** A label that is missing counts as empty; a regular expression must match the whole value. */
export function matches({ name, operator, value }: Matcher, labels: Labels): boolean {
  const written = labelOf(labels, name);
  switch (operator) {
    case '=':
      return written === value;
    case '!=':
      return written !== value;
    case '=~':
      return fullMatch(value, written);
    case '!~':
      return !fullMatch(value, written);
    default:
      return operator satisfies never;
  }
}

/** None at all match everything. */
export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matches(matcher, labels));
}

/** As both syntaxes read it back. */
export function formatMatcher({ name, operator, value }: Matcher): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `${formatName(name)}${operator}"${escaped}"`;
}

/** `{a="b",c=~"d|e"}`. */
export function formatMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map(formatMatcher).join(',')}}`;
}
