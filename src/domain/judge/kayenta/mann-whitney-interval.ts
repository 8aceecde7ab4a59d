import { brentRoot } from './brent-root.ts';
import { normalQuantile } from './normal-quantile.ts';
import { ascending, rankSum, rankSumDeviation } from './rank-sum.ts';

/** How much higher the experiment lies than the control, in the units of the samples. */
export interface ShiftInterval {
  readonly low: number;
  readonly high: number;
  /** The Hodges-Lehmann estimate. */
  readonly estimate: number;
}

/**
 * Kayenta's confidence interval for the location shift of `experiment` against `control`: R's
 * asymptotic `wilcox.test` with the corrections for continuity and ties, solved by `brentRoot`. Its
 * bit-for-bit oddities are kept, as recorded verdicts rest on them: below a scale of about 1e-3 the
 * bounds are as coarse as the solver's tolerance, and `low` can even lie above `high`. Judge by
 * `judgeShift` where that matters. Semantics after Kayenta (Apache-2.0), `MannWhitney`.
 *
 * `undefined` where there is no interval: an empty arm, a value that is not finite, or arms that
 * can be shifted so that all values are tied (one value each, or two constants).
 */
export function mannWhitneyInterval(
  experiment: readonly number[],
  control: readonly number[],
  confidenceLevel: number,
): ShiftInterval | undefined {
  const x = ascending(experiment);
  const y = ascending(control);
  const [lowX, highX, lowY, highY] = [x[0], x.at(-1), y[0], y.at(-1)];
  if (lowX === undefined || highX === undefined) return undefined;
  if (lowY === undefined || highY === undefined) return undefined;
  const from = lowX - highY;
  const to = highX - lowY;
  if (![...x, ...y, from, to].every(Number.isFinite)) return undefined;
  const root = (quantile: number, ends: 'kept' | 'searched'): number | undefined => {
    const f = (shift: number): number => wilcoxonDifference(x, y, shift, quantile);
    const [fFrom, fTo] = [f(from), f(to)];
    if (Number.isNaN(fFrom) || Number.isNaN(fTo)) return undefined;
    if (ends === 'kept' && fFrom <= 0) return from;
    if (ends === 'kept' && fTo >= 0) return to;
    return brentRoot(f, { x: from, f: fFrom }, { x: to, f: fTo });
  };
  const z = normalQuantile((1 - confidenceLevel) / 2);
  const low = root(-z, 'kept');
  const high = root(z, 'kept');
  const estimate = root(0, 'searched');
  if (low === undefined || high === undefined || estimate === undefined) return undefined;
  return { low, high, estimate };
}

/**
 * The standardised rank sum of x − shift against y, less `quantile`; both ascend. It falls as the
 * shift grows, in steps. NaN where all values are tied. `plain` is without the correction for
 * continuity, as R estimates the shift; Kayenta estimates it with the correction.
 */
export function wilcoxonDifference(
  x: Float64Array,
  y: Float64Array,
  shift: number,
  quantile: number,
  continuity: 'corrected' | 'plain' = 'corrected',
): number {
  if (!Number.isFinite(shift)) return NaN;
  const { excess, tieTerm } = rankSum(x, y, shift);
  const deviation = rankSumDeviation(x.length, y.length, tieTerm);
  if (deviation === 0) return NaN;
  const correction = continuity === 'corrected' ? Math.sign(excess) * 0.5 : 0;
  return (excess - correction) / deviation - quantile;
}
