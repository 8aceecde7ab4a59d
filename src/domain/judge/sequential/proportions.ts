import { believedVariance, binomialVariance, DISPERSION, spreadOf } from './dispersion.ts';
import { normalMixtureAt, twoSidedBound } from './normal-mixture.ts';
import { beginSeries, extendSeries, scaleAt } from './ratio-series.ts';
import type { RatioSeries } from './ratio-series.ts';
import { checkAlpha, eValueOf, isCount, lowestP, unknownReading } from './test-reading.ts';
import type { Decision, TestReading } from './test-reading.ts';
import { logShareE } from './share-test.ts';

/**
 * Successes of trials of both arms (answers without error, orders by visitors). The test is that of
 * `counts.ts`, each block compared by its own split of the trials; given those, the successes vary
 * by the factor 1 − p less than counts. Effect: candidate's proportion minus baseline's, with the
 * two-sided normal mixture (Howard et al., arXiv 1810.08240) and the same variance.
 */
export interface ProportionsState {
  readonly kind: 'proportions';
  readonly alpha: number;
  readonly worse: 'higher' | 'lower';
  readonly worseAbove: number;
  readonly harmlessBelow: number;
  readonly trialsMin: number;
  /** Dispersion of the baseline's successes, given its trials; null without history. */
  readonly history: number | null;
  readonly baseline: Trials;
  readonly candidate: Trials;
  readonly blocks: number;
  /** Σ split · successes, over the blocks. */
  readonly splitSuccesses: number;
  /** Each block's candidate successes beside what its split explains, by the successes of both. */
  readonly series: RatioSeries;
  readonly pValue: number;
}

export interface Trials {
  readonly trials: number;
  readonly successes: number;
}

export interface ProportionsOptions {
  readonly alpha: number;
  /** The baseline's blocks from before the release, oldest first; may be empty. */
  readonly history: readonly Trials[];
  /**
   * `learnt` by default. `independent` where each trial is another user and counts once, as in A/B
   * tests: then neither history nor a number of blocks is needed.
   */
  readonly dispersion?: 'learnt' | 'independent';
  /** `higher` by default; `lower` where successes are wanted. */
  readonly worse?: 'higher' | 'lower';
  /** The ratio by which the worse proportion must exceed the other: 1 by default. */
  readonly worseAbove?: number;
  /** Below this difference, in the proportion's own unit, the candidate is not worse: 0.01. */
  readonly harmlessBelow?: number;
  /** Fewer trials of either arm decide nothing: 100 by default. */
  readonly trialsMin?: number;
}

export interface ProportionsBlock {
  readonly baseline: Trials;
  readonly candidate: Trials;
}

const HISTORY_SUCCESSES_MIN = 20;
const ASSUMED_DISPERSION = 10;

/** The interval is tightest at as many trials of each arm. */
const TIGHTEST_AT_TRIALS = 1000;

/**
 * Successes of trials, of each arm in each block. An alpha outside (0, 0.5] is refused. A history
 * of fewer than 120 blocks is none; one of fewer than 20 successes is taken to bunch by ten.
 */
export function beginProportions(options: ProportionsOptions): ProportionsState {
  checkAlpha(options.alpha);
  return {
    kind: 'proportions',
    alpha: options.alpha,
    worse: options.worse ?? 'higher',
    worseAbove: options.worseAbove ?? 1,
    harmlessBelow: options.harmlessBelow ?? 0.01,
    trialsMin: options.trialsMin ?? 100,
    history: options.dispersion === 'independent' ? 0 : historyDispersion(options.history),
    baseline: { trials: 0, successes: 0 },
    candidate: { trials: 0, successes: 0 },
    blocks: 0,
    splitSuccesses: 0,
    series: beginSeries(),
    pValue: 1,
  };
}

/**
 * Adds the blocks since the last look, oldest first. Figures that are no counts, or more successes
 * than trials, make the look `unknown`, and none of its blocks is added.
 */
export function lookProportions(
  state: ProportionsState,
  blocks: readonly ProportionsBlock[],
): { readonly state: ProportionsState; readonly reading: TestReading } {
  if (!blocks.every(({ baseline, candidate }) => isUsable(baseline) && isUsable(candidate))) {
    const reason = 'a block has figures that are no successes of trials';
    return { state, reading: unknownReading(reason, factsOf(state)) };
  }
  let { splitSuccesses } = state;
  const series = blocks
    .filter(({ baseline, candidate }) => baseline.trials + candidate.trials > 0)
    .map(({ baseline, candidate }) => {
      const split = candidate.trials / (baseline.trials + candidate.trials);
      const both = baseline.successes + candidate.successes;
      splitSuccesses += split * both;
      return { value: candidate.successes - split * both, weight: both };
    });
  const added: ProportionsState = {
    ...state,
    baseline: sumOf([state.baseline, ...blocks.map((block) => block.baseline)]),
    candidate: sumOf([state.candidate, ...blocks.map((block) => block.candidate)]),
    blocks: state.blocks + blocks.length,
    splitSuccesses,
    series: extendSeries(state.series, series),
  };
  const dispersion = dispersionOf(added);
  const logE = dispersion === undefined ? 0 : logEOf(added, dispersion);
  const next = { ...added, pValue: lowestP(state.pValue, logE) };
  return { state: next, reading: readingOf(next, dispersion, logE) };
}

function isUsable({ trials, successes }: Trials): boolean {
  return isCount(trials) && isCount(successes) && successes <= trials;
}

function sumOf(all: readonly Trials[]): Trials {
  return {
    trials: all.reduce((sum, { trials }) => sum + trials, 0),
    successes: all.reduce((sum, { successes }) => sum + successes, 0),
  };
}

function historyDispersion(history: readonly Trials[]): number | null {
  const usable = history.filter((block) => isUsable(block) && block.trials > 0);
  if (usable.length < DISPERSION.historyBlocksMin) return null;
  if (sumOf(usable).successes < HISTORY_SUCCESSES_MIN) return ASSUMED_DISPERSION;
  const blocks = usable.map(({ successes, trials }) => ({ value: successes, weight: trials }));
  const spread = spreadOf(extendSeries(beginSeries(), blocks), 'history');
  return spread === undefined ? ASSUMED_DISPERSION : spread.likely / spread.ratio;
}

/** Variance per binomial variance of the successes' split, at least 1 − p; undefined: not known. */
function dispersionOf(state: ProportionsState): number | undefined {
  const run = spreadOf(state.series, 'run');
  const both = state.baseline.successes + state.candidate.successes;
  const split = both === 0 ? 0 : state.splitSuccesses / both;
  const binomial = binomialVariance(split + (run?.ratio ?? 0), both);
  const believed = believedVariance(
    state.history ?? undefined,
    run === undefined
      ? undefined
      : { blocks: run.blocks, least: run.least / binomial, most: run.most / binomial },
  );
  const { proportion } = pooled(state);
  return believed === undefined ? undefined : Math.max(1 - proportion, believed);
}

function pooled({ baseline, candidate }: ProportionsState) {
  const trials = baseline.trials + candidate.trials;
  const successes = baseline.successes + candidate.successes;
  // Half a success and half a failure more: neither all nor none makes the variance zero.
  return { trials, proportion: (successes + 0.5) / (trials + 1) };
}

function logEOf(state: ProportionsState, dispersion: number): number {
  const all = scaleAt(state.series, 0);
  if (all.weight === 0) return 0;
  const split = state.splitSuccesses / all.weight;
  if (!(split > 0 && split < 1)) return 0;
  const candidate = Math.min(all.weight, Math.max(0, split * all.weight + all.value));
  const baseline = all.weight - candidate;
  const evidence =
    state.worse === 'higher'
      ? { baseline, candidate, split, dispersion }
      : { baseline: candidate, candidate: baseline, split: 1 - split, dispersion };
  return logShareE(evidence, state.worseAbove);
}

function factsOf(state: ProportionsState) {
  const samples = { baseline: state.baseline.trials, candidate: state.candidate.trials };
  return { alpha: state.alpha, pValue: state.pValue, blocks: state.blocks, samples };
}

function readingOf(
  state: ProportionsState,
  dispersion: number | undefined,
  logE: number,
): TestReading {
  const facts = factsOf(state);
  const { baseline, candidate } = state;
  const fewest = Math.min(baseline.trials, candidate.trials);
  if (fewest < state.trialsMin) {
    return unknownReading(`${fewest} trials of an arm, ${state.trialsMin} are needed`, facts);
  }
  if (dispersion === undefined) {
    const seen = scaleAt(state.series, 0).batches;
    const reason =
      `how successes bunch is not known without history until ${DISPERSION.runBlocksMin} ` +
      `blocks had any, ${seen} of ${state.blocks} did`;
    return unknownReading(reason, facts);
  }
  const rates = {
    baseline: baseline.successes / baseline.trials,
    candidate: candidate.successes / candidate.trials,
  };
  const effect = differenceOf(state, dispersion, rates.candidate - rates.baseline);
  return {
    ...facts,
    ...rates,
    decision: decisionOf(state, effect),
    eValue: eValueOf(logE),
    effect,
    dispersion: dispersion / (1 - pooled(state).proportion),
    reason:
      `${percent(rates.candidate)} on the candidate, ${percent(rates.baseline)} on the baseline, ` +
      `difference ${percent(effect.low)} to ${percent(effect.high)}`,
  };
}

function differenceOf(state: ProportionsState, dispersion: number, estimate: number) {
  const { proportion } = pooled(state);
  const deviation = Math.sqrt(proportion * dispersion);
  const information = 1 / (1 / state.baseline.trials + 1 / state.candidate.trials);
  const mixture = normalMixtureAt(TIGHTEST_AT_TRIALS / 2, state.alpha);
  const half = (deviation * twoSidedBound(mixture, information, state.alpha)) / information;
  return { estimate, low: Math.max(-1, estimate - half), high: Math.min(1, estimate + half) };
}

function decisionOf(
  state: ProportionsState,
  { low, high }: { readonly low: number; readonly high: number },
): Decision {
  if (state.pValue <= state.alpha) return 'worse';
  const atWorst = state.worse === 'higher' ? high : -low;
  return atWorst < state.harmlessBelow ? 'not_worse' : 'unknown';
}

function percent(proportion: number): string {
  return `${Number((proportion * 100).toPrecision(3))} %`;
}
