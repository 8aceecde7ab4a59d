import { array, assert, double, property } from 'fast-check';
import { expect, test } from 'vitest';
import { dependenceLength } from '../../../../src/domain/judge/kayenta/dependence.ts';
import { gaussians } from '../../../../src/domain/judge/kayenta/gaussians.ts';
import { shiftNoise } from '../../../../src/domain/judge/kayenta/shift-noise.ts';

const SAMPLES = { kind: 'samples' } as const;
const next = gaussians(31);

function series(length: number, correlation: number): Float64Array {
  let value = next();
  return Float64Array.from({ length }, () => {
    value = correlation * value + Math.sqrt(1 - correlation ** 2) * next();
    return value;
  });
}

/** An AR(1) series has a length of (1 + ρ) / (1 − ρ); of a long one it is met, with a margin. */
test.each([
  [0, 1],
  [0.5, 3],
  [0.8, 9],
  [0.9, 19],
])('an AR(1) of %d has blocks of about %d', (correlation, length) => {
  const found = dependenceLength(series(50_000, correlation), 1);
  expect(found).toBeGreaterThan(length * 0.95);
  expect(found).toBeLessThan(length * 2.2);
});

test('a slow wave under fast noise is seen', () => {
  const slow = series(5000, 0.95);
  const fast = series(5000, 0);
  const mixed = slow.map((value, at) => value + (fast[at] ?? 0));
  // 1 + 2 · 0.5 · 0.95 / 0.05 = 20, where the neighbours alone tell of 2.8.
  expect(dependenceLength(mixed, 1)).toBeGreaterThan(14);
});

test.each([
  ['an empty series', [], 1],
  ['one sample', [5], 1],
  ['a constant', [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3], 1],
  ['samples that go up and down by turns', [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2], 1],
  ['a climb', Array.from({ length: 40 }, (_, at) => at), 20],
])('%s has its own length', (_name, values, length) => {
  expect(dependenceLength(Float64Array.from(values), 1)).toBe(length);
});

test('a length is at least one and at most half the samples', () => {
  const values = array(double({ min: -1e9, max: 1e9, noNaN: true }), {
    minLength: 2,
    maxLength: 100,
  });
  assert(
    property(values, (samples) => {
      const length = dependenceLength(Float64Array.from(samples), 1);
      expect(length).toBeGreaterThanOrEqual(1);
      expect(length).toBeLessThanOrEqual(Math.max(1, samples.length / 2));
    }),
  );
});

test('a version that fails in runs does not hide behind them', () => {
  const control = series(120, 0);
  const runs = series(120, 0).map((value, at) => value + (at % 40 < 30 ? 9 : 0));
  expect(dependenceLength(runs, 1)).toBeGreaterThan(10);
  expect(shiftNoise(runs, control, SAMPLES).blockLength).toBeLessThan(2.5);
  expect(shiftNoise(control, runs, SAMPLES).blockLength).toBeLessThan(2.5);
});

test('what both arms share is taken out, from an hour of minutes on', () => {
  const under = (wave: Float64Array): Float64Array => wave.map((value) => value + 0.3 * next());
  const long = series(60, 0.9);
  expect(shiftNoise(under(long), under(long), SAMPLES).sharedNoise).toBeGreaterThan(0.5);
  const short = series(59, 0.9);
  expect(shiftNoise(under(short), under(short), SAMPLES).sharedNoise).toBe(0);
  expect(shiftNoise(under(long), under(short), SAMPLES).sharedNoise).toBe(0);
});

test('arms without noise share none', () => {
  const constant = new Float64Array(80).fill(4);
  expect(shiftNoise(constant, constant, SAMPLES)).toMatchObject({
    varianceFactor: 1,
    sharedNoise: 0,
  });
});
