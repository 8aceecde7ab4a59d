import type { Histogram } from '../histogram.ts';
import { DISPERSION, spreadOf } from './dispersion.ts';
import { beginSeries, extendSeries } from './ratio-series.ts';
import { logShareE } from './share-test.ts';

/**
 * The latency distribution at a few fixed values, the baseline's quantiles at these levels: how
 * many requests of each arm are slower than each. Far more sensitive in the tail than a band around
 * the whole distribution, whose height is the same everywhere.
 */
export const LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999] as const;

export interface LatencyLevel {
  /** The baseline's bucket at this level; slower means a higher bucket. */
  readonly bucket: number;
  /** Times the variance of independent requests, of the baseline before the release. */
  readonly history: number | null;
  /** Slower requests of both arms; of the candidate beside what its share explains. */
  readonly slower: number;
  readonly excess: number;
  /** Σ share of the requests · slower requests, over the blocks. */
  readonly explained: number;
}

/**
 * The levels of a merged histogram, and how its blocks vary at each. An empty one has no levels.
 */
export function latencyLevels(
  merged: Histogram,
  history: readonly Histogram[],
): readonly LatencyLevel[] {
  if (merged.total === 0) return [];
  const buckets = bucketsAt(merged);
  const slower = history
    .filter((block) => block.total > 0)
    .map((block) => ({ total: block.total, counts: slowerThan(block, buckets, 0) }));
  return buckets.map((bucket, index) => ({
    bucket,
    history:
      slower.length < DISPERSION.historyBlocksMin
        ? null
        : dispersionAt(slower.map(({ total, counts }) => [counts[index] ?? 0, total])),
    slower: 0,
    excess: 0,
    explained: 0,
  }));
}

function bucketsAt(histogram: Histogram): number[] {
  const entries = Object.entries(histogram.counts)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .toSorted(([one], [other]) => one - other);
  return LEVELS.map((level) => {
    let seen = 0;
    for (const [bucket, count] of entries) {
      seen += count;
      if (seen / histogram.total >= level) return bucket;
    }
    return entries.at(-1)?.[0] ?? 0;
  });
}

function dispersionAt(blocks: readonly (readonly [number, number])[]): number {
  const series = extendSeries(
    beginSeries(),
    blocks.map(([value, weight]) => ({ value, weight })),
  );
  const spread = spreadOf(series, 'history');
  if (spread === undefined) return 1;
  const dispersion = spread.likely / (spread.ratio * (1 - spread.ratio));
  return Math.max(1, Number(dispersion.toPrecision(6)));
}

/** How many requests are slower than each of the ascending buckets, each shifted by as many. */
export function slowerThan(
  histogram: Histogram,
  buckets: readonly number[],
  shift: number,
): number[] {
  const slower = buckets.map(() => 0);
  for (const [key, count] of Object.entries(histogram.counts)) {
    const bucket = Number(key) - shift;
    for (let index = 0; index < buckets.length && bucket > (buckets[index] ?? 0); index += 1) {
      slower[index] = (slower[index] ?? 0) + count;
    }
  }
  return slower;
}

/** log e-value that the candidate has more slow requests; `dispersion` as in `history`. */
export function logLevelE(level: LatencyLevel, requests: number, dispersion: number): number {
  const { slower, excess, explained } = level;
  const split = slower === 0 ? NaN : explained / slower;
  if (!(split > 0 && split < 1)) return 0;
  const candidate = Math.min(slower, Math.max(0, explained + excess));
  // Given the requests of both arms, slow ones vary by the factor 1 − p less than counts.
  const fast = 1 - (slower + 0.5) / (requests + 1);
  const evidence = {
    baseline: slower - candidate,
    candidate,
    split,
    dispersion: dispersion * fast,
  };
  return logShareE(evidence, 1);
}
