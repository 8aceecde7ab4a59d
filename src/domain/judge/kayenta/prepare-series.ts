import type { KayentaMetric, Series } from './kayenta-metric.ts';
import { ascending } from './rank-sum.ts';

const OUTLIER_FACTOR = 3;

/** The points of one arm that are judged: missing ones removed or zero, then outliers removed. */
export function prepareSeries(
  series: Series,
  { nanStrategy = 'remove', outliers = { strategy: 'keep' } }: Partial<KayentaMetric>,
): readonly number[] {
  const values =
    nanStrategy === 'replace'
      ? series.map((value) => (isMissing(value) ? 0 : value))
      : series.filter((value) => !isMissing(value));
  const points = values.filter((value) => value !== null);
  if (outliers.strategy === 'keep') return points;
  const { low, high } = outlierFences(points, outliers.factor ?? OUTLIER_FACTOR);
  return points.filter((value) => !(value < low || value > high));
}

function isMissing(value: number | null): value is null {
  return value === null || Number.isNaN(value);
}

/**
 * Tukey's fences, `factor` interquartile ranges beyond the quartiles, but never inside the 1st and
 * the 99th percentile, as Kayenta's `IQRDetector` has them. No values: NaN.
 */
export function outlierFences(
  values: readonly number[],
  factor: number,
): { readonly low: number; readonly high: number } {
  const sorted = ascending(values);
  const [p1, q1, q3, p99] = [0.01, 0.25, 0.75, 0.99].map((share) => percentile(sorted, share));
  if (p1 === undefined || q1 === undefined || q3 === undefined || p99 === undefined) {
    return { low: NaN, high: NaN };
  }
  const spread = factor * (q3 - q1);
  return { low: Math.min(p1, q1 - spread), high: Math.max(p99, q3 + spread) };
}

/** Hyndman and Fan's type 7, as R and numpy have it by default. */
function percentile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (position - Math.floor(position)) * (above - below);
}
