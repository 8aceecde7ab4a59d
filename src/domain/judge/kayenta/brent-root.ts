const TOLERANCE = 1e-4;
const ITERATIONS_MAX = 1000;
/** Steps at most this far from zero count as zero: two neighbouring doubles. */
const TINY = Number.MIN_VALUE;

/**
 * A root of `f` between `from` and `to` as R's `zeroin` and Kayenta's solver find it (Brent,
 * "Algorithms for Minimization Without Derivatives", 1973, chapter 4): the tolerance is 1e-4 in the
 * units of x, **absolute**, so where x itself is small the answer is coarse. That is kept on
 * purpose: recorded verdicts depend on it.
 *
 * Special cases: a root at an end is returned as it is, `from` first. `undefined` as soon as `f`
 * answers NaN. Where both ends have the same sign or the iterations run out, the last point tried.
 */
export function brentRoot(
  f: (x: number) => number,
  from: { readonly x: number; readonly f: number },
  to: { readonly x: number; readonly f: number },
): number | undefined {
  if (Number.isNaN(from.f) || Number.isNaN(to.f)) return undefined;
  if (isZero(from.f)) return from.x;
  if (isZero(to.f)) return to.x;
  // `best` is the nearest point so far, `last` the one before, `across` lies across the root.
  let last = from;
  let best = to;
  let across = from;
  for (let iteration = 0; iteration <= ITERATIONS_MAX; iteration += 1) {
    const lastStep = best.x - last.x;
    if (Math.abs(across.f) < Math.abs(best.f)) {
      [last, best] = [best, across];
      across = last;
    }
    const tolerance = 2 * Number.EPSILON * Math.abs(best.x) + TOLERANCE / 2;
    const half = (across.x - best.x) / 2;
    if (Math.abs(half) <= tolerance || isZero(best.f)) return best.x;
    const mayInterpolate = Math.abs(lastStep) >= tolerance && Math.abs(last.f) > Math.abs(best.f);
    const wanted = mayInterpolate
      ? (interpolated(last, best, across, lastStep, tolerance) ?? half)
      : half;
    const step = Math.abs(wanted) >= tolerance ? wanted : wanted > 0 ? tolerance : -tolerance;
    last = best;
    const x = best.x + step;
    best = { x, f: f(x) };
    if (Number.isNaN(best.f)) return undefined;
    if ((best.f > 0 && across.f > 0) || (best.f < 0 && across.f < 0)) across = last;
  }
  return best.x;
}

function isZero(value: number): boolean {
  return Math.abs(value) <= TINY;
}

interface Point {
  readonly x: number;
  readonly f: number;
}

/** A secant or inverse quadratic step; `undefined` where it would leave the bracket or be slow. */
function interpolated(
  last: Point,
  best: Point,
  across: Point,
  lastStep: number,
  tolerance: number,
): number | undefined {
  const width = across.x - best.x;
  const ratio = best.f / last.f;
  let numerator = width * ratio;
  let denominator = 1 - ratio;
  if (last.x !== across.x) {
    const lastToAcross = last.f / across.f;
    const bestToAcross = best.f / across.f;
    numerator =
      ratio *
      (width * lastToAcross * (lastToAcross - bestToAcross) -
        (best.x - last.x) * (bestToAcross - 1));
    denominator = (lastToAcross - 1) * (bestToAcross - 1) * (ratio - 1);
  }
  if (numerator > 0) denominator = -denominator;
  else numerator = -numerator;
  const fits =
    numerator < 0.75 * width * denominator - Math.abs(tolerance * denominator) / 2 &&
    numerator < Math.abs((lastStep * denominator) / 2);
  return fits ? numerator / denominator : undefined;
}
