import { mergeHistograms, valueOfBucket } from '../histogram.ts';
import type { Histogram } from '../histogram.ts';
import { bandHeight, cdfBand } from './cdf-band.ts';
import type { CdfBand } from './cdf-band.ts';
import { believedVariance, spreadOf } from './dispersion.ts';
import { addToCells, EMPTY_CELLS, largestRise } from './latency-cells.ts';
import type { LatencyCells } from './latency-cells.ts';
import { latencyLevels, LEVELS, logLevelE, slowerThan } from './latency-levels.ts';
import type { LatencyLevel } from './latency-levels.ts';
import { latencyReading } from './latency-reading.ts';
import type { LatencyReading } from './latency-reading.ts';
import { beginSeries, extendSeries } from './ratio-series.ts';
import type { RatioSeries } from './ratio-series.ts';
import { checkAlpha, isCount, lowestP, unknownReading } from './test-reading.ts';

/**
 * The whole distribution of latencies of both arms, from histograms: a rise of any quantile is
 * seen. Two tests share alpha:
 *
 * - three quarters: at nine quantiles of the baseline, whether more of the candidate's requests are
 *   slower (`latency-levels.ts`); the mean of their e-values is one e-value, so that no correction
 *   for nine tests is due;
 * - one quarter: the band around both distributions (`cdf-band.ts`), for whatever lies between.
 *
 * Requests of a block are alike, so that each counts for less: the dispersion is learnt at every
 * level from history, and at the median and p99 from the run.
 */
export interface LatencyState {
  readonly kind: 'latency';
  readonly alpha: number;
  /** Buckets by which the candidate may be slower throughout. */
  readonly shiftBuckets: number;
  readonly harmlessBelow: number;
  readonly requestsMin: number;
  readonly band: CdfBand;
  readonly levels: readonly LatencyLevel[];
  readonly cells: LatencyCells;
  readonly requests: { readonly baseline: number; readonly candidate: number };
  readonly blocks: number;
  /** Slower than the median, and slower than p99, by the slow requests of both arms. */
  readonly atMedian: RatioSeries;
  readonly atTail: RatioSeries;
  readonly pValue: number;
}

export interface LatencyOptions {
  readonly alpha: number;
  /** The baseline's blocks from before the release, oldest first; may be empty. */
  readonly history: readonly Histogram[];
  /** The ratio by which a quantile must have risen: 1.02 by default, rounded to whole buckets. */
  readonly worseAbove?: number;
  /** Below this ratio, at p50 to p99, the candidate is not worse: 1.1 by default. */
  readonly harmlessBelow?: number;
  /** Fewer requests of either arm decide nothing: 100 by default. */
  readonly requestsMin?: number;
}

export interface LatencyBlock {
  readonly baseline: Histogram;
  readonly candidate: Histogram;
}

const LEVELS_SHARE = 0.75;

/** Fewer blocks decide nothing, whatever the history: one slow moment is no pattern. */
const BLOCKS_MIN = 3;

const MEDIAN = LEVELS.indexOf(0.5);
const TAIL = LEVELS.indexOf(0.99);

/**
 * Latencies in milliseconds, as histograms, one a block of each arm. An alpha outside (0, 0.5] is
 * refused; a history of fewer than 120 blocks gives the levels, but not how minutes wander.
 */
export function beginLatency(options: LatencyOptions): LatencyState {
  checkAlpha(options.alpha);
  const { history, worseAbove = 1.02 } = options;
  const levels = latencyLevels(mergeHistograms(history), history);
  const bucketLog = Math.log(valueOfBucket(1) / valueOfBucket(0));
  return {
    kind: 'latency',
    alpha: options.alpha,
    shiftBuckets: Math.max(0, Math.round(Math.log(worseAbove) / bucketLog)),
    harmlessBelow: options.harmlessBelow ?? 1.1,
    requestsMin: options.requestsMin ?? 100,
    // Each arm's band has half of the alpha that the levels leave.
    band: cdfBand((options.alpha * (1 - LEVELS_SHARE)) / 2, options.requestsMin ?? 100),
    levels,
    cells: EMPTY_CELLS,
    requests: { baseline: 0, candidate: 0 },
    blocks: 0,
    atMedian: beginSeries(),
    atTail: beginSeries(),
    pValue: 1,
  };
}

/**
 * Adds the blocks since the last look, oldest first. A histogram whose counts are none, or do not
 * add up to its total, makes the look `unknown`, and none of its blocks is added. Fewer than three
 * blocks are never `worse`. Without history
 * the first block's own quantiles are the levels, and it is not counted at them.
 */
export function lookLatency(
  state: LatencyState,
  blocks: readonly LatencyBlock[],
): { readonly state: LatencyState; readonly reading: LatencyReading } {
  if (!blocks.every(({ baseline, candidate }) => isUsable(baseline) && isUsable(candidate))) {
    const reason = 'a block has a histogram whose counts are no data';
    return { state, reading: { ...unknownReading(reason, factsOf(state)), quantiles: [] } };
  }
  let next = state;
  for (const block of blocks) next = addBlock(next, block);
  const both = next.requests.baseline + next.requests.candidate;
  const dispersions = dispersionsOf(next);
  const logEs = next.levels.map((level, index) => {
    const dispersion = dispersions[index];
    return dispersion === undefined ? 0 : logLevelE(level, both, dispersion);
  });
  const logE = logMean(logEs) + Math.log(LEVELS_SHARE);
  const isApart = bandsApart(next, dispersions[MEDIAN]);
  const isPattern = next.blocks >= BLOCKS_MIN;
  const pValue = isPattern
    ? Math.min(lowestP(state.pValue, logE), isApart ? state.alpha : 1)
    : state.pValue;
  next = { ...next, pValue };
  return { state: next, reading: latencyReading(next, { logE, logEs, dispersions }) };
}

function factsOf({ alpha, pValue, blocks, requests }: LatencyState) {
  return { alpha, pValue, blocks, samples: requests };
}

function isUsable({ counts, total }: Histogram): boolean {
  let sum = 0;
  for (const [bucket, count] of Object.entries(counts)) {
    if (!isCount(count) || !Number.isSafeInteger(Number(bucket))) return false;
    sum += count;
  }
  return sum === total;
}

function addBlock(state: LatencyState, { baseline, candidate }: LatencyBlock): LatencyState {
  const both = baseline.total + candidate.total;
  const added = {
    ...state,
    blocks: state.blocks + 1,
    cells: addToCells(state.cells, { baseline, candidate }),
    requests: {
      baseline: state.requests.baseline + baseline.total,
      candidate: state.requests.candidate + candidate.total,
    },
  };
  if (both === 0) return added;
  if (state.levels.length === 0) return { ...added, levels: latencyLevels(baseline, []) };
  const buckets = state.levels.map((level) => level.bucket);
  const ofBaseline = slowerThan(baseline, buckets, 0);
  const ofCandidate = slowerThan(candidate, buckets, state.shiftBuckets);
  const share = candidate.total / both;
  const slower = buckets.map((_, index) => (ofBaseline[index] ?? 0) + (ofCandidate[index] ?? 0));
  const excess = slower.map((count, index) => (ofCandidate[index] ?? 0) - share * count);
  const block = (index: number) => ({
    // Sixteenths keep the state small; the series only tells a variance.
    value: Math.round(16 * (excess[index] ?? 0)) / 16,
    weight: slower[index] ?? 0,
  });
  return {
    ...added,
    atMedian: extendSeries(state.atMedian, [block(MEDIAN)]),
    atTail: extendSeries(state.atTail, [block(TAIL)]),
    levels: state.levels.map((level, index) => ({
      ...level,
      slower: level.slower + (slower[index] ?? 0),
      excess: rounded(level.excess + (excess[index] ?? 0)),
      explained: rounded(level.explained + share * (slower[index] ?? 0)),
    })),
  };
}

/** Six digits after the point are enough of a count, and keep the state small. */
function rounded(count: number): number {
  return Math.round(count * 1e6) / 1e6;
}

/** Times the variance of independent requests, at each level; undefined where not known. */
function dispersionsOf(state: LatencyState): readonly (number | undefined)[] {
  const both = state.requests.baseline + state.requests.candidate;
  const atMedian = relativeSpread(state.atMedian, state.levels[MEDIAN], both);
  const atTail = relativeSpread(state.atTail, state.levels[TAIL], both);
  return state.levels.map((level, index) => {
    const probes = LEVELS[index] === undefined || LEVELS[index] < 0.95 ? [atMedian] : [atTail];
    if (LEVELS[index] === 0.95) probes.push(atMedian);
    const run = probes.includes(undefined)
      ? undefined
      : {
          blocks: Math.min(...probes.map((probe) => probe?.blocks ?? 0)),
          least: Math.max(...probes.map((probe) => probe?.least ?? 0)),
          most: Math.max(...probes.map((probe) => probe?.most ?? 0)),
        };
    const believed = believedVariance(level.history ?? undefined, run);
    return believed === undefined ? undefined : Math.max(1, believed);
  });
}

function relativeSpread(series: RatioSeries, level: LatencyLevel | undefined, requests: number) {
  const spread = spreadOf(series, 'run');
  if (spread === undefined || level === undefined || level.slower === 0) return undefined;
  const share = level.explained / level.slower + spread.ratio;
  const independent = share * (1 - share) * (1 - (level.slower + 0.5) / (requests + 1));
  if (!(independent > 0)) return undefined;
  const { blocks, least, most } = spread;
  return { blocks, least: least / independent, most: most / independent };
}

/**
 * Whether no distribution within both arms' bands has the candidate as fast as the baseline. A
 * band has no e-value, so that bands apart are told as a p-value of alpha.
 */
function bandsApart(state: LatencyState, dispersion: number | undefined): boolean {
  const { baseline, candidate } = state.requests;
  if (dispersion === undefined || Math.min(baseline, candidate) < state.requestsMin) return false;
  const heights = [baseline, candidate].map((requests) =>
    bandHeight(state.band, requests / dispersion),
  );
  const rise = largestRise(state.cells, state.shiftBuckets);
  return rise > heights.reduce((sum, height) => sum + height, 0);
}

function logMean(logs: readonly number[]): number {
  const highest = Math.max(...logs, -Infinity);
  if (!Number.isFinite(highest)) return 0;
  const sum = logs.reduce((total, log) => total + Math.exp(log - highest), 0);
  return highest + Math.log(sum / logs.length);
}
