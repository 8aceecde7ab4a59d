import { believedVariance, DISPERSION, spreadOf } from './dispersion.ts';
import { logOneSided, normalMixtureAt, twoSidedBound } from './normal-mixture.ts';
import { beginSeries, extendSeries, scaleAt } from './ratio-series.ts';
import type { RatioSeries } from './ratio-series.ts';
import { checkAlpha, eValueOf, isMeasure, lowestP, unknownReading } from './test-reading.ts';
import type { Decision, TestReading } from './test-reading.ts';

/**
 * A figure of both arms in every block (memory, cpu, a custom metric), in whatever unit: an
 * asymptotic confidence sequence for the mean of the blocks' differences (Waudby-Smith et al.,
 * arXiv 2103.06476), with the variance of a long sum in place of the samples', so that series whose
 * blocks depend on each other are judged by what they are worth. What moves both arms cancels.
 *
 * Effect: candidate minus baseline, in the metric's unit. Every figure may be scaled by any factor.
 */
export interface MeansState {
  readonly kind: 'means';
  readonly alpha: number;
  readonly worse: 'higher' | 'lower';
  readonly worseAbove: number;
  readonly harmlessBelow: number;
  readonly blocksMin: number;
  /** Variance per block of a long sum of the baseline before the release; null without history. */
  readonly history: number | null;
  readonly baselineSum: number;
  readonly candidateSum: number;
  readonly differences: RatioSeries;
  readonly pValue: number;
}

export interface MeansOptions {
  readonly alpha: number;
  /** The baseline's values, one a block, from before the release, oldest first. */
  readonly history: readonly number[];
  /** `higher` by default. */
  readonly worse?: 'higher' | 'lower';
  /** The change, as a share of the baseline's mean, that must be exceeded: 0.02 by default. */
  readonly worseAbove?: number;
  /** Below this change the candidate is not worse: 0.1 by default. */
  readonly harmlessBelow?: number;
  /** Fewer blocks decide nothing, whatever the history: 3 by default, and at least. */
  readonly blocksMin?: number;
}

export interface MeansBlock {
  readonly baseline: number;
  readonly candidate: number;
}

/** The mixture is tightest after as many blocks. */
const TIGHTEST_AT_BLOCKS = 30;

/** One slow moment is no pattern. */
const BLOCKS_MIN = 3;

/**
 * One value a block of each arm, in any unit. An alpha outside (0, 0.5] is refused. Values of the
 * history that are not finite are left out; fewer than 120 are no history.
 */
export function beginMeans(options: MeansOptions): MeansState {
  checkAlpha(options.alpha);
  return {
    kind: 'means',
    alpha: options.alpha,
    worse: options.worse ?? 'higher',
    worseAbove: options.worseAbove ?? 0.02,
    harmlessBelow: options.harmlessBelow ?? 0.1,
    blocksMin: Math.max(BLOCKS_MIN, options.blocksMin ?? BLOCKS_MIN),
    history: historyVariance(options.history),
    baselineSum: 0,
    candidateSum: 0,
    differences: beginSeries(),
    pValue: 1,
  };
}

/**
 * Adds the blocks since the last look, oldest first. A block with a value that is not finite, or
 * not between 1e-140 and 1e140 in size, makes the look `unknown`, and none of its blocks is added;
 * to leave a block out is the caller's choice.
 */
export function lookMeans(
  state: MeansState,
  blocks: readonly MeansBlock[],
): { readonly state: MeansState; readonly reading: TestReading } {
  const odd = blocks.find(
    ({ baseline, candidate }) => !isMeasure(baseline) || !isMeasure(candidate),
  );
  if (odd !== undefined) {
    const reason = `a block of ${odd.baseline} and ${odd.candidate} is no data`;
    return { state, reading: unknownReading(reason, factsOf(state)) };
  }
  const added: MeansState = {
    ...state,
    baselineSum: blocks.reduce((sum, { baseline }) => sum + baseline, state.baselineSum),
    candidateSum: blocks.reduce((sum, { candidate }) => sum + candidate, state.candidateSum),
    differences: extendSeries(
      state.differences,
      blocks.map(({ baseline, candidate }) => ({ value: candidate - baseline, weight: 1 })),
    ),
  };
  const evidence = evidenceOf(added);
  const next = { ...added, pValue: lowestP(state.pValue, evidence?.logE ?? 0) };
  return { state: next, reading: readingOf(next, evidence) };
}

function historyVariance(history: readonly number[]): number | null {
  const usable = history.filter(isMeasure);
  const [origin] = usable;
  if (origin === undefined || usable.length < DISPERSION.historyBlocksMin) return null;
  const blocks = usable.map((value) => ({ value, weight: 1 }));
  return spreadOf(extendSeries(beginSeries(origin), blocks), 'history')?.likely ?? 0;
}

interface Evidence {
  readonly logE: number;
  readonly deviation: number;
  readonly blocks: number;
  readonly difference: number;
  readonly scale: number;
}

/** A series that never varies is taken to vary by a billionth of its size. */
const LEAST_DEVIATION = 1e-9;

function evidenceOf(state: MeansState): Evidence | undefined {
  const all = scaleAt(state.differences, 0);
  if (all.batches < leastBlocks(state)) return undefined;
  const blocks = all.batches;
  const run = spreadOf(state.differences, 'run');
  // Both arms are taken to vary as the baseline did. A run without spread has not varied at all.
  const variance = believedVariance(
    state.history === null ? undefined : 2 * state.history,
    run ?? { blocks, least: 0, most: blocks < DISPERSION.runBlocksMin ? Infinity : 0 },
  );
  if (variance === undefined) return undefined;
  const scale = Math.abs(state.baselineSum / blocks);
  const size = Math.max(scale, Math.abs(state.candidateSum / blocks));
  const deviation = Math.max(Math.sqrt(variance), LEAST_DEVIATION * size);
  const worsening = state.worse === 'higher' ? all.value : -all.value;
  const excess = worsening - blocks * state.worseAbove * scale;
  const mixture = normalMixtureAt(TIGHTEST_AT_BLOCKS, 2 * state.alpha);
  const logE = deviation === 0 ? 0 : logOneSided(mixture, excess / deviation, blocks);
  return { logE, deviation, blocks, difference: all.value / blocks, scale };
}

/** A state of older code has no figure of its own. */
function leastBlocks({ blocksMin }: MeansState): number {
  return Number.isFinite(blocksMin) ? blocksMin : BLOCKS_MIN;
}

function factsOf(state: MeansState) {
  const blocks = scaleAt(state.differences, 0).batches;
  const samples = { baseline: blocks, candidate: blocks };
  return { alpha: state.alpha, pValue: state.pValue, blocks, samples };
}

function readingOf(state: MeansState, evidence: Evidence | undefined): TestReading {
  const facts = factsOf(state);
  const least = leastBlocks(state);
  if (facts.blocks < least) {
    return unknownReading(`${facts.blocks} block(s), ${least} are needed`, facts);
  }
  if (evidence === undefined) {
    const reason =
      `how the metric wanders is not known without history until ` +
      `${DISPERSION.runBlocksMin} blocks, there are ${facts.blocks}`;
    return unknownReading(reason, facts);
  }
  const { blocks, difference, deviation, scale } = evidence;
  const mixture = normalMixtureAt(TIGHTEST_AT_BLOCKS, state.alpha);
  const half = (deviation * twoSidedBound(mixture, blocks, state.alpha)) / blocks;
  const effect = { estimate: difference, low: difference - half, high: difference + half };
  const figures = { baseline: state.baselineSum / blocks, candidate: state.candidateSum / blocks };
  return {
    ...facts,
    ...figures,
    decision: decisionOf(state, effect, scale),
    eValue: eValueOf(evidence.logE),
    effect,
    dispersion: dispersionOf(state.differences, deviation),
    reason:
      `mean ${short(figures.candidate)} on the candidate, ${short(figures.baseline)} on the ` +
      `baseline, difference ${short(difference)} (${short(effect.low)} to ${short(effect.high)})`,
  };
}

function decisionOf(
  state: MeansState,
  { low, high }: { readonly low: number; readonly high: number },
  scale: number,
): Decision {
  if (state.pValue <= state.alpha) return 'worse';
  const atWorst = state.worse === 'higher' ? high : -low;
  return atWorst <= state.harmlessBelow * scale ? 'not_worse' : 'unknown';
}

/**
 * The variance that is tested with, per variance of the differences as if they were independent.
 */
function dispersionOf(differences: RatioSeries, deviation: number): number | null {
  const all = scaleAt(differences, 0);
  if (all.batches < 2) return null;
  const squares = all.valueSquares - (all.value * all.value) / all.batches;
  return squares > 0 ? (deviation * deviation * (all.batches - 1)) / squares : null;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
