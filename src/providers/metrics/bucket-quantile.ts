/** Upper bound in seconds and the number of values at or below it, as Prometheus counts them. */
export interface Bucket {
  readonly upTo: number;
  readonly count: number;
}

/**
 * The quantile of a classic Prometheus histogram, by linear interpolation within a bucket as
 * `histogram_quantile` does it (Prometheus `promql/quantile.go`). `undefined` without values or
 * without a `+Inf` bucket. A quantile in the last bucket is that bucket's lower bound, and the
 * first bucket begins at 0 where its bound is above 0. A count below that of a lower bucket, which
 * cannot be, is taken for as much.
 */
export function bucketQuantile(q: number, buckets: readonly Bucket[]): number | undefined {
  const sorted = rising(buckets.toSorted((a, b) => a.upTo - b.upTo));
  const last = sorted.at(-1);
  if (last === undefined || last.upTo !== Infinity || !(last.count > 0) || sorted.length < 2) {
    return undefined;
  }
  const rank = q * last.count;
  const index = sorted.findIndex(({ count }) => count >= rank);
  const bucket = sorted[index];
  if (bucket === undefined) return undefined;
  const below = sorted[index - 1];
  if (bucket.upTo === Infinity) return below?.upTo;
  if (below === undefined && bucket.upTo <= 0) return bucket.upTo;
  const from = below?.upTo ?? 0;
  const before = below?.count ?? 0;
  const inside = bucket.count - before;
  return inside === 0 ? bucket.upTo : from + ((bucket.upTo - from) * (rank - before)) / inside;
}

function rising(sorted: readonly Bucket[]): readonly Bucket[] {
  let most = 0;
  return sorted.map(({ upTo, count }) => {
    most = Math.max(most, count);
    return { upTo, count: most };
  });
}
