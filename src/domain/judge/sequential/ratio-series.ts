/**
 * A series of blocks (minutes, say), each a value and a weight, summed up so far that the variance
 * of `Σ value − ratio · Σ weight` can be told however the blocks depend on each other: the sums of
 * squares and of neighbours' products are kept for blocks joined by 1, 2, 4, … 32.
 *
 * Errors by requests, the candidate's errors by those of both arms and differences of a mean by 1
 * are all such series. Plain JSON of fixed size; a block costs the same however many came before.
 */
export interface RatioSeries {
  /** Taken from every value, times its weight: keeps the digits of a large, steady figure. */
  readonly origin: number;
  /** Every figure of a scale for all scales, shortest batches first: each name is told once. */
  readonly scales: Readonly<Record<keyof Scale, readonly number[]>>;
}

/**
 * Sums over the whole batches of one length; the last of an odd number waits for its other half.
 */
export interface Scale {
  readonly batches: number;
  readonly value: number;
  readonly weight: number;
  readonly valueSquares: number;
  readonly products: number;
  readonly weightSquares: number;
  readonly lagValues: number;
  readonly lagProducts: number;
  readonly lagWeights: number;
  readonly lastValue: number;
  readonly lastWeight: number;
}

export interface SeriesBlock {
  readonly value: number;
  /** Above zero; a block without weight carries no information and is left out. */
  readonly weight: number;
}

/** Batches of 1, 2, 4, 8, 16 and 32 blocks. */
export const SCALES = 6;

const EMPTY: readonly number[] = Array.from({ length: SCALES }, () => 0);

/** A series without blocks. `origin`: about the ratio of its values to their weights, else 0. */
export function beginSeries(origin = 0): RatioSeries {
  return {
    origin,
    scales: {
      batches: EMPTY,
      value: EMPTY,
      weight: EMPTY,
      valueSquares: EMPTY,
      products: EMPTY,
      weightSquares: EMPTY,
      lagValues: EMPTY,
      lagProducts: EMPTY,
      lagWeights: EMPTY,
      lastValue: EMPTY,
      lastWeight: EMPTY,
    },
  };
}

/** The sums at batches of 2^`index` blocks; beyond the longest batches: all zero. */
export function scaleAt({ scales }: RatioSeries, index: number): Scale {
  return {
    batches: scales.batches[index] ?? 0,
    value: scales.value[index] ?? 0,
    weight: scales.weight[index] ?? 0,
    valueSquares: scales.valueSquares[index] ?? 0,
    products: scales.products[index] ?? 0,
    weightSquares: scales.weightSquares[index] ?? 0,
    lagValues: scales.lagValues[index] ?? 0,
    lagProducts: scales.lagProducts[index] ?? 0,
    lagWeights: scales.lagWeights[index] ?? 0,
    lastValue: scales.lastValue[index] ?? 0,
    lastWeight: scales.lastWeight[index] ?? 0,
  };
}

type Draft = { -readonly [Key in keyof Scale]: Scale[Key] };

/** The series with further blocks, in the order of time. Blocks without weight are left out. */
export function extendSeries(series: RatioSeries, blocks: readonly SeriesBlock[]): RatioSeries {
  const { origin } = series;
  const drafts: readonly Draft[] = EMPTY.map((_, index) => scaleAt(series, index));
  for (const { value, weight } of blocks) {
    if (weight > 0) addBatch(drafts, value - origin * weight, weight);
  }
  return {
    origin,
    scales: {
      batches: drafts.map((scale) => scale.batches),
      value: drafts.map((scale) => scale.value),
      weight: drafts.map((scale) => scale.weight),
      valueSquares: drafts.map((scale) => scale.valueSquares),
      products: drafts.map((scale) => scale.products),
      weightSquares: drafts.map((scale) => scale.weightSquares),
      lagValues: drafts.map((scale) => scale.lagValues),
      lagProducts: drafts.map((scale) => scale.lagProducts),
      lagWeights: drafts.map((scale) => scale.lagWeights),
      lastValue: drafts.map((scale) => scale.lastValue),
      lastWeight: drafts.map((scale) => scale.lastWeight),
    },
  };
}

/** Two batches of one length are one batch of the next. */
function addBatch(drafts: readonly Draft[], blockValue: number, blockWeight: number): void {
  let value = blockValue;
  let weight = blockWeight;
  for (const scale of drafts) {
    const { lastValue, lastWeight } = scale;
    scale.batches += 1;
    scale.value += value;
    scale.weight += weight;
    scale.valueSquares += value * value;
    scale.products += value * weight;
    scale.weightSquares += weight * weight;
    if (scale.batches > 1) {
      scale.lagValues += value * lastValue;
      scale.lagProducts += value * lastWeight + lastValue * weight;
      scale.lagWeights += weight * lastWeight;
    }
    scale.lastValue = value;
    scale.lastWeight = weight;
    if (scale.batches % 2 === 1) return;
    value += lastValue;
    weight += lastWeight;
  }
}
