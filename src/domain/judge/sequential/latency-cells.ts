import { valueOfBucket } from '../histogram.ts';
import type { Histogram } from '../histogram.ts';

/**
 * Both arms' latencies of a whole run on one grid of at most 96 cells: neighbouring buckets of the
 * histogram are joined, twice as many whenever the range outgrows the grid, as UDDSketch does
 * (Epicoco et al., IEEE Access 2020). Its size does not grow with the run.
 */
export interface LatencyCells {
  /** Buckets a cell; a power of two. */
  readonly width: number;
  /** The number of the first cell: bucket `i` is in cell ⌊i / width⌋. */
  readonly first: number;
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
}

export const EMPTY_CELLS: LatencyCells = { width: 1, first: 0, baseline: [], candidate: [] };

const CELLS_MAX = 96;

/** The cells with the requests of two more histograms; empty ones change nothing. */
export function addToCells(
  cells: LatencyCells,
  arms: { readonly baseline: Histogram; readonly candidate: Histogram },
): LatencyCells {
  const added = {
    baseline: Object.entries(arms.baseline.counts),
    candidate: Object.entries(arms.candidate.counts),
  };
  let lowest = Infinity;
  let highest = -Infinity;
  for (const [bucket] of [...added.baseline, ...added.candidate]) {
    lowest = Math.min(lowest, Number(bucket));
    highest = Math.max(highest, Number(bucket));
  }
  if (lowest > highest) return cells;
  const known = cells.baseline.length;
  let { width } = cells;
  let first = Math.floor(lowest / width);
  let last = Math.floor(highest / width);
  if (known > 0) {
    first = Math.min(first, cells.first);
    last = Math.max(last, cells.first + known - 1);
  }
  while (last - first >= CELLS_MAX) {
    width *= 2;
    first = Math.floor(first / 2);
    last = Math.floor(last / 2);
  }
  const grid = { width, first, length: last - first + 1 };
  return {
    width,
    first,
    baseline: regrid(cells, cells.baseline, added.baseline, grid),
    candidate: regrid(cells, cells.candidate, added.candidate, grid),
  };
}

function regrid(
  cells: LatencyCells,
  counts: readonly number[],
  added: readonly (readonly [string, number])[],
  grid: { readonly width: number; readonly first: number; readonly length: number },
): number[] {
  const next = Array.from({ length: grid.length }, () => 0);
  const joined = grid.width / cells.width;
  const put = (cell: number, count: number): void => {
    next[cell - grid.first] = (next[cell - grid.first] ?? 0) + count;
  };
  counts.forEach((count, index) => {
    if (count > 0) put(Math.floor((cells.first + index) / joined), count);
  });
  for (const [bucket, count] of added) put(Math.floor(Number(bucket) / grid.width), count);
  return next;
}

/**
 * The latency in milliseconds with a share of `level` at or below it, interpolated within its cell.
 * `level` ≤ 0: 0, nothing is faster; ≥ 1 or no samples: null, nothing is known to be slower.
 */
export function cellQuantile(
  cells: LatencyCells,
  counts: readonly number[],
  level: number,
): number | null {
  if (level <= 0) return 0;
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (level >= 1 || total === 0) return null;
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && (below + count) / total >= level) {
      const within = (level * total - below) / count;
      return valueOfBucket((cells.first + index + within) * cells.width - 0.5);
    }
    below += count;
  }
  return null;
}

/**
 * The largest difference between the share of the candidate's requests slower than a cell's end,
 * shifted by whole cells of at least `shiftBuckets` buckets, and the baseline's: stochastic order.
 */
export function largestRise(cells: LatencyCells, shiftBuckets: number): number {
  const shift = Math.ceil(shiftBuckets / cells.width);
  const share = (counts: readonly number[]): ((end: number) => number) => {
    let sum = 0;
    const sums = counts.map((count) => (sum += count));
    return (end) =>
      sum === 0 ? 0 : end < 0 ? 0 : (sums[Math.min(end, sums.length - 1)] ?? 0) / sum;
  };
  const baseline = share(cells.baseline);
  const candidate = share(cells.candidate);
  let rise = 0;
  for (let end = 0; end < cells.baseline.length; end += 1) {
    rise = Math.max(rise, baseline(end) - candidate(end + shift));
  }
  return rise;
}
