/** How far two samples lie apart in ranks. */
export interface RankSum {
  /**
   * The Mann-Whitney U of x less its mean under equality, m·n/2: above zero where x − shift tends
   * to lie above y. Ties count half.
   */
  readonly excess: number;
  /** The sum of t³ − t over the groups of t equal values. */
  readonly tieTerm: number;
}

/**
 * The rank sum of x − shift against y, average ranks (Mann and Whitney 1947), in O(m + n). Both
 * must ascend, and be finite like the shift; no values of one arm: an excess of 0.
 */
export function rankSum(x: Float64Array, y: Float64Array, shift: number): RankSum {
  const m = x.length;
  const n = y.length;
  let i = 0;
  let j = 0;
  let ranks = 0;
  let tieTerm = 0;
  while (i < m || j < n) {
    const value = Math.min((x[i] ?? Infinity) - shift, y[j] ?? Infinity);
    const before = i + j;
    let own = 0;
    while (i < m && (x[i] ?? Infinity) - shift <= value) {
      i += 1;
      own += 1;
    }
    while (j < n && (y[j] ?? Infinity) <= value) j += 1;
    const tied = i + j - before;
    ranks += own * (before + (tied + 1) / 2);
    tieTerm += tied ** 3 - tied;
  }
  return { excess: ranks - (m * (m + 1)) / 2 - (m * n) / 2, tieTerm };
}

/**
 * The standard deviation of the excess where both samples come from one distribution and all values
 * are independent, corrected for ties; 0 where all values are tied.
 */
export function rankSumDeviation(m: number, n: number, tieTerm: number): number {
  const corrected = m + n + 1 - tieTerm / ((m + n) * (m + n - 1));
  return Math.sqrt(((m * n) / 12) * corrected);
}

/** Both arms in pooled ranks: 1 is the smallest, equal values share the average of their ranks. */
export interface PooledRanks extends RankSum {
  /** Of the values of x and of y in ascending order. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** `rankSum` without a shift, and the ranks themselves. Both must ascend and be finite. */
export function pooledRanks(x: Float64Array, y: Float64Array): PooledRanks {
  const ranks = { x: new Float64Array(x.length), y: new Float64Array(y.length) };
  let [i, j] = [0, 0];
  let sum = 0;
  let tieTerm = 0;
  while (i < x.length || j < y.length) {
    const value = Math.min(x[i] ?? Infinity, y[j] ?? Infinity);
    const [fromX, fromY] = [i, j];
    while (i < x.length && x[i] === value) i += 1;
    while (j < y.length && y[j] === value) j += 1;
    const rank = (fromX + fromY + i + j + 1) / 2;
    for (let place = fromX; place < i; place += 1) ranks.x[place] = rank;
    for (let place = fromY; place < j; place += 1) ranks.y[place] = rank;
    const tied = i + j - fromX - fromY;
    sum += (i - fromX) * rank;
    tieTerm += tied ** 3 - tied;
  }
  return { ...ranks, excess: sum - (x.length * (x.length + 1 + y.length)) / 2, tieTerm };
}

/** The ranks of an arm in the order of its values, from those in ascending order. */
export function ranksInTime(
  values: Float64Array,
  sorted: Float64Array,
  ranks: Float64Array,
): Float64Array {
  const inTime = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += 1) {
    inTime[at] = ranks[placeOf(values[at] ?? NaN, sorted)] ?? NaN;
  }
  return inTime;
}

/** A place of the value, which must be there, by halving. */
function placeOf(value: number, sorted: Float64Array): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The two-sided p-value of two arms that do not overlap: 2 by the number of ways to choose the
 * ranks of one arm. No test by ranks can be surer. An empty arm: 1.
 */
export function smallestPValue(m: number, n: number): number {
  let ways = 1;
  for (let chosen = 1; chosen <= Math.min(m, n) && ways < 1e15; chosen += 1) {
    ways = (ways * (m + n + 1 - chosen)) / chosen;
  }
  return Math.min(1, 2 / ways);
}

/** A copy in ascending order. */
export function ascending(values: readonly number[] | Float64Array): Float64Array {
  return new Float64Array(values).toSorted();
}
