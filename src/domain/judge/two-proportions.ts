import { eValueOf } from './sequential/test-reading.ts';
import { logNormalCdf } from './sequential/special-functions.ts';
import { logTwoSided, normalMixtureAt, twoSidedBound } from './sequential/normal-mixture.ts';

/** What one arm of an A/B test has done so far. */
export interface ArmFigures {
  readonly version: string;
  /** How often the arm was tried, and how often that went well. */
  readonly trials: number;
  readonly successes: number;
  /** Distinct users, where users are assigned to arms. */
  readonly users: number | undefined;
}

export interface Comparison {
  readonly winner: 'control' | 'candidate' | 'undecided';
  /** Of the two rates, two-sided; 1 where nothing can be said. */
  readonly pValue: number;
  readonly summary: string;
}

/**
 * Two proportions, compared with the pooled z test (two-sided).
 *
 * Fewer than `minSamples` trials of either arm: undecided, whatever the rates. No success or no
 * failure in both arms together: p = 1. Figures that are not whole, negative, or more successes
 * than trials: undecided, and the summary says so. It is a plain test, for one look: looked at again
 * and again it errs more often than `1 - confidence`.
 */
export function compareProportions(
  control: ArmFigures,
  candidate: ArmFigures,
  rule: ProportionsRule,
): Comparison {
  return comparedBy(control, candidate, rule, (rates) => {
    const pValue = twoSided(control, candidate);
    return { pValue, summary: `${rates}; p ${pValue.toPrecision(2)}` };
  });
}

/**
 * The same for any number of looks: of all of them together at most a share of `1 - confidence`
 * finds a winner where there is none. The difference of the rates has the normal mixture of Robbins
 * as its e-value, with the estimated variance: the asymptotic confidence sequence of Waudby-Smith et
 * al. (arXiv 2103.06476), tightest at ten times the minimum of samples. Trials are taken to be
 * independent of each other.
 */
export function compareAtAnyTime(
  control: ArmFigures,
  candidate: ArmFigures,
  rule: ProportionsRule,
): Comparison {
  return comparedBy(control, candidate, rule, (rates) => {
    const { pValue, low, high } = sequentially(control, candidate, rule);
    const interval = `difference ${points(low)} to ${points(high)} points at any time`;
    return { pValue, summary: `${rates}; ${interval}` };
  });
}

export interface ProportionsRule {
  readonly minSamples: number;
  readonly confidence: number;
}

function comparedBy(
  control: ArmFigures,
  candidate: ArmFigures,
  { minSamples, confidence }: ProportionsRule,
  test: (rates: string) => { readonly pValue: number; readonly summary: string },
): Comparison {
  const arms = [control, candidate];
  const odd = arms.find(({ trials, successes }) => {
    const whole = [trials, successes].every((count) => Number.isSafeInteger(count) && count >= 0);
    return !whole || successes > trials;
  });
  if (odd !== undefined) {
    const summary = `${odd.version} has ${odd.successes} successes of ${odd.trials}: no figures`;
    return { winner: 'undecided', pValue: 1, summary };
  }
  const few = arms.find(({ trials }) => trials < minSamples);
  const rates = arms.map(rateText).join(', ');
  if (few !== undefined) {
    const summary = `${rates}; ${few.version} has fewer than ${minSamples} samples`;
    return { winner: 'undecided', pValue: 1, summary };
  }
  const { pValue, summary } = test(rates);
  const isClear = pValue < 1 - confidence;
  const isBetter = candidate.successes / candidate.trials > control.successes / control.trials;
  const winner = !isClear ? 'undecided' : isBetter ? 'candidate' : 'control';
  return { winner, pValue, summary };
}

const TIGHTEST_AT_MINIMA = 10;

function sequentially(
  one: ArmFigures,
  other: ArmFigures,
  { minSamples, confidence }: ProportionsRule,
): { readonly pValue: number; readonly low: number; readonly high: number } {
  const pooled = (one.successes + other.successes) / (one.trials + other.trials);
  const spread = pooled * (1 - pooled);
  if (spread === 0) return { pValue: 1, low: -1, high: 1 };
  const difference = other.successes / other.trials - one.successes / one.trials;
  // The sum whose mean is the difference, in units of information.
  const information = 1 / (spread * (1 / one.trials + 1 / other.trials));
  const alpha = Math.max(1e-12, 1 - confidence);
  const tightest = (TIGHTEST_AT_MINIMA * Math.max(1, minSamples)) / (2 * spread);
  const mixture = normalMixtureAt(tightest, alpha);
  const eValue = eValueOf(logTwoSided(mixture, difference * information, information));
  const half = twoSidedBound(mixture, information, alpha) / information;
  return {
    pValue: Math.min(1, 1 / eValue),
    low: Math.max(-1, difference - half),
    high: Math.min(1, difference + half),
  };
}

function points(share: number): string {
  return (share * 100).toFixed(2);
}

function rateText({ version, trials, successes }: ArmFigures): string {
  const percent = trials === 0 ? 0 : (100 * successes) / trials;
  return `${version} ${percent.toFixed(2)} % of ${trials}`;
}

function twoSided(one: ArmFigures, other: ArmFigures): number {
  const pooled = (one.successes + other.successes) / (one.trials + other.trials);
  const variance = pooled * (1 - pooled) * (1 / one.trials + 1 / other.trials);
  if (variance === 0) return 1;
  const difference = other.successes / other.trials - one.successes / one.trials;
  return Math.min(1, 2 * Math.exp(logNormalCdf(-Math.abs(difference) / Math.sqrt(variance))));
}
