import { logNormalCdf } from './special-functions.ts';

/**
 * The normal mixture of Robbins, as in Howard, Ramdas, McAuliffe and Sekhon (Time-uniform,
 * nonparametric, nonasymptotic confidence sequences, arXiv 1810.08240). `sum` is a sum of
 * deviations with mean zero, `variance` its variance so far; both in matching units. `rho` sets the
 * variance at which the bound is tightest.
 *
 * Of an estimated variance it is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha,
 * Kennedy and Ramdas (arXiv 2103.06476).
 */
export interface NormalMixture {
  readonly rho: number;
}

/** Tightest at `variance` for a two-sided level `alpha`; one-sided callers pass 2 · alpha. */
export function normalMixtureAt(variance: number, alpha: number): NormalMixture {
  const log = 2 * Math.log(1 / alpha);
  return { rho: variance / (log + Math.log1p(log)) };
}

/** log of the e-value against "the mean is zero". variance < 0 or NaN: NaN. */
export function logTwoSided({ rho }: NormalMixture, sum: number, variance: number): number {
  const total = variance + rho;
  return 0.5 * Math.log(rho / total) + (sum * sum) / (2 * total);
}

/** log of the e-value against "the mean is at most zero": the mixture's positive half. */
export function logOneSided(mixture: NormalMixture, sum: number, variance: number): number {
  const positive = logNormalCdf(sum / Math.sqrt(variance + mixture.rho));
  return Math.LN2 + logTwoSided(mixture, sum, variance) + positive;
}

/** How far from zero the sum may be at any time, both sides together with probability `alpha`. */
export function twoSidedBound({ rho }: NormalMixture, variance: number, alpha: number): number {
  return Math.sqrt((variance + rho) * (Math.log1p(variance / rho) + 2 * Math.log(1 / alpha)));
}
