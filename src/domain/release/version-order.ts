/** As in release files: what a service and a version may be called. */
const SERVICE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const VERSION = /^[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,62}[A-Za-z0-9])?$/;

/** Dots, or dashes as in 2026-11-25, between numbers; then a pre-release and a build. */
const NUMBERED =
  /^[vV]?(?<numbers>\d+(?:-\d+)+|\d+(?:\.\d+)*)(?:-(?<early>[\dA-Za-z.-]+))?(?:\+.*)?$/;
/** Of `git describe`: commits after a release, which the order of semver would put before it. */
const DESCRIBED = /-\d+-g[\da-f]{7,40}$/;
/** As long as a short hash: a serial number, a date, or a hash that happens to have no letter. */
const SERIAL_DIGITS_MIN = 7;

/**
 * Whether a version is the wanted one or a later one.
 *
 * | Versions | Order |
 * |---|---|
 * | the same text | the same |
 * | `v12`, `12.1`, `2026-11-25` | number by number; a missing one is 0, a leading v is nothing |
 * | `2.0.0-rc.1`, `v12-beta` | before the release; part by part, `rc2` before `rc10` |
 * | `1.2.3+build` | as without it |
 * | `20261125`, `4711042` | numbers of 7 digits and more only among themselves |
 * | hashes, words, `v1.2-5-gabc1234` | unknown |
 */
export function isAtLeast(version: string, wanted: string): boolean | 'unknown' {
  if (version === wanted) return true;
  const [one, other] = [keyOf(version), keyOf(wanted)];
  if (one === undefined || other === undefined || one.isSerial !== other.isSerial) return 'unknown';
  return compare(one, other) >= 0;
}

export type ParsedAfter =
  | { readonly kind: 'after'; readonly service: string; readonly version: string }
  | { readonly kind: 'invalid'; readonly message: string };

/** Reads `payments >= v12`: the gate waits until payments has v12 or a later version. */
export function parseAfter(text: string): ParsedAfter {
  const [, service = '', operator = '', version = ''] =
    /^\s*([^\s<>=!~]*)\s*([<>=!~]*)\s*(.*?)\s*$/.exec(text) ?? [];
  if (operator !== '>=') {
    const what = operator === '' ? 'has no >=' : `has ${operator}, and only >= is known`;
    return invalid(`"${text}" ${what}`);
  }
  if (!SERVICE.test(service)) return invalid(`"${service}" in "${text}" is no name of a service`);
  if (!VERSION.test(version)) return invalid(`"${version}" in "${text}" is no version`);
  return { kind: 'after', service, version };
}

function invalid(what: string): ParsedAfter {
  return { kind: 'invalid', message: `${what}: write it like payments >= v12` };
}

interface Key {
  readonly numbers: readonly string[];
  /** Of a pre-release; undefined for a release, which comes after all of its own. */
  readonly early: readonly string[] | undefined;
  readonly isSerial: boolean;
}

function keyOf(version: string): Key | undefined {
  if (DESCRIBED.test(version)) return undefined;
  const groups = NUMBERED.exec(version)?.groups;
  if (groups?.numbers === undefined) return undefined;
  const numbers = groups.numbers.split(/[.-]/);
  return {
    numbers,
    early: groups.early?.match(/\d+|[A-Za-z]+/g) ?? undefined,
    isSerial: numbers.length === 1 && groups.numbers.length >= SERIAL_DIGITS_MIN,
  };
}

function compare(one: Key, other: Key): number {
  const length = Math.max(one.numbers.length, other.numbers.length);
  for (let index = 0; index < length; index += 1) {
    const order = compareNumbers(one.numbers[index] ?? '0', other.numbers[index] ?? '0');
    if (order !== 0) return order;
  }
  if (one.early === undefined || other.early === undefined) {
    return Number(one.early === undefined) - Number(other.early === undefined);
  }
  return compareEarly(one.early, other.early);
}

/** As semver: numbers before words, and the one with more parts after its beginning. */
function compareEarly(one: readonly string[], other: readonly string[]): number {
  for (const [index, part] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    const [isNumber, isAgainstNumber] = [/^\d/.test(part), /^\d/.test(against)];
    if (isNumber !== isAgainstNumber) return isNumber ? -1 : 1;
    const order = isNumber ? compareNumbers(part, against) : compareText(part, against);
    if (order !== 0) return order;
  }
  return one.length - other.length;
}

/** Of any length: a version may have more digits than a number can hold. */
function compareNumbers(one: string, other: string): number {
  const [first, second] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
  return first.length === second.length ? compareText(first, second) : first.length - second.length;
}

/** By code, not by the language of the machine. */
function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
