import type { CountOrShare } from './strategy.schema.ts';

/** As many candidates as carry `weightPercent` of what `desired` instances of stable carry. */
export function instancesFor(weightPercent: number, desired: number): number {
  return weightPercent === 0 ? 0 : Math.ceil((weightPercent * desired) / 100);
}

/** The most traffic that so many ready instances may have: no more than stable's each. */
export function weightMax(ready: number, desired: number): number {
  return desired === 0 ? 100 : Math.min(100, Math.floor((100 * ready) / desired));
}

/** `3` or `20%` of `desired`, at least one and at most all of them. */
export function countOf({ count, percent }: CountOrShare, desired: number): number {
  const wanted = count ?? Math.floor(((percent ?? 0) * desired) / 100);
  return Math.max(1, Math.min(desired, wanted));
}

/**
 * How many instances a rolling update changes at a time: never more than may be started beside the
 * usual ones, where it has a surge, and else never more than may be missing.
 */
export function batchSizeOf(
  { batch, maxSurge, maxUnavailable }: RollingSizes,
  desired: number,
): number {
  const limit = maxSurge ?? maxUnavailable;
  const size = countOf(batch, desired);
  return limit === undefined ? size : Math.min(size, countOf(limit, desired));
}

interface RollingSizes {
  readonly batch: CountOrShare;
  readonly maxSurge: CountOrShare | undefined;
  readonly maxUnavailable: CountOrShare | undefined;
}

/**
 * What a concurrent baseline has: the candidate's share, as long as both together leave half of
 * the traffic to stable; above that production itself is what the candidate is compared with.
 */
export function baselineShare(weightPercent: number): number {
  return weightPercent <= 25 ? weightPercent : 0;
}

/**
 * The shares of two versions by the numbers of their instances, in whole percents that add up to
 * 100. A side without instances has none; one with instances has some, and at most its exact share
 * rounded up. Two sides without instances have no shares: `RangeError`.
 */
export function sharesOf(
  coming: number,
  going: number,
): { readonly coming: number; readonly going: number } {
  if (coming + going === 0) throw new RangeError('no instance of either version would serve');
  if (coming === 0) return { coming: 0, going: 100 };
  if (going === 0) return { coming: 100, going: 0 };
  const exact = (100 * coming) / (coming + going);
  const share = Math.min(99, Math.max(1, Math.round(exact)));
  return { coming: share, going: 100 - share };
}
