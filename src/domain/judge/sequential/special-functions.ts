/**
 * The special functions that the tests need, in double precision. All are pure; arguments outside
 * a domain give NaN, which every caller turns into `unknown`.
 */

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const;

/** log Γ(x) for x > 0, within 1e-13 of the value (Lanczos, g = 7). x ≤ 0: NaN. */
export function logGamma(x: number): number {
  if (!(x > 0)) return NaN;
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  let sum: number = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i += 1) sum += (LANCZOS[i] ?? 0) / (shifted + i);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** log of the multivariate beta function: Σ log Γ(aᵢ) − log Γ(Σ aᵢ). */
export function logBeta(parts: readonly number[]): number {
  let total = 0;
  let sum = 0;
  for (const part of parts) {
    total += part;
    sum += logGamma(part);
  }
  return sum - logGamma(total);
}

/**
 * log P(X > x) for X ~ Beta(a, b): the upper regularised incomplete beta function, as a logarithm
 * so that tails far below 1e-308 stay finite. x ≤ 0: 0. x ≥ 1: −Infinity.
 *
 * Continued fraction of Lentz as in Numerical Recipes, section 6.4, about 1e-12 relative; its steps
 * grow with √(a + b), so that where both are above 50 the normal approximation of Peizer and Pratt
 * (JASA 1968) stands in, within 5e-5 of the logarithm and as fast for any number of samples.
 */
export function logBetaTail(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return -Infinity;
  if (a > NORMAL_FROM && b > NORMAL_FROM) return logNormalCdf(peizerPratt(x, a, b));
  const front = a * Math.log(x) + b * Math.log1p(-x) - logBeta([a, b]);
  if (x > (a + 1) / (a + b + 2)) return front + Math.log(betaFraction(1 - x, b, a) / b);
  return Math.log1p(-Math.exp(front + Math.log(betaFraction(x, a, b) / a)));
}

const NORMAL_FROM = 50;

function peizerPratt(p: number, a: number, b: number): number {
  const q = 1 - p;
  const n = a + b - 1;
  const s = a - 0.5;
  const t = b - 0.5;
  const first = s + 1 / 6 - (n + 1 / 3) * p;
  const d = first + 0.02 * (q / (s + 0.5) - p / (t + 0.5) + (q - 0.5) / (n + 1));
  const spread = (n + 1 / 6) * p * q;
  return d * Math.sqrt((1 + q * bend(s / (n * p)) + p * bend(t / (n * q))) / spread);
}

/** (1 − x² + 2x·log x) / (1 − x)², by its series where the quotient would cancel. */
function bend(x: number): number {
  const y = 1 - x;
  if (Math.abs(y) < 0.05) return y / 3 + y ** 2 / 6 + y ** 3 / 10 + y ** 4 / 15 + y ** 5 / 21;
  return (1 - x * x + 2 * x * Math.log(x)) / (y * y);
}

const FRACTION_STEPS_MAX = 10_000;
const TINY = 1e-300;

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= FRACTION_STEPS_MAX; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-14) break;
  }
  return value;
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/**
 * log Φ(x), the logarithm of the standard normal distribution function; exact within 1e-7 relative
 * (Numerical Recipes `erfcc`), and finite for every finite x.
 */
export function logNormalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  let series = 0.17087277;
  for (const coefficient of [
    -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
    1.00002368, -1.26551223,
  ]) {
    series = series * t + coefficient;
  }
  const logTail = Math.log(t / 2) - z * z + series;
  return x < 0 ? logTail : Math.log1p(-Math.exp(logTail));
}
