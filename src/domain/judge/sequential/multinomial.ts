import { isCount } from './test-reading.ts';
import type { Interval } from './test-reading.ts';
import { logBeta } from './special-functions.ts';

/**
 * The anytime-valid multinomial test of Lindon and Malek (Anytime-Valid Inference for Multinomial
 * Count Data, NeurIPS 2022): events of two or more arms, each event independently of arm i with
 * probability `split[i]` where the arms do not differ. Time-varying load common to all arms
 * cancels.
 *
 * Exact for independent events. Events that come in bursts break it (with gamma bursts of shape 2
 * it errs in 16.6 % of runs at a level of 2 %), so that counts are judged by `counts.ts`, which
 * guards against them; this one is for units of assignment, which are independent.
 */
export interface MultinomialState {
  readonly split: readonly number[];
  readonly alpha: number;
  /** The prior weighs as many events: higher is better for small differences. */
  readonly concentration: number;
  readonly counts: readonly number[];
  readonly pValue: number;
  /** Of log(rate of arm 1 / rate of arm 0), intersected over all looks; of two arms only. */
  readonly logRatio: Interval;
}

export interface MultinomialReading {
  readonly logE: number;
  readonly pValue: number;
  readonly counts: readonly number[];
  readonly shares: readonly number[] | null;
  readonly logRatio: Interval;
}

/** `split` sums to 1, each share above zero; anything else is refused. */
export function beginMultinomial(options: {
  readonly split: readonly number[];
  readonly alpha: number;
  /** 100 as in the authors' examples. */
  readonly concentration?: number;
}): MultinomialState {
  const { split, alpha, concentration = 100 } = options;
  const sum = split.reduce((total, share) => total + share, 0);
  if (split.length < 2 || !split.every((share) => share > 0) || Math.abs(sum - 1) > 1e-9) {
    throw new RangeError(`not a split of the traffic: ${split.join(', ')}`);
  }
  return {
    split,
    alpha,
    concentration,
    counts: split.map(() => 0),
    pValue: 1,
    logRatio: { low: null, high: null },
  };
}

/**
 * Adds the events since the last look, one count per arm. Counts that are negative, not whole, NaN
 * or of another number of arms: `undefined`, and the state stands.
 */
export function lookMultinomial(
  state: MultinomialState,
  events: readonly number[],
): { readonly state: MultinomialState; readonly reading: MultinomialReading } | undefined {
  if (events.length !== state.split.length || !events.every(isCount)) return undefined;
  const counts = state.counts.map((count, arm) => count + (events[arm] ?? 0));
  const logE = logMultinomialE(counts, state.split, state.concentration);
  const pValue = Math.min(state.pValue, Math.exp(-Math.max(0, logE)));
  const logRatio = intersect(state.logRatio, ratioOf(counts, state));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = total === 0 ? null : counts.map((count) => count / total);
  return {
    state: { ...state, counts, pValue, logRatio },
    reading: { logE, pValue, counts, shares, logRatio },
  };
}

/** log E of counts against the split; no events: 0. Counts may be fractions. */
export function logMultinomialE(
  counts: readonly number[],
  split: readonly number[],
  concentration: number,
): number {
  const prior = split.map((share) => concentration * share);
  const posterior = prior.map((weight, arm) => weight + (counts[arm] ?? 0));
  const underSplit = counts.reduce((sum, n, arm) => sum + n * Math.log(split[arm] ?? NaN), 0);
  return logBeta(posterior) - logBeta(prior) - underSplit;
}

/**
 * The log rate ratios of arm 1 over arm 0 that the events do not rule out at level `alpha`. An arm
 * without events leaves its end open.
 */
export function logRatioInterval(
  [baseline, candidate]: readonly [number, number],
  share: number,
  { alpha, concentration }: { readonly alpha: number; readonly concentration: number },
): Interval {
  const prior = [concentration * (1 - share), concentration * share];
  const posterior = [(prior[0] ?? NaN) + baseline, (prior[1] ?? NaN) + candidate];
  const least = logBeta(posterior) - logBeta(prior) + Math.log(alpha);
  const offset = Math.log(share / (1 - share));
  const likelihood: Likelihood = {
    above: (delta) =>
      -candidate * Math.log1p(Math.exp(-delta - offset)) -
      baseline * Math.log1p(Math.exp(delta + offset)) -
      least,
    slope: (delta) => candidate - (baseline + candidate) / (1 + Math.exp(-delta - offset)),
  };
  const best = Math.log(candidate / baseline) - offset;
  const centre = Number.isFinite(best) ? best : 0;
  return {
    low: candidate > 0 ? edge(likelihood, centre, -1) : null,
    high: baseline > 0 ? edge(likelihood, centre, 1) : null,
  };
}

/** A log likelihood above the least that is not refused, by the log ratio; concave. */
interface Likelihood {
  readonly above: (delta: number) => number;
  readonly slope: (delta: number) => number;
}

const REACH = 40;
const NEWTON_STEPS_MAX = 50;

/** Where it crosses zero: Newton's steps from outside stay outside, for the function is concave. */
function edge({ above, slope }: Likelihood, centre: number, sign: 1 | -1): number | null {
  let distance = 0.125;
  while (above(centre + sign * distance) >= 0) {
    distance *= 2;
    if (distance > REACH) return null;
  }
  let delta = centre + sign * distance;
  for (let step = 0; step < NEWTON_STEPS_MAX; step += 1) {
    const next = delta - above(delta) / slope(delta);
    if (!(Math.abs(next - delta) > 1e-10)) break;
    delta = next;
  }
  return delta;
}

function ratioOf(counts: readonly number[], state: MultinomialState): Interval {
  const [baseline = 0, candidate = 0, third] = counts;
  const share = state.split[1];
  if (third !== undefined || share === undefined) return { low: null, high: null };
  return logRatioInterval([baseline, candidate], share, state);
}

/** Ends that were ruled out once stay ruled out. */
export function intersect(one: Interval, other: Interval): Interval {
  return { low: highest(one.low, other.low), high: lowest(one.high, other.high) };
}

function highest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function lowest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
