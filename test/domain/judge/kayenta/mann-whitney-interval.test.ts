import { array, assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brentRoot } from '../../../../src/domain/judge/kayenta/brent-root.ts';
import {
  mannWhitneyInterval,
  wilcoxonDifference,
} from '../../../../src/domain/judge/kayenta/mann-whitney-interval.ts';
import { ascending } from '../../../../src/domain/judge/kayenta/rank-sum.ts';

const A = [12.1, 15.3, 9.8, 14.2, 11.7, 13.3, 18.9, 10.4];
const B = [8.2, 9.9, 12.1, 7.7, 10.4, 11.1, 6.5, 9.8, 8.8];
const C = [0, 0, 0, 2, 1, 0, 3, 0, 0, 1];
const D = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2];

/** From the p-value of `mannwhitneyu(x - shift, y, method='asymptotic')` of scipy 1.17.1. */
const SHIFTED = [
  [A, B, -3, 3.415989092705286],
  [A, B, 0, 2.6028652959916103],
  [A, B, 0.25, 2.453738644055909],
  [A, B, 2.5, 0.7216878364870324],
  [A, B, 5, -1.106588015946783],
  [C, D, -3, 4.166894473602628],
  [C, D, 0, 1.1788498311886695],
  [C, D, 0.25, -1.1555253582259384],
  [C, D, 2.5, -3.466576074677817],
] as const;

test.each(SHIFTED)('%j against %j, shifted by %d, stands at %d', (x, y, shift, z) => {
  const found = wilcoxonDifference(ascending(x), ascending(y), shift, 0);
  expect(found).toBeCloseTo(z, 9);
  expect(wilcoxonDifference(ascending(x), ascending(y), shift, 1.5)).toBeCloseTo(z - 1.5, 9);
});

test('without the correction for continuity it stands a little further out', () => {
  const [x, y] = [ascending(A), ascending(B)];
  const corrected = wilcoxonDifference(x, y, 0, 0);
  const plain = wilcoxonDifference(x, y, 0, 0, 'plain');
  expect(plain / corrected).toBeCloseTo(27.5 / 27, 12);
});

/** Where the step function of scipy's ranks crosses the quantile, sought among all differences. */
test.each([
  [0.95, 1.2, 6.5],
  [0.98, 0.6, 7.1],
])('at %d the shift of A against B lies between %d and %d', (level, low, high) => {
  const interval = mannWhitneyInterval(A, B, level);
  expect(interval?.low).toBeCloseTo(low, 3);
  expect(interval?.high).toBeCloseTo(high, 3);
  expect(interval?.estimate).toBeGreaterThan(3.39);
  expect(interval?.estimate).toBeLessThan(3.51);
});

test('the bounds are as coarse as the tolerance of the solver, as in Kayenta', () => {
  const scaled = (values: readonly number[]): readonly number[] => values.map((v) => v * 1e-6);
  const interval = mannWhitneyInterval(scaled(A), scaled(B), 0.95);
  const exact = 1.2e-6;
  expect(Math.abs((interval?.low ?? NaN) - exact)).toBeGreaterThan(1e-6);
});

describe('there is no interval', () => {
  test.each([
    ['of an empty experiment', [], B],
    ['of an empty control', A, []],
    ['of two constants', [7, 7, 7], [2, 2]],
    ['of one point each', [1000], [0]],
    ['with an endless value', [1, 2, Infinity], B],
    ['with a value that is no number', [1, 2, NaN], B],
    ['with values that lie too far apart', [1e308, 1.1e308], [-1e308, -1.1e308]],
  ])('%s', (_name, experiment, control) => {
    expect(mannWhitneyInterval(experiment, control, 0.98)).toBeUndefined();
  });
});

test('exchanging the arms turns the interval around', () => {
  const arm = array(integer({ min: 0, max: 50 }), { minLength: 4, maxLength: 30 });
  assert(
    property(arm, arm, (one, other) => {
      const there = mannWhitneyInterval(one, other, 0.95);
      const back = mannWhitneyInterval(other, one, 0.95);
      if (there === undefined || back === undefined) return;
      // The steps are whole numbers here, so that the tolerance is all that may differ.
      expect(Math.abs(there.low + back.high)).toBeLessThan(3e-4);
      expect(Math.abs(there.high + back.low)).toBeLessThan(3e-4);
    }),
  );
});

describe('the root', () => {
  const rootOf = (f: (x: number) => number, from: number, to: number): number | undefined =>
    brentRoot(f, { x: from, f: f(from) }, { x: to, f: f(to) });

  test.each([
    ['of a line', (x: number) => 2 * x - 3, 0, 10, 1.5],
    ['of a cubic', (x: number) => x ** 3 - 2, 0, 4, Math.cbrt(2)],
    ['of a cosine', Math.cos, 0, 3, Math.PI / 2],
    ['of a step', (x: number) => (x < 0.123 ? 1 : -1), -5, 5, 0.123],
    ['at the first end', (x: number) => x, 0, 5, 0],
    ['at the last end', (x: number) => x - 5, 1, 5, 5],
  ])('%s is found to 1e-4', (_name, f, from, to, expected) => {
    expect(Math.abs((rootOf(f, from, to) ?? NaN) - expected)).toBeLessThan(1e-4);
  });

  test('is unknown where the function has no value', () => {
    expect(rootOf((x) => (x > 1 ? NaN : 1 - x), 0, 0.5)).toBeDefined();
    expect(rootOf(() => NaN, 0, 1)).toBeUndefined();
    expect(rootOf((x) => (Math.abs(x) < 1 ? NaN : x), -2, 3)).toBeUndefined();
  });

  test('is sought for a limited time where there is none', () => {
    expect(rootOf(() => 1, 0, 1e300)).toBeDefined();
  });
});
