/**
 * A band around a whole distribution that holds at all times at once: sup |Fₙ − F| ≤
 * A·√((log(1 + log(n/m)) + C)/n) for all n ≥ m, with A = 0.85 (Howard and Ramdas, Sequential
 * estimation of quantiles with applications to A/B testing and best-arm identification, Bernoulli
 * 2022, arXiv 1906.09712, theorem 2). Two arms' bands that do not touch at some value say that the
 * share of slower requests differs there: any quantile's rise is seen.
 */
export interface CdfBand {
  readonly samplesMin: number;
  readonly constant: number;
}

const A = 0.85;

/** The band with error `alpha` that holds from `samplesMin` samples on. */
export function cdfBand(alpha: number, samplesMin: number): CdfBand {
  return { samplesMin, constant: bandConstant(alpha) };
}

/**
 * Half its height after `samples` samples, at most 1; fewer than the minimum: 1, all is possible.
 */
export function bandHeight({ samplesMin, constant }: CdfBand, samples: number): number {
  if (!(samples >= samplesMin)) return 1;
  const log = Math.log1p(Math.log(samples / samplesMin));
  return Math.min(1, A * Math.sqrt((log + constant) / samples));
}

/**
 * The least C whose error, by the paper's own bound, is at most `alpha`: 8.1227 at 0.05, 9.2835 at
 * 0.01. alpha outside (0, 1): NaN.
 */
export function bandConstant(alpha: number): number {
  if (!(alpha > 0 && alpha < 1)) return NaN;
  let low = 1;
  let high = 1000;
  while (high - low > 1e-10) {
    const middle = (low + high) / 2;
    if (bandError(middle) > alpha) low = middle;
    else high = middle;
  }
  return high;
}

/** The paper's bound on the error (its equation 45), at the best split of time into epochs. */
function bandError(constant: number): number {
  let low = 1;
  let high = 2 * A * A;
  const spare = (eta: number): number =>
    A - Math.sqrt(eta / 2) - Math.sqrt((2 * (eta - 1)) / constant);
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (spare(middle) > 0) low = middle;
    else high = middle;
  }
  return leastBetween(1, low, (eta) => {
    const square = (2 / eta) * (A - Math.sqrt((2 * (eta - 1)) / constant)) ** 2;
    if (square <= 1) return Infinity;
    return 4 * Math.exp(-square * constant) * (1 + 1 / ((square - 1) * Math.log(eta)));
  });
}

/** The least value of a function with one valley, by golden section. */
function leastBetween(from: number, to: number, valueAt: (x: number) => number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = from;
  let high = to;
  while (high - low > 1e-9) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    // Beyond the valley the bound is infinite: equality there must lead back to its left.
    if (valueAt(left) <= valueAt(right)) high = right;
    else low = left;
  }
  return valueAt((low + high) / 2);
}

/**
 * Half the height around one quantile, `level` in (0, 1), that holds at all times at once: theorem
 * 1(a) of the same paper, 1.5·√(p(1 − p)·ℓ) + 0.8·ℓ with ℓ = (1.4·log log(2.1·n) +
 * log(10/alpha))/n. Narrower than the band in the tails. Fewer than two samples: 1.
 */
export function quantileHeight(level: number, samples: number, alpha: number): number {
  if (!(samples >= 2)) return 1;
  const log = (1.4 * Math.log(Math.log(2.1 * samples)) + Math.log(10 / alpha)) / samples;
  return Math.min(1, 1.5 * Math.sqrt(level * (1 - level) * log) + 0.8 * log);
}
