import { assert, double, property } from 'fast-check';
import { expect, test } from 'vitest';
import { normalQuantile } from '../../../../src/domain/judge/kayenta/normal-quantile.ts';
import { studentQuantile, studentTail } from '../../../../src/domain/judge/kayenta/student.ts';

/** `norm.ppf(p)` of scipy 1.17.1. */
const NORMAL = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798409],
  [1e-9, -5.9978070150076865],
  [1e-5, -4.264890793922825],
  [0.001, -3.090232306167813],
  [0.01, -2.3263478740408408],
  [0.025, -1.9599639845400545],
  [0.075, -1.4395314709384563],
  [0.3, -0.5244005127080409],
  [0.93, 1.475791028179171],
  [0.975, 1.959963984540054],
  [0.999999, 4.753424308817087],
] as const;

test.each(NORMAL)('a share of %d of the normal distribution lies below %d', (p, z) => {
  expect(Math.abs(normalQuantile(p) / z - 1)).toBeLessThan(1e-14);
});

test.each([
  [0, -Infinity],
  [0.5, 0],
  [1, Infinity],
  [-0.1, NaN],
  [1.1, NaN],
  [NaN, NaN],
])('the normal quantile of %d is %d', (p, z) => {
  expect(normalQuantile(p)).toBe(z);
});

/** `t.sf(t, df)` of scipy 1.17.1. */
const TAILS = [
  [0, 3, 0.5],
  [1, 1, 0.25],
  [2.5, 2.5, 0.0522849815390777],
  [-1.3, 7, 0.8826160823038114],
  [3.1, 18, 0.0030896595142817407],
  [6.7, 4.2, 0.001082525988638208],
  [2.33, 2878, 0.009937480368370664],
  [40, 3, 1.7190340394579253e-5],
  [0.001, 50, 0.49960304738775085],
  [12, 120.5, 1.3090346493647388e-22],
] as const;

test.each(TAILS)('beyond t = %d at %d degrees of freedom lies %d', (t, degrees, tail) => {
  expect(Math.abs(studentTail(t, degrees) / tail - 1)).toBeLessThan(1e-11);
});

/** `t.isf(p, df)` of scipy 1.17.1. */
const QUANTILES = [
  [0.01, 1, 31.82051595377396],
  [0.01, 6.3, 3.0931899753705285],
  [0.005, 18, 2.878440472738608],
  [0.005, 238.4, 2.5966087529393898],
  [0.01, 2878, 2.3276442821224825],
  [1e-6, 10, 9.751995490940581],
  [0.25, 0.8, 1.1111913778128872],
] as const;

test.each(QUANTILES)('a tail of %d at %d degrees of freedom begins at %d', (tail, degrees, t) => {
  expect(Math.abs(studentQuantile(tail, degrees) / t - 1)).toBeLessThan(1e-11);
});

test.each([
  ['no degrees of freedom', studentTail(1, 0), NaN],
  ['a t that is no number', studentTail(NaN, 5), NaN],
  ['an endless t', studentTail(Infinity, 5), 0],
  ['an endless t below', studentTail(-Infinity, 5), 1],
  ['no tail', studentQuantile(0, 5), NaN],
  ['a tail beyond the middle', studentQuantile(0.6, 5), NaN],
  ['a tail that is no number', studentQuantile(NaN, 5), NaN],
  ['degrees that are no number', studentQuantile(0.1, NaN), NaN],
])('%s has its own answer', (_name, answer, expected) => {
  expect(answer).toBe(expected);
});

test('the tail and the quantile undo each other', () => {
  const tails = double({ min: 1e-9, max: 0.5, noNaN: true });
  assert(
    property(tails, double({ min: 1, max: 1e5, noNaN: true }), (tail, degrees) => {
      const back = studentTail(studentQuantile(tail, degrees), degrees);
      expect(Math.abs(back / tail - 1)).toBeLessThan(1e-9);
    }),
  );
});
