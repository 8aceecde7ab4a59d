import type { Matcher } from '../alerting/matcher.ts';

/** What is filled into the matchers of a release file. */
export interface Named {
  readonly service: string;
  readonly version: string;
}

const KNOWN = /\{(service|version)\}/g;
/** Whatever looks as if it were to be filled in, but not `\p{greek}` or `\x{ab}`. */
const PLACEHOLDER = /(?<!\\[pPx])\{[a-z_]+\}/g;
/** Parts of a regular expression in which a text would not mean itself. */
const APART = /\\[^]|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]/g;

/**
 * Why the placeholders of a matcher cannot be filled in, or null. In a regular expression they stand
 * where a text means itself: then no name of a version can make it match more.
 */
export function placeholderProblem({ operator, value }: Matcher): string | null {
  const unknown = (value.match(PLACEHOLDER) ?? []).find((one) => one.match(KNOWN) === null);
  if (unknown !== undefined) {
    return `${unknown} is not filled in: only {service} and {version} are`;
  }
  const count = value.match(KNOWN)?.length ?? 0;
  if (count === 0 || !isRegex(operator)) return null;
  const plain = value.replaceAll(APART, '').match(KNOWN)?.length ?? 0;
  if (plain === count && !value.includes('\\Q')) return null;
  return (
    'a placeholder stands behind a backslash, within […] or with \\Q: it would mean something ' +
    'else there, so write it outside, as in checkout-{version}-.*'
  );
}

/** Matchers with the names in them; in a regular expression each stands for itself alone. */
export function filledIn(
  sets: readonly (readonly Matcher[])[],
  names: Named,
): readonly (readonly Matcher[])[] {
  return sets.map((set) =>
    set.map(({ name, operator, value }) => ({
      name,
      operator,
      value: value.replaceAll(KNOWN, (_placeholder, key: keyof Named) =>
        isRegex(operator) ? `(?:${quoted(names[key])})` : names[key],
      ),
    })),
  );
}

/** Whether alerts of another version are left alone, as far as the file can say so. */
export function namesVersion(set: readonly Matcher[]): boolean {
  return set.some(
    ({ operator, value }) => !operator.startsWith('!') && value.includes('{version}'),
  );
}

function isRegex(operator: Matcher['operator']): boolean {
  return operator === '=~' || operator === '!~';
}

function quoted(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_]/g, String.raw`\$&`);
}
