/** Stands around the place of a value; no text that has it is made a template of. */
const MARK = '\u007f';
/** A place takes up to four characters: a template is never longer than its text. */
const VALUE_MIN = 5;

/**
 * A text with the places of values in their stead, or null where it names none of them. Annotations
 * mostly name labels, as `{{ $labels.instance }} does not answer`: so that many alerts share one text.
 */
export function templateOf(text: string, values: readonly string[]): string | null {
  if (text.length < VALUE_MIN || text.includes(MARK)) return null;
  const named = [...values.keys()]
    .filter((at) => isNamed(text, values[at] ?? ''))
    .toSorted((one, other) => (values[other]?.length ?? 0) - (values[one]?.length ?? 0));
  if (named.length === 0) return null;
  let parts: readonly (string | number)[] = [text];
  for (const at of named) {
    parts = parts.flatMap((part) =>
      typeof part === 'number' ? [part] : between(part.split(values[at] ?? ''), at),
    );
  }
  return parts.map((part) => (typeof part === 'number' ? `${MARK}${part}${MARK}` : part)).join('');
}

/** The text that a template was made of, by the same values. */
export function filled(template: string, values: readonly string[]): string {
  return template
    .split(MARK)
    .map((part, at) => (at % 2 === 0 ? part : (values[Number(part)] ?? '')))
    .join('');
}

function isNamed(text: string, value: string): boolean {
  return value.length >= VALUE_MIN && text.includes(value);
}

function between(parts: readonly string[], place: number): readonly (string | number)[] {
  return parts.flatMap((part, at) => (at === 0 ? [part] : [place, part]));
}
