/**
 * The upper tail of Student's t distribution: the chance of more than t with `degrees` of freedom,
 * which may be broken, by the continued fraction of the incomplete beta function (Abramowitz and
 * Stegun 26.5.8, evaluated as Lentz does). To about 1e-12.
 *
 * t = Infinity gives 0, -Infinity 1; degrees that are not above zero, or NaN: NaN.
 */
export function studentTail(t: number, degrees: number): number {
  if (!(degrees > 0) || Number.isNaN(t)) return NaN;
  // Both parts of one, as either may be too near to it for the other to be seen.
  const [x, rest] = [degrees / (degrees + t * t), (t * t) / (degrees + t * t)];
  const tail = incompleteBeta(degrees / 2, 0.5, x, rest) / 2;
  return t < 0 ? 1 - tail : tail;
}

const HALVINGS = 100;
const T_MAX = 1e9;

/**
 * The t above which a share `tail` of the distribution lies, by halving, to about 1e-12; at most
 * 1e9. A tail that is not above 0 and at most 0.5, or degrees that are not above zero: NaN.
 */
export function studentQuantile(tail: number, degrees: number): number {
  if (!(tail > 0 && tail <= 0.5) || !(degrees > 0)) return NaN;
  let low = 0;
  let high = 1;
  while (high < T_MAX && studentTail(high, degrees) > tail) high *= 2;
  for (let halving = 0; halving < HALVINGS && high - low > 1e-13 * high; halving += 1) {
    const middle = (low + high) / 2;
    if (studentTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
  return Math.min((low + high) / 2, T_MAX);
}

/** The regularised one, I_x(a, b), for a and b above zero, x in 0–1 and `rest` = 1 − x. */
function incompleteBeta(a: number, b: number, x: number, rest: number): number {
  if (x <= 0 || rest <= 0) return x <= 0 ? 0 : 1;
  const logFront =
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * logOf(x, rest) + b * logOf(rest, x);
  const front = Math.exp(logFront);
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(a, b, x)) / a
    : 1 - (front * betaFraction(b, a, rest)) / b;
}

/** The logarithm of a part of one, by whichever part is the smaller and so the exacter. */
function logOf(part: number, rest: number): number {
  return part < rest ? Math.log(part) : Math.log1p(-rest);
}

/** Converges in about √max(a, b) terms; there are never more samples than these allow for. */
const TERMS_MAX = 10_000;

function betaFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let term = 1; term <= TERMS_MAX; term += 1) {
    const even = (term * (b - term) * x) / ((a - 1 + 2 * term) * (a + 2 * term));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= c * d;
    const odd = (-(a + term) * (a + b + term) * x) / ((a + 2 * term) * (a + 1 + 2 * term));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return fraction;
}

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
] as const;

/** For x above zero, by Lanczos' series with g = 7, to about 1e-14. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const series = LANCZOS.reduce(
    (sum, coefficient, at) => sum + coefficient / (x + at),
    0.9999999999998099,
  );
  const base = x + 6.5;
  return Math.log(2 * Math.PI) / 2 + (x - 0.5) * Math.log(base) - base + Math.log(series);
}
