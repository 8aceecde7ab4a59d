/** Names and values that say what an alert is. A label that is missing and an empty one are the same. */
export type Labels = Readonly<Record<string, string>>;

const LABELS_MAX = 64;
const NAME_MAX = 256;
/** Every regular expression that is tried on a value takes time by its length. */
const VALUE_MAX = 2048;
const ALL_MAX = 16_384;

/** The value of a label, empty where it is missing; a name such as `constructor` is no trap. */
export function labelOf(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

/** In the order of their names, so that equal labels read equal; empty ones are none. */
export function sortedLabels(labels: Labels): readonly (readonly [string, string])[] {
  const entries = Object.entries(labels);
  if (areInOrder(entries)) return entries;
  return entries
    .filter(([, value]) => value !== '')
    .toSorted(([one], [other]) => byCodePoint(one, other));
}

/** The same labels so that they are read in order; themselves, where they are. */
export function inOrder(labels: Labels): Labels {
  return areInOrder(Object.entries(labels)) ? labels : Object.fromEntries(sortedLabels(labels));
}

/** As most are: Go writes them so, and so does whoever has put them in order once. */
function areInOrder(entries: readonly (readonly [string, string])[]): boolean {
  let before = '';
  for (const [name, value] of entries) {
    if (value === '' || byCodePoint(before, name) > 0) return false;
    before = name;
  }
  return true;
}

/** What is wrong with the labels of an alert, or null. */
export function labelsProblem(labels: Labels): string | null {
  const entries = Object.entries(labels).filter(([, value]) => value !== '');
  if (entries.length === 0) return 'has no labels: an alert is known by them, like alertname';
  if (entries.length > LABELS_MAX) {
    return `has ${entries.length} labels; ${LABELS_MAX} is the most`;
  }
  let all = 0;
  for (const [name, value] of entries) all += name.length + value.length;
  if (all > ALL_MAX) return `has labels of ${all} characters; ${ALL_MAX} is the most`;
  for (const [name, value] of entries) {
    if (name === '') return `has a label without a name, for "${value.slice(0, 40)}"`;
    if (!name.isWellFormed() || !value.isWellFormed()) {
      return `label ${JSON.stringify(name.slice(0, 40))} is no text: it has half of a character`;
    }
    if (name.length > NAME_MAX) {
      return `has a label name of ${name.length} characters; ${NAME_MAX} is the most`;
    }
    if (value.length > VALUE_MAX) {
      return `label ${name} has ${value.length} characters; ${VALUE_MAX} is the most`;
    }
  }
  return null;
}

/** `{alertname="Down", instance="a"}`. */
export function formatLabels(labels: Labels): string {
  const pairs = sortedLabels(labels).map(
    ([name, value]) => `${formatName(name)}=${JSON.stringify(value)}`,
  );
  return `{${pairs.join(', ')}}`;
}

/** Quoted where the classic syntax does not know such a name. */
export function formatName(name: string): string {
  return /^[A-Za-z_:][A-Za-z0-9_:]*$/.test(name) ? name : JSON.stringify(name);
}

/** As the bytes of UTF-8 compare, which is not how the halves of characters do. */
export function byCodePoint(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    if (one.charCodeAt(at) !== other.charCodeAt(at)) {
      return (one.codePointAt(at) ?? 0) - (other.codePointAt(at) ?? 0);
    }
  }
  return one.length - other.length;
}
