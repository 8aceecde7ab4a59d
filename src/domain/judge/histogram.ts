/**
 * A mergeable histogram of latencies as plain JSON, after the DDSketch idea (Masson, Rim and Lee,
 * VLDB 2019): bucket `i` holds the values in (γ^(i-1), γ^i] milliseconds, so that every quantile is
 * right within 1 % of the value, whatever the distribution.
 *
 * Values of 0.001 ms and less share the lowest bucket; values above one hour share the highest.
 * Negative values, NaN and Infinity are refused.
 */
export interface Histogram {
  /** Bucket index → count. Keys are strings as in JSON. */
  readonly counts: Readonly<Record<string, number>>;
  readonly total: number;
}

export const EMPTY_HISTOGRAM: Histogram = { counts: {}, total: 0 };

const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);
const MIN_INDEX = Math.ceil(Math.log(0.001) / LOG_GAMMA);
const MAX_INDEX = Math.ceil(Math.log(3_600_000) / LOG_GAMMA);

/** The bucket of a value in milliseconds. */
export function bucketOf(valueMs: number): number {
  if (!Number.isFinite(valueMs) || valueMs < 0) {
    throw new RangeError(`not a latency: ${valueMs}`);
  }
  if (valueMs <= 0.001) return MIN_INDEX;
  return Math.min(MAX_INDEX, Math.ceil(Math.log(valueMs) / LOG_GAMMA));
}

/** The value that stands for a bucket: within 1 % of all values in it. */
export function valueOfBucket(index: number): number {
  return (2 * GAMMA ** index) / (GAMMA + 1);
}

export function histogramOf(valuesMs: readonly number[]): Histogram {
  const counts: Record<string, number> = {};
  for (const value of valuesMs) {
    const bucket = bucketOf(value);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { counts, total: valuesMs.length };
}

export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const counts: Record<string, number> = {};
  let total = 0;
  for (const histogram of histograms) {
    for (const [bucket, count] of Object.entries(histogram.counts)) {
      counts[bucket] = (counts[bucket] ?? 0) + count;
    }
    total += histogram.total;
  }
  return { counts, total };
}

/**
 * The nearest-rank quantile in milliseconds: the smallest value with at least `q` of all values at
 * or below it. `undefined` for an empty histogram; `q` outside (0, 1] is refused.
 */
export function quantile(histogram: Histogram, q: number): number | undefined {
  if (!(q > 0 && q <= 1)) throw new RangeError(`not a quantile: ${q}`);
  if (histogram.total === 0) return undefined;
  let seen = 0;
  const buckets = Object.keys(histogram.counts).map(Number);
  buckets.sort((a, b) => a - b);
  for (const bucket of buckets) {
    seen += histogram.counts[bucket] ?? 0;
    // Not `seen >= ceil(q * total)`: 0.07 * 100 is a little more than 7.
    if (seen / histogram.total >= q) return valueOfBucket(bucket);
  }
  return undefined;
}
