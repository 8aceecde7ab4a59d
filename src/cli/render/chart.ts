/** Lines of block characters, for terminals with and without colours. */

const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** A place without a value: missing is not zero. */
const NOTHING = '·';

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Of all values that there are; undefined where there are none. */
export function scaleOf(...all: readonly (readonly (number | null)[])[]): Scale | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const values of all) {
    for (const value of values) {
      if (value === null) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low > high ? undefined : { low, high };
}

/** At most `width` values: of each part of the series what `join` makes of those that are there. */
export function shortened(
  values: readonly (number | null)[],
  width: number,
  join: (known: readonly number[]) => number,
): readonly (number | null)[] {
  const length = Math.min(width, values.length);
  return Array.from({ length }, (_, at) => {
    const from = Math.floor((at * values.length) / length);
    const end = Math.floor(((at + 1) * values.length) / length);
    const known = values.slice(from, end).filter((value) => value !== null);
    return known.length === 0 ? null : join(known);
  });
}

export function meanOf(known: readonly number[]): number {
  return known.reduce((sum, value) => sum + value / known.length, 0);
}

/** One line; the lowest value is the lowest block, and never blank. */
export function sparkline(values: readonly (number | null)[], { low, high }: Scale): string {
  return values
    .map((value) => {
      if (value === null) return NOTHING;
      const share = high > low ? (value - low) / (high - low) : 0;
      return EIGHTHS[1 + Math.round(share * 7)];
    })
    .join('');
}

/** Columns of `height` lines, top line first; a value at the low end still has an eighth. */
export function bars(
  values: readonly (number | null)[],
  { low, high }: Scale,
  height: number,
): readonly string[] {
  const eighths = values.map((value) => {
    if (value === null) return null;
    const share = high > low ? (value - low) / (high - low) : 0;
    return Math.max(1, Math.round(Math.min(1, Math.max(0, share)) * height * 8));
  });
  return Array.from({ length: height }, (_, line) => {
    const below = (height - 1 - line) * 8;
    return eighths
      .map((filled) => {
        if (filled === null) return below === 0 ? NOTHING : ' ';
        return EIGHTHS[Math.min(8, Math.max(0, filled - below))];
      })
      .join('');
  });
}
