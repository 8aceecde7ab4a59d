/** `unknown` is never good news: it holds, it does not pass. */
export type Decision = 'worse' | 'not_worse' | 'unknown';

/** An interval that is open at one end has null there: infinity is no JSON. */
export interface Interval {
  readonly low: number | null;
  readonly high: number | null;
}

/** What one look at one metric says; plain JSON. */
export interface TestReading {
  readonly decision: Decision;
  /**
   * Evidence against "no worse than is tolerated": 1/alpha of it decides `worse`. At most 1e300.
   * Of an estimated variance, so as valid as that estimate: see `dispersion.ts`.
   */
  readonly eValue: number;
  /** The lowest 1/e so far, at most 1: valid at whichever look it is read. */
  readonly pValue: number;
  readonly alpha: number;
  /** The arms' own figures; null where an arm has none. */
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** Unit and meaning are the method's: a ratio of rates, a difference of means. */
  readonly effect: (Interval & { readonly estimate: number }) | null;
  /** Samples of each arm: events, trials, blocks or requests, as the method says. */
  readonly samples: { readonly baseline: number; readonly candidate: number };
  readonly blocks: number;
  /** How many times the variance of independent samples is assumed; null while not known. */
  readonly dispersion: number | null;
  /** Why the decision is what it is, for a person. */
  readonly reason: string;
}

const LOG_E_MAX = 690;

/** exp of a log e-value, kept within what JSON can hold. NaN: 0, no evidence. */
export function eValueOf(logE: number): number {
  return Number.isNaN(logE) ? 0 : Math.exp(Math.max(-LOG_E_MAX, Math.min(LOG_E_MAX, logE)));
}

/** 1/e, at most the lowest one before. */
export function lowestP(before: number, logE: number): number {
  return Math.min(before, 1 / Math.max(1, eValueOf(logE)));
}

/** A reading of a metric that cannot be judged (yet). */
export function unknownReading(
  reason: string,
  known: Pick<TestReading, 'alpha' | 'pValue' | 'blocks' | 'samples'> & Partial<TestReading>,
): TestReading {
  return {
    eValue: 1,
    baseline: null,
    candidate: null,
    effect: null,
    dispersion: null,
    ...known,
    decision: 'unknown',
    reason,
  };
}

/** Alpha outside (0, 0.5] is a mistake of the caller, not of the data. */
export function checkAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha <= 0.5)) throw new RangeError(`not an alpha: ${alpha}`);
}

/** The candidate's intended share outside (0, 1) is a mistake of the caller. */
export function checkSplit(split: number): void {
  if (!(split > 0 && split < 1)) throw new RangeError(`not a share of the traffic: ${split}`);
}

const COUNT_MAX = 1e12;

/** Whole, not negative, and at most 1e12: beyond, logarithms of factorials lose their digits. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= COUNT_MAX;
}

const SIZE_MAX = 1e140;

/** Zero, or of a size whose square is still a number: 1e-140 to 1e140. */
export function isMeasure(value: number): boolean {
  const size = Math.abs(value);
  return value === 0 || (size >= 1 / SIZE_MAX && size <= SIZE_MAX);
}
