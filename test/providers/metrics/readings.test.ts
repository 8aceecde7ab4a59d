import { expect, test } from 'vitest';
import { createReadings } from '../../../src/providers/metrics/readings.ts';

const MINUTE_MS = 60_000;

function at(...times: number[]) {
  const readings = createReadings<{ readonly atMs: number }>();
  for (const atMs of times) readings.add('a', { atMs });
  return (fromMs: number, beforeMs = Infinity) => readings.beginning('a', fromMs, beforeMs)?.atMs;
}

test.each([
  ['the last before it', [10, 20, 30], 25, 20],
  ['one at its very moment', [10, 20, 30], 20, 20],
  ['the first within it, where none is before', [10, 20], 5, 10],
  ['none of what comes after the present reading', [30, 40], 5, undefined],
])('a window begins with %s', (_name, times, fromMs, expected) => {
  expect(at(...times)(fromMs, 30)).toBe(expected);
});

test('a series that was never read has no beginning', () => {
  expect(createReadings().beginning('a', 0, 1)).toBeUndefined();
});

test('what is older than a quarter of an hour is forgotten', () => {
  const beginning = at(0, 10 * MINUTE_MS, 15 * MINUTE_MS);
  expect(beginning(0)).toBe(10 * MINUTE_MS);
});

test('a thousand readings of a series are kept, and ten thousand series', () => {
  const readings = createReadings<{ readonly atMs: number }>();
  for (let atMs = 0; atMs < 1500; atMs += 1) readings.add('a', { atMs });
  expect(readings.beginning('a', 0, Infinity)).toEqual({ atMs: 500 });
  for (let key = 0; key < 10_000; key += 1) readings.add(`b${key}`, { atMs: 2000 });
  expect(readings.beginning('a', 0, Infinity)).toBeUndefined();
  expect(readings.beginning('b0', 0, Infinity)).toEqual({ atMs: 2000 });
});
