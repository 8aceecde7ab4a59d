import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EMPTY_HISTOGRAM,
  type Histogram,
  bucketOf,
  histogramOf,
  mergeHistograms,
  quantile,
  valueOfBucket,
} from '../../../src/domain/judge/histogram.ts';

const HOUR_MS = 3_600_000;
/** Half a bucket: what the representation itself may be off by, and rounding on top of it. */
const ERROR_MAX = 0.01;

const latency = fc.double({ min: 0.001, max: HOUR_MS, noNaN: true });
const latencies = fc.array(latency, { minLength: 1, maxLength: 200 });
const share = fc.double({ min: 0, max: 1, minExcluded: true, noNaN: true });

/** Nearest rank: the smallest value with at least the share `q` of all values at or below it. */
function exactQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted.find((_value, index) => (index + 1) / sorted.length >= q);
  if (found === undefined) throw new Error('no values');
  return found;
}

/** The same counts, whatever the order of the keys. */
function plain({ counts, total }: Histogram): unknown {
  return { counts: Object.entries(counts).toSorted(), total };
}

describe('a quantile', () => {
  test('is right within one percent of the exact one, whatever the distribution', () => {
    fc.assert(
      fc.property(latencies, share, (values, q) => {
        const exact = exactQuantile(values, q);
        const found = quantile(histogramOf(values), q) ?? Number.NaN;
        expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(ERROR_MAX);
      }),
    );
  });

  test.each([
    [0.95, 20],
    [0.95, 100],
    [0.07, 100],
    [0.29, 100],
    [0.58, 50],
  ])('of %d of %d values has the rank that a person would count', (q, count) => {
    const values = Array.from({ length: count }, (_, index) => 2 ** (index / 8));
    const found = quantile(histogramOf(values), q) ?? Number.NaN;
    expect(found / exactQuantile(values, q)).toBeCloseTo(1, 1);
  });

  test('never goes down as its share goes up', () => {
    fc.assert(
      fc.property(latencies, share, share, (values, one, other) => {
        const histogram = histogramOf(values);
        const low = quantile(histogram, Math.min(one, other)) ?? Number.NaN;
        expect(quantile(histogram, Math.max(one, other))).toBeGreaterThanOrEqual(low);
      }),
    );
  });

  test('of nothing does not exist', () => {
    expect(quantile(EMPTY_HISTOGRAM, 0.95)).toBeUndefined();
    expect(quantile(histogramOf([]), 1)).toBeUndefined();
  });

  test.each([0, -0.1, 1.01, Number.NaN, Infinity])('of the share %d is refused', (q) => {
    expect(() => quantile(histogramOf([1]), q)).toThrow(RangeError);
  });
});

describe('merging', () => {
  const histograms = fc.array(latencies.map(histogramOf), { minLength: 3, maxLength: 3 });

  test('gives the histogram of all values together', () => {
    fc.assert(
      fc.property(fc.array(latencies, { maxLength: 5 }), (parts) => {
        const merged = mergeHistograms(parts.map(histogramOf));
        expect(plain(merged)).toEqual(plain(histogramOf(parts.flat())));
      }),
    );
  });

  test('does not depend on grouping or order', () => {
    fc.assert(
      fc.property(histograms, ([a = EMPTY_HISTOGRAM, b = EMPTY_HISTOGRAM, c = EMPTY_HISTOGRAM]) => {
        const left = mergeHistograms([mergeHistograms([a, b]), c]);
        const right = mergeHistograms([a, mergeHistograms([b, c])]);
        expect(plain(left)).toEqual(plain(right));
        expect(plain(mergeHistograms([c, b, a]))).toEqual(plain(left));
        expect(plain(mergeHistograms([a, EMPTY_HISTOGRAM]))).toEqual(plain(a));
      }),
    );
  });

  test('changes none of its parts', () => {
    const part = histogramOf([1, 2]);
    mergeHistograms([part, histogramOf([1])]);
    expect(plain(part)).toEqual(plain(histogramOf([1, 2])));
  });
});

describe('a bucket', () => {
  test('has a value within one percent of all values in it', () => {
    fc.assert(
      fc.property(latency, (value) => {
        const shown = valueOfBucket(bucketOf(value));
        expect(Math.abs(shown - value) / value).toBeLessThanOrEqual(ERROR_MAX);
      }),
    );
  });

  test.each([
    ['below a thousandth of a millisecond', 0, 0.001],
    ['above an hour', HOUR_MS, 10 * HOUR_MS],
  ])('is shared by all values %s', (_name, one, other) => {
    expect(bucketOf(one)).toBe(bucketOf(other));
  });

  test.each([-1, Number.NaN, Infinity, -Infinity])('refuses %d, which is no latency', (value) => {
    expect(() => bucketOf(value)).toThrow(RangeError);
  });
});

test('a histogram crosses Temporal unchanged and stays small', () => {
  fc.assert(
    fc.property(latencies, (values) => {
      const histogram = histogramOf(values);
      expect(JSON.parse(JSON.stringify(histogram))).toEqual(histogram);
    }),
  );
  const everything = Array.from({ length: 20_000 }, (_, index) => 1.01 ** (index / 5));
  const { counts } = histogramOf(everything.filter((value) => value <= HOUR_MS));
  expect(JSON.stringify(counts).length).toBeLessThan(20_000);
});
