import { beginMultinomial, lookMultinomial } from './multinomial.ts';
import type { MultinomialState } from './multinomial.ts';
import { checkAlpha, checkSplit } from './test-reading.ts';

/**
 * Whether the traffic is split as intended: the multinomial test on units of assignment (users
 * under affinity, else requests), baseline first. To be begun anew at each weight.
 */
export interface TrafficSplitState {
  readonly test: MultinomialState;
  readonly unitsMin: number;
  /** A mismatch stays one: the figures since then compare what was not meant to be compared. */
  readonly isMismatched: boolean;
  /** Differences of the candidate's share up to this are tolerated, as a share of all units. */
  readonly tolerance: number;
}

export interface TrafficSplitReading {
  readonly decision: 'as_intended' | 'mismatch' | 'unknown';
  readonly pValue: number;
  readonly intended: number;
  readonly observed: number | null;
  readonly units: number;
  readonly reason: string;
}

export interface TrafficSplitOptions {
  /** The candidate's intended share, in (0, 1). */
  readonly split: number;
  readonly alpha: number;
  /** Fewer units than this say nothing; 100 by default. */
  readonly unitsMin?: number;
  /**
   * 0.005 by default: a balancer that sends half a point more than it was told does not spoil a
   * comparison, and at millions of requests nothing is exact.
   */
  readonly tolerance?: number;
}

/** Begins at one weight. A split outside (0, 1) and an alpha outside (0, 0.5] are refused. */
export function beginTrafficSplit(options: TrafficSplitOptions): TrafficSplitState {
  const { split, alpha, unitsMin = 100, tolerance = 0.005 } = options;
  checkAlpha(alpha);
  checkSplit(split);
  return {
    test: beginMultinomial({ split: [1 - split, split], alpha }),
    unitsMin,
    isMismatched: false,
    tolerance,
  };
}

/**
 * Adds the units since the last look. Counts that are no counts, and fewer units than the minimum:
 * `unknown`. A mismatch needs p ≤ alpha and a share further off than the tolerance.
 */
export function lookTrafficSplit(
  state: TrafficSplitState,
  units: { readonly baseline: number; readonly candidate: number },
): { readonly state: TrafficSplitState; readonly reading: TrafficSplitReading } {
  const looked = lookMultinomial(state.test, [units.baseline, units.candidate]);
  const intended = state.test.split[1] ?? NaN;
  if (looked === undefined) {
    const reason = `${units.baseline} and ${units.candidate} units are no counts`;
    return { state, reading: { ...readingOf(state, intended), decision: 'unknown', reason } };
  }
  const { counts, pValue } = looked.reading;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const observed = total === 0 ? null : (counts[1] ?? 0) / total;
  const isOff = observed !== null && Math.abs(observed - intended) > state.tolerance;
  const isMismatched =
    state.isMismatched || (total >= state.unitsMin && isOff && pValue <= state.test.alpha);
  const next = { ...state, test: looked.state, isMismatched };
  return { state: next, reading: readingOf(next, intended) };
}

function readingOf(state: TrafficSplitState, intended: number): TrafficSplitReading {
  const [baseline = 0, candidate = 0] = state.test.counts;
  const units = baseline + candidate;
  const facts = {
    pValue: state.test.pValue,
    intended,
    observed: units === 0 ? null : candidate / units,
    units,
  };
  const split = `traffic split is ${percent(candidate / units)}, intended ${percent(intended)}`;
  if (state.isMismatched) return { ...facts, decision: 'mismatch', reason: split };
  if (units < state.unitsMin) {
    const reason = `${units} units of traffic, ${state.unitsMin} are needed`;
    return { ...facts, decision: 'unknown', reason };
  }
  return { ...facts, decision: 'as_intended', reason: split };
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
