/** So few differences are gathered and sorted. */
const GATHERED_MAX = 512;
/** Differences that are asked for where the place may be. */
const SAMPLED = 127;
/** Their order tells the place to about this many. */
const SAMPLE_SLACK = 1;
/** Steps of the golden ratio spread evenly over a row, however many there are (Weyl 1916). */
const GOLDEN = 0.6180339887498949;

/**
 * Answers the difference at a place (0 is the smallest) among all m·n differences x − y, without
 * building them: each round takes a pivot near the place from a sample of what is left, counts the
 * differences below it along the staircase in O(m + n), and drops the part that cannot hold the
 * place (the idea of Johnson and Mizoguchi, "Selecting the Kth element in X + Y", 1978, and of
 * Monahan's algorithm 616, 1984, with the aim of Floyd and Rivest 1975). About log(m·n) rounds;
 * exact, so the scale of the values plays no part.
 *
 * Both must ascend and be finite. A place outside 0 to m·n − 1, or an empty arm: NaN.
 */
export function pairwiseDifferences(x: Float64Array, y: Float64Array): (place: number) => number {
  const [m, n] = [x.length, y.length];
  // Row i holds x[i] − y, ascending as y falls; its columns `from` to before `to` may be the place.
  const falling = y.toReversed();
  // Neighbouring places are asked for together.
  let gathered = { start: 0, values: new Float64Array(0) };
  return (place) => {
    if (!(Number.isInteger(place) && place >= 0 && place < m * n)) return NaN;
    const known = gathered.values[place - gathered.start];
    if (known !== undefined) return known;
    let from: Counted = { total: 0, rows: new Int32Array(m) };
    let to: Counted = { total: m * n, rows: new Int32Array(m).fill(n) };
    while (to.total - from.total > GATHERED_MAX) {
      const left = { x, falling, from: from.rows, to: to.rows, total: to.total - from.total };
      const pivot = pivotOf(left, place - from.total);
      const { below, notAbove } = countBelow(x, falling, pivot);
      if (place < below.total) to = below;
      else if (place >= notAbove.total) from = notAbove;
      else return pivot;
    }
    const left = { x, falling, from: from.rows, to: to.rows, total: to.total - from.total };
    gathered = { start: from.total, values: gather(left) };
    return gathered.values[place - from.total] ?? NaN;
  };
}

function gather({ x, falling, from, to, total }: Left): Float64Array<ArrayBuffer> {
  const values = new Float64Array(total);
  let filled = 0;
  for (let row = 0; row < x.length; row += 1) {
    const end = to[row] ?? 0;
    for (let column = from[row] ?? 0; column < end; column += 1) {
      values[filled] = (x[row] ?? 0) - (falling[column] ?? 0);
      filled += 1;
    }
  }
  return values.toSorted();
}

interface Counted {
  readonly total: number;
  readonly rows: Int32Array;
}

/** In every row, how many differences are below the pivot, and how many are not above it. */
function countBelow(
  x: Float64Array,
  falling: Float64Array,
  pivot: number,
): { readonly below: Counted; readonly notAbove: Counted } {
  const below = new Int32Array(x.length);
  const notAbove = new Int32Array(x.length);
  let [first, second] = [falling.length, falling.length];
  let [allBelow, allNotAbove] = [0, 0];
  for (let row = 0; row < x.length; row += 1) {
    const value = x[row] ?? 0;
    // The rows rise, so that each holds at most as many as the one before.
    while (second > 0 && value - (falling[second - 1] ?? 0) > pivot) second -= 1;
    if (first > second) first = second;
    while (first > 0 && value - (falling[first - 1] ?? 0) >= pivot) first -= 1;
    below[row] = first;
    notAbove[row] = second;
    allBelow += first;
    allNotAbove += second;
  }
  return {
    below: { total: allBelow, rows: below },
    notAbove: { total: allNotAbove, rows: notAbove },
  };
}

interface Left {
  readonly x: Float64Array;
  readonly falling: Float64Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly total: number;
}

/**
 * A difference among those left, a little to the far side of the place, so that most are dropped.
 */
function pivotOf({ x, falling, from, to, total }: Left, place: number): number {
  const sample = new Float64Array(SAMPLED);
  const step = total / SAMPLED;
  let taken = 0;
  let passed = 0;
  let wanted = step / 2;
  for (let row = 0; row < x.length; row += 1) {
    const start = from[row] ?? 0;
    const length = (to[row] ?? 0) - start;
    passed += length;
    while (wanted < passed && taken < SAMPLED) {
      const spread = taken * GOLDEN;
      const column = start + Math.floor((spread - Math.floor(spread)) * length);
      sample[taken] = (x[row] ?? 0) - (falling[column] ?? 0);
      taken += 1;
      wanted += step;
    }
  }
  const aim = Math.floor((place / total) * SAMPLED);
  const chosen = aim < SAMPLED / 2 ? aim + SAMPLE_SLACK : aim - SAMPLE_SLACK;
  return sample.toSorted()[chosen] ?? NaN;
}
