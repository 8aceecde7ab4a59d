import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketQuantile } from '../../../src/providers/metrics/bucket-quantile.ts';
import { histogram } from './histograms.ts';

// That it is the one of Prometheus is tested beside the other questions to a real one.

test('a quantile lies within the bucket that holds the rank', () => {
  fc.assert(
    fc.property(histogram, fc.double({ min: 0.01, max: 1, noNaN: true }), (buckets, q) => {
      const found = bucketQuantile(q, buckets);
      const total = buckets.at(-1)?.count ?? 0;
      if (total === 0) return expect(found).toBeUndefined();
      const at = buckets.findIndex(({ count }) => count >= q * total);
      const bounds = [0, ...buckets.map(({ upTo }) => upTo)];
      expect(found).toBeGreaterThanOrEqual(bounds[at] ?? Number.NaN);
      expect(found).toBeLessThanOrEqual(bounds[at + 1] ?? Number.NaN);
    }),
  );
});

test('a count that is no number is no quantile', () => {
  const buckets = [
    { upTo: 1, count: Number.NaN },
    { upTo: Infinity, count: 10 },
  ];
  expect(bucketQuantile(0.95, buckets)).toBeUndefined();
});
