import { believedVariance, binomialVariance, DISPERSION, spreadOf } from './dispersion.ts';
import { beginSeries, extendSeries, scaleAt } from './ratio-series.ts';
import type { RatioSeries, SeriesBlock } from './ratio-series.ts';
import {
  checkAlpha,
  checkSplit,
  eValueOf,
  isCount,
  lowestP,
  unknownReading,
} from './test-reading.ts';
import type { Decision, TestReading } from './test-reading.ts';
import { logShareE, rateRatioInterval } from './share-test.ts';
import type { ShareEvidence } from './share-test.ts';

/**
 * Events of both arms (errors, crashes, timeouts), looked at as often as one likes: the multinomial
 * test of Lindon and Malek, one-sided, behind a guard against events that come in bursts or whose
 * rate wanders (`dispersion.ts`). Effect: the candidate's rate by the baseline's, a ratio.
 *
 * The variance is that of the candidate's share within a block, so that load which both arms share
 * costs no power. Blocks are to be of equal length, a minute or less. The interval is that of the
 * last look and not intersected with earlier ones: the dispersion may turn out higher than it
 * seemed.
 */
export interface CountsState {
  readonly kind: 'counts';
  readonly alpha: number;
  readonly split: number;
  readonly worse: 'more' | 'fewer';
  readonly worseAbove: number;
  readonly harmlessBelow: number;
  readonly eventsMin: number;
  /** Dispersion of the baseline's events by requests before the release; null without history. */
  readonly history: number | null;
  readonly baselineEvents: number;
  readonly candidateEvents: number;
  /** Requests of each arm as far as they are known; an arm with neither is one that is not seen. */
  readonly baselineUnits: number;
  readonly candidateUnits: number;
  readonly blocks: number;
  /** The candidate's events, as if the split had always been `split`, by those of both arms. */
  readonly series: RatioSeries;
  /** The block that speaks most against the candidate, as it is in the series. */
  readonly strongest: SeriesBlock;
  readonly pValue: number;
}

export interface CountsOptions {
  readonly alpha: number;
  /** The candidate's share of the traffic, in (0, 1). */
  readonly split: number;
  /** The baseline's blocks from before the release, oldest first. */
  readonly history: readonly HistoryBlock[];
  /** `more` by default. `fewer` is for events that are wanted, such as orders. */
  readonly worse?: 'more' | 'fewer';
  /** The ratio that must be exceeded to be worse: 1 by default, so that any rise counts. */
  readonly worseAbove?: number;
  /** Below this ratio the candidate is not worse: 1.5 by default. */
  readonly harmlessBelow?: number;
  /** Fewer events of both arms together decide nothing: 8 by default. */
  readonly eventsMin?: number;
}

/** `units` is what the events are of, requests mostly; without it the load counts as dispersion. */
export interface HistoryBlock {
  readonly events: number;
  readonly units?: number;
}

/** With `units` (requests of each arm) each block is compared by its own split. */
export interface CountsBlock {
  readonly baseline: number;
  readonly candidate: number;
  readonly units?: { readonly baseline: number; readonly candidate: number };
}

/** A history with fewer events than this does not tell how they bunch … */
const HISTORY_EVENTS_MIN = 20;

/** … so that they are taken to come ten at a time. */
const ASSUMED_DISPERSION = 10;

/**
 * As long as a run has fewer blocks than this, the strongest one is left out of the evidence: how
 * events bunch is then known of history alone, and one burst is no pattern.
 */
const PATTERN_BLOCKS_MIN = 6;

const NOTHING_SEEN = {
  baselineEvents: 0,
  candidateEvents: 0,
  baselineUnits: 0,
  candidateUnits: 0,
  blocks: 0,
  series: beginSeries(),
  strongest: { value: 0, weight: 0 },
} as const;

/**
 * Events of each arm in each block. An alpha outside (0, 0.5] and a split outside (0, 1) are
 * refused. A history of fewer than 120 blocks is none; one of fewer than 20 events is taken to
 * bunch by ten.
 */
export function beginCounts(options: CountsOptions): CountsState {
  checkAlpha(options.alpha);
  checkSplit(options.split);
  return {
    kind: 'counts',
    alpha: options.alpha,
    split: options.split,
    worse: options.worse ?? 'more',
    worseAbove: options.worseAbove ?? 1,
    harmlessBelow: options.harmlessBelow ?? 1.5,
    eventsMin: options.eventsMin ?? 8,
    history: historyDispersion(options.history),
    ...NOTHING_SEEN,
    pValue: 1,
  };
}

/**
 * Adds the blocks since the last look, oldest first. One block that is no count (NaN, negative, not
 * whole) makes the look `unknown`, and none of its blocks is added.
 */
export function lookCounts(
  state: CountsState,
  blocks: readonly CountsBlock[],
): { readonly state: CountsState; readonly reading: TestReading } {
  const odd = blocks.find((block) => !isUsable(block));
  if (odd !== undefined) {
    const reason = `a block of ${odd.baseline} and ${odd.candidate} events is no data`;
    return { state, reading: unknownReading(reason, factsOf(state)) };
  }
  const series = blocks.map(({ baseline, candidate, units }) => {
    const both = baseline + candidate;
    if (units === undefined || both === 0) return { value: candidate, weight: both };
    const split = units.candidate / (units.baseline + units.candidate);
    return { value: candidate + (state.split - split) * both, weight: both };
  });
  const added: CountsState = {
    ...state,
    baselineEvents: sumOf(blocks, ({ baseline }) => baseline, state.baselineEvents),
    candidateEvents: sumOf(blocks, ({ candidate }) => candidate, state.candidateEvents),
    baselineUnits: sumOf(blocks, ({ units }) => units?.baseline ?? 0, state.baselineUnits),
    candidateUnits: sumOf(blocks, ({ units }) => units?.candidate ?? 0, state.candidateUnits),
    blocks: state.blocks + blocks.length,
    series: extendSeries(state.series, series),
    strongest: strongestOf(state, series),
  };
  const { logE, evidence } = evidenceOf(added);
  // An arm that has never been seen is no evidence, also not for a later look.
  const isSeen = unseenArm(added) === undefined;
  const pValue = isSeen ? lowestP(state.pValue, logE) : state.pValue;
  const next = { ...added, pValue };
  return { state: next, reading: readingOf(next, evidence, logE) };
}

/** Where no block speaks against the candidate: nothing is left out. */
function strongestOf(
  { strongest, split, worse }: CountsState,
  blocks: readonly SeriesBlock[],
): SeriesBlock {
  const sign = worse === 'more' ? 1 : -1;
  const against = ({ value, weight }: SeriesBlock): number => sign * (value - split * weight);
  return blocks.reduce((most, one) => (against(one) > against(most) ? one : most), strongest);
}

function sumOf(
  blocks: readonly CountsBlock[],
  figure: (block: CountsBlock) => number,
  before: number,
): number {
  return blocks.reduce((sum, block) => sum + figure(block), before);
}

/** Events must be counts, and so must units; an arm with events has units. */
function isUsable({ baseline, candidate, units }: CountsBlock): boolean {
  if (!isCount(baseline) || !isCount(candidate)) return false;
  if (units === undefined) return true;
  if (!isCount(units.baseline) || !isCount(units.candidate)) return false;
  return (units.baseline > 0 || baseline === 0) && (units.candidate > 0 || candidate === 0);
}

function historyDispersion(history: readonly HistoryBlock[]): number | null {
  const usable = history.filter(
    ({ events, units = 1 }) => isCount(events) && Number.isFinite(units) && units > 0,
  );
  if (usable.length < DISPERSION.historyBlocksMin) return null;
  const events = usable.reduce((sum, block) => sum + block.events, 0);
  if (events < HISTORY_EVENTS_MIN) return ASSUMED_DISPERSION;
  const blocks = usable.map((block) => ({ value: block.events, weight: block.units ?? 1 }));
  const spread = spreadOf(extendSeries(beginSeries(), blocks), 'history');
  return spread === undefined ? ASSUMED_DISPERSION : Math.max(1, spread.likely / spread.ratio);
}

/** Undefined evidence: the dispersion is not known yet. */
function evidenceOf(state: CountsState): {
  readonly logE: number;
  readonly evidence: ShareEvidence | undefined;
} {
  const all = scaleAt(state.series, 0);
  const isPattern = state.blocks >= PATTERN_BLOCKS_MIN;
  const leftOut = isPattern ? NOTHING_SEEN.strongest : state.strongest;
  const events = all.weight - leftOut.weight;
  const run = spreadOf(state.series, 'run');
  const binomial = binomialVariance(run?.ratio ?? 0, all.weight);
  const dispersion = believedVariance(
    state.history ?? undefined,
    run === undefined
      ? undefined
      : { blocks: run.blocks, least: run.least / binomial, most: run.most / binomial },
  );
  if (dispersion === undefined) return { logE: 0, evidence: undefined };
  const candidate = Math.min(events, Math.max(0, all.value - leftOut.value));
  const isMore = state.worse === 'more';
  const evidence: ShareEvidence = {
    baseline: isMore ? events - candidate : candidate,
    candidate: isMore ? candidate : events - candidate,
    split: isMore ? state.split : 1 - state.split,
    dispersion: Math.max(1, dispersion),
  };
  return { logE: logShareE(evidence, state.worseAbove), evidence };
}

function factsOf(state: CountsState) {
  const samples = { baseline: state.baselineEvents, candidate: state.candidateEvents };
  return { alpha: state.alpha, pValue: state.pValue, blocks: state.blocks, samples };
}

function readingOf(
  state: CountsState,
  evidence: ShareEvidence | undefined,
  logE: number,
): TestReading {
  const facts = factsOf(state);
  const events = state.baselineEvents + state.candidateEvents;
  if (state.blocks === 0) return unknownReading('there is no block to judge by', facts);
  if (evidence === undefined) {
    const seen = scaleAt(state.series, 0).batches;
    const reason =
      `how events bunch is not known without history until ${DISPERSION.runBlocksMin} blocks ` +
      `had any, ${seen} of ${state.blocks} did`;
    return unknownReading(reason, facts);
  }
  const unseen = unseenArm(state);
  if (unseen !== undefined) {
    return unknownReading(`the ${unseen} reports neither events nor requests`, facts);
  }
  const eValue = eValueOf(logE);
  const known = { ...facts, dispersion: evidence.dispersion, eValue };
  if (events < state.eventsMin) {
    const reason = `${events} events of both arms, ${state.eventsMin} are needed`;
    return unknownReading(reason, known);
  }
  const effect = effectOf(state, evidence);
  const decision = decisionOf(state, effect);
  const { baselineEvents, candidateEvents, blocks } = state;
  const reason =
    `${candidateEvents} events on the candidate, ${baselineEvents} on the baseline, ` +
    `${ratioText(effect)} at ${Number((state.split * 100).toPrecision(3))} % of the traffic`;
  return {
    ...known,
    decision,
    baseline: baselineEvents / blocks,
    candidate: candidateEvents / blocks,
    effect,
    reason,
  };
}

/** No errors are good news only of an arm that is known to serve. */
function unseenArm(state: CountsState): 'baseline' | 'candidate' | undefined {
  if (state.baselineEvents + state.baselineUnits === 0) return 'baseline';
  return state.candidateEvents + state.candidateUnits === 0 ? 'candidate' : undefined;
}

/** A ratio of rates, whichever direction is worse. Null when the baseline has no event. */
function effectOf(state: CountsState, evidence: ShareEvidence): TestReading['effect'] {
  const { low, high } = rateRatioInterval(evidence, state.alpha);
  const { split, baseline, candidate } = evidence;
  const isMore = state.worse === 'more';
  const odds = (candidate * (1 - split)) / (baseline * split);
  const estimate = isMore ? odds : 1 / odds;
  if (!Number.isFinite(estimate)) return null;
  return isMore ? { estimate, low, high } : { estimate, low: inverse(high), high: inverse(low) };
}

function decisionOf(state: CountsState, effect: TestReading['effect']): Decision {
  if (state.pValue <= state.alpha) return 'worse';
  const atWorst = state.worse === 'more' ? effect?.high : inverse(effect?.low);
  return atWorst != null && atWorst < state.harmlessBelow ? 'not_worse' : 'unknown';
}

function inverse(ratio: number | null | undefined): number | null {
  return ratio == null ? null : 1 / ratio;
}

function ratioText(effect: TestReading['effect']): string {
  if (effect === null) return 'no ratio';
  const show = (ratio: number | null, open: string): string =>
    ratio === null ? open : String(Number(ratio.toPrecision(3)));
  const { estimate, low, high } = effect;
  return `ratio ${show(estimate, '')} (${show(low, '0')} to ${show(high, 'any')})`;
}
