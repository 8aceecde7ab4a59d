import { pooledRanks, ranksInTime } from './rank-sum.ts';

/**
 * Fewer blocks than these, or than the root of the samples, say too little about how they hang
 * together: the longest of many scales would be noise.
 */
const BLOCKS_MIN = 10;
/** Beyond this the next digits of a correlation are noise, and the length would run away. */
const CORRELATION_MAX = 0.98;
/** The fewest blocks of a history that say how samples hang together. */
const HISTORY_MIN = 120;

/**
 * How many consecutive samples carry as much as one independent sample: the variance of the mean
 * times n by the variance of a sample, at least 1, at most half the samples. `ranks` are in the
 * order of time.
 *
 * The series is looked at in blocks of 1, 2, 4, … samples; at each scale, what the block means vary
 * more than independent samples would, times what is left between neighbouring blocks: 1 + 2 · the
 * sum of the correlations, which fall like those of an AR(1) series (Bartlett 1946). The
 * correlation of neighbours is corrected for its bias (Kendall 1954) and gets a margin: so many of its
 * standard errors, that its own noise does not cost the level. The longest length counts, so that slow waves under fast noise are seen. Alternating series get no credit. A
 * constant or empty series: 1.
 */
export function dependenceLength(ranks: Float64Array, margin: number): number {
  const single = figuresOf(ranks, margin);
  if (single === undefined) return 1;
  const blocksMin = Math.max(BLOCKS_MIN, Math.sqrt(ranks.length));
  let longest = 1;
  let means = ranks;
  let figures: BlockFigures | undefined = single;
  for (let size = 1; size === 1 || means.length >= blocksMin; size *= 2) {
    const { variance, correlation } = figures ?? { variance: 0, correlation: 0 };
    // From one distance to the next. The means of blocks hang together less beyond their neighbours:
    // this line is at most 0.21 below what the blocks of any AR(1) series have, and never above.
    const fall = size === 1 ? correlation : Math.max(0, 1.5 * correlation - 0.5);
    const growth = (size * variance) / single.variance;
    longest = Math.max(longest, growth * (1 + (2 * correlation) / (1 - fall)));
    means = joined(means);
    figures = figuresOf(means, margin);
  }
  return Math.max(1, Math.min(longest, ranks.length / 2));
}

/**
 * The same of a series from before, oldest first and finite, without a margin: it is long. Null of
 * fewer than 120 values, which have seen neither bursts nor drifts.
 */
export function historyLength(values: readonly number[]): number | null {
  if (values.length < HISTORY_MIN) return null;
  const series = Float64Array.from(values);
  const sorted = series.toSorted();
  const { x } = pooledRanks(sorted, new Float64Array(0));
  return dependenceLength(ranksInTime(series, sorted, x), 0);
}

/** The means of blocks of twice the length; a last block without a partner is left out. */
function joined(means: Float64Array): Float64Array {
  const pairs = new Float64Array(means.length >> 1);
  for (let at = 0; at < pairs.length; at += 1) {
    pairs[at] = ((means[2 * at] ?? 0) + (means[2 * at + 1] ?? 0)) / 2;
  }
  return pairs;
}

interface BlockFigures {
  readonly variance: number;
  /** Of neighbouring blocks, with its margin. */
  readonly correlation: number;
}

/** `undefined` where the means do not vary. */
function figuresOf(means: Float64Array, margin: number): BlockFigures | undefined {
  const count = means.length;
  let sum = 0;
  for (let at = 0; at < count; at += 1) sum += means[at] ?? 0;
  const mean = sum / count;
  let squares = 0;
  let products = 0;
  let before = 0;
  for (let at = 0; at < count; at += 1) {
    const deviation = (means[at] ?? 0) - mean;
    squares += deviation * deviation;
    products += deviation * before;
    before = deviation;
  }
  if (!(squares > 0)) return undefined;
  const raw = products / squares;
  const unbiased = Math.min(raw + (1 + 3 * raw) / count, CORRELATION_MAX);
  const upper = unbiased + margin * Math.sqrt(Math.max(0, 1 - unbiased ** 2) / count);
  return {
    variance: squares / count,
    correlation: Math.min(Math.max(upper, 0), CORRELATION_MAX),
  };
}
