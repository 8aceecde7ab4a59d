import { scaleAt, SCALES } from './ratio-series.ts';
import type { RatioSeries, Scale } from './ratio-series.ts';

/**
 * How much more a sum of blocks varies than independent samples would, learnt from the blocks
 * themselves. Two sources are used, and both are needed:
 *
 * - the baseline's *history* from before the release, which is long and knows bursts and slow
 *   drifts from the first look on;
 * - the *run*, of which only the part that both arms do not share counts, so that a common load
 *   costs no power.
 *
 * History fills in what the run leaves open: its figure is held between a low and a high figure of
 * the run, the low one from the third block on: a run need not be as calm as its history was.
 * Without history the run's high figure counts, and before 45 blocks nothing is known.
 *
 * Independent samples seem to hang together by chance, at one of six lengths or another, so that a
 * long history has the benefit of the doubt, one standard error. A short one has not: it has seen
 * few bursts, and no drift as long as itself.
 *
 * The variance of the sum is read at batches of 1, 2, 4, … 32 blocks (batch means), each carried on
 * by the correlation of neighbours as if it were an AR(1) series, with the bias of a short series
 * corrected (Marriott and Pope, Biometrika 1954), and the highest counts. An estimate of ν degrees
 * of freedom is enlarged as Student's t is against the normal distribution.
 *
 * This is a guard and no theorem. The highest of several estimates errs high: by a half for AR(1)
 * series of 0.8, hardly for independent samples. `npm run bench:judge` measures what it is worth.
 */
export interface Spread {
  /** Blocks that it was learnt from. */
  readonly blocks: number;
  /** Σ value / Σ weight. */
  readonly ratio: number;
  /** Variance of `Σ value − ratio · Σ weight` per weight: best, surely not below, surely enough. */
  readonly likely: number;
  readonly least: number;
  readonly most: number;
}

export const DISPERSION = {
  /** Fewer blocks of history are none: neither bursts nor drifts would show. */
  historyBlocksMin: 120,
  /** A history of fewer blocks has no benefit of the doubt. */
  historyBlocksLong: 360,
  /** Fewer blocks of the run cannot tell a shift from a slow drift. */
  runBlocksMin: 45,
  /** Batches that a scale of the history needs, and one of the run; of single blocks fewer do. */
  historyBatchesMin: 16,
  runBatchesMin: 6,
  runBlocksSeenMin: 3,
  /** Neighbours correlate when their correlation is this many standard errors above zero. */
  dependentFrom: 3,
  /** The run contradicts history when it varies more by as many standard errors … */
  contradictsFrom: 1,
  /** … and its neighbours correlate as surely as this. */
  correlatesFrom: 2,
  /** A short run is taken to be correlated by 0.9, a belief that weighs as much as 120 blocks. */
  priorCorrelation: 0.9,
  priorBlocks: 120,
  correlationMax: 0.97,
  /** Where Student's t is compared with the normal: z² at about alpha = 0.001 and a mixture. */
  decisiveSquare: 12,
} as const;

/** Correlation of neighbouring batches of 1, 2, 4, … blocks of the prior's AR(1) series. */
const PRIOR_CORRELATIONS = Array.from({ length: SCALES }, (_, scale) => {
  const length = 2 ** scale;
  const { priorCorrelation: phi } = DISPERSION;
  const decayed = 1 - phi ** length;
  return (phi * decayed ** 2) / (length * (1 - phi ** 2) - 2 * phi * decayed);
});

/** Undefined while no scale has enough batches, and where nothing varies. */
export function spreadOf(series: RatioSeries, source: 'history' | 'run'): Spread | undefined {
  const first = scaleAt(series, 0);
  const { historyBatchesMin, historyBlocksLong, runBatchesMin, runBlocksSeenMin } = DISPERSION;
  const batchesMin = source === 'history' ? historyBatchesMin : runBatchesMin;
  const blocksMin = source === 'history' ? historyBatchesMin : runBlocksSeenMin;
  if (first.batches < blocksMin) return undefined;
  const doubt = source === 'history' && first.batches < historyBlocksLong ? 0 : 1;
  const ratio = first.value / first.weight;
  let isDependent = false;
  let independent = 0;
  let dependent = 0;
  let least = 0;
  let most = 0;
  for (let index = 0; index < SCALES; index += 1) {
    const seen = seenAt(scaleAt(series, index), ratio, index === 0 ? blocksMin : batchesMin);
    if (seen === undefined) continue;
    const { variance, correlation, varianceError, correlationError, student, batches } = seen;
    isDependent ||= correlation > DISPERSION.dependentFrom * correlationError;
    dependent = Math.max(dependent, variance * student * carriedOn(correlation));
    const cautious = index === 0 ? 1 : 1 - doubt * varianceError;
    const carried = carriedOn(correlation - doubt * correlationError);
    independent = Math.max(independent, variance * cautious * carried);
    const surely = carriedOn(correlation - DISPERSION.correlatesFrom * correlationError);
    least = Math.max(least, variance * surelyOf(batches - 1) * surely);
    const believed = cautiously(correlation, batches, index);
    most = Math.max(most, variance * student * carriedOn(believed));
  }
  const likely = isDependent ? dependent : independent * studentFactor(first.batches - 1);
  return { blocks: first.batches, ratio: ratio + series.origin, likely, least, most };
}

/**
 * The variance to test with, in the unit of both: history's, held between what the run says.
 * Undefined when neither knows enough.
 */
export function believedVariance(
  history: number | undefined,
  run: Pick<Spread, 'blocks' | 'least' | 'most'> | undefined,
): number | undefined {
  const least = run?.least ?? 0;
  const isLong = run !== undefined && run.blocks >= DISPERSION.runBlocksMin;
  if (history === undefined) return isLong ? run.most : undefined;
  return Math.max(least, Math.min(history, isLong ? run.most : Infinity));
}

/**
 * Variance of one event's side, the candidate's with a probability of `share`, of which `events`
 * tell: as if one more had come on either side. Where only one arm has any, their share wavers about
 * 1 (or 0) with the split of the traffic, and the variance would be next to nothing, or below it.
 */
export function binomialVariance(share: number, events: number): number {
  const least = 1 / (events + 2);
  const held = Math.max(least, Math.min(1 - least, share));
  return held * (1 - held);
}

interface Seen {
  readonly batches: number;
  readonly variance: number;
  readonly correlation: number;
  readonly varianceError: number;
  readonly correlationError: number;
  readonly student: number;
}

function seenAt(scale: Scale, ratio: number, batchesMin: number): Seen | undefined {
  const { batches, weight } = scale;
  if (batches < batchesMin) return undefined;
  const squares =
    scale.valueSquares - 2 * ratio * scale.products + ratio * ratio * scale.weightSquares;
  if (!(squares > 0)) return undefined;
  const products = scale.lagValues - ratio * scale.lagProducts + ratio * ratio * scale.lagWeights;
  // Of so few neighbours nothing can be said.
  const isTold = batches >= DISPERSION.runBatchesMin;
  const correlation = isTold ? ((products / squares) * batches + 1) / (batches - 3) : 0;
  return {
    batches,
    variance: ((squares / weight) * batches) / (batches - 1),
    correlation: Math.min(DISPERSION.correlationMax, correlation),
    varianceError: Math.sqrt(2 / batches),
    correlationError: 1 / Math.sqrt(batches),
    student: studentFactor(batches - 1),
  };
}

/** What an AR(1) series' correlation adds to the variance of a long sum. */
function carriedOn(correlation: number): number {
  return correlation <= 0 ? 1 : (1 + correlation) / (1 - correlation);
}

/** The correlation of a scale's batches, drawn towards that of the prior's AR(1) series. */
function cautiously(correlation: number, batches: number, scale: number): number {
  const weight = DISPERSION.priorBlocks / 2 ** scale;
  const prior = PRIOR_CORRELATIONS[scale] ?? 0;
  return (batches * Math.max(0, correlation) + weight * prior) / (batches + weight);
}

/**
 * The share of an estimated variance of ν degrees of freedom that is surely there: the lower end of
 * chi-square by ν (Wilson and Hilferty, PNAS 1931), above zero however few they are.
 */
function surelyOf(degrees: number): number {
  const error = 2 / (9 * degrees);
  return Math.max(0, 1 - error - DISPERSION.contradictsFrom * Math.sqrt(error)) ** 3;
}

/** By how much a variance of ν degrees of freedom is enlarged: ν·log(1 + z²/ν) evidence, not z². */
function studentFactor(degrees: number): number {
  const square = DISPERSION.decisiveSquare;
  return square / (degrees * Math.log1p(square / degrees));
}
