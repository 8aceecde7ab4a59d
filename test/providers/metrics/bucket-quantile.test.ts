import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bucket, bucketQuantile } from '../../../src/providers/metrics/bucket-quantile.ts';
import { type LocalServer, startHttp } from '../../support/local-server.ts';
import { type RealPrometheus, startPrometheus } from '../../support/real-prometheus.ts';

const QUANTILES = [0.01, 0.5, 0.9, 0.95, 0.999, 1];

/** The shapes that a process may show, on purpose or by accident. */
const SHAPES: readonly (readonly Bucket[])[] = [
  [],
  [{ upTo: Infinity, count: 10 }],
  [{ upTo: 1, count: 10 }],
  [
    { upTo: 1, count: 0 },
    { upTo: Infinity, count: 0 },
  ],
  [
    { upTo: 0.1, count: 5 },
    { upTo: 0.5, count: 10 },
  ],
  [
    { upTo: 0.1, count: 0 },
    { upTo: Infinity, count: 10 },
  ],
  [
    { upTo: 0.1, count: 10 },
    { upTo: Infinity, count: 10 },
  ],
  [
    { upTo: -1, count: 5 },
    { upTo: 0, count: 7 },
    { upTo: 2, count: 9 },
    { upTo: Infinity, count: 10 },
  ],
  // A lower bucket with more than a higher one: two of them were read at different moments.
  [
    { upTo: 0.1, count: 50 },
    { upTo: 0.2, count: 40 },
    { upTo: 0.4, count: 90 },
    { upTo: Infinity, count: 80 },
  ],
  [
    { upTo: Infinity, count: 30 },
    { upTo: 0.2, count: 20 },
    { upTo: 0.1, count: 10 },
  ],
];

const histogram = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 10_000 }), fc.nat(1000)), {
    minLength: 1,
    maxLength: 12,
  })
  .chain((steps) => fc.tuple(fc.constant(steps), fc.nat(1000)))
  .map(([steps, above]): readonly Bucket[] => {
    const bounds = [...new Map(steps)].toSorted(([a], [b]) => a - b);
    let total = 0;
    const buckets = bounds.map(([bound, count]) => ({
      upTo: bound / 100,
      count: (total += count),
    }));
    return [...buckets, { upTo: Infinity, count: total + above }];
  });

describe('the quantile of a histogram', () => {
  const cases = [...SHAPES, ...fc.sample(histogram, { numRuns: 300, seed: 7 })];
  let target: LocalServer;
  let prometheus: RealPrometheus;

  beforeAll(async () => {
    const lines = cases.flatMap((buckets, index) =>
      buckets.map(({ upTo, count }) => {
        const le = upTo === Infinity ? '+Inf' : String(upTo);
        return `case_bucket{case="${index}",le="${le}"} ${count}\n`;
      }),
    );
    target = await startHttp((_request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(lines.join(''));
    });
    const shop = `${target.host}:${target.port}`;
    prometheus = await startPrometheus({ targets: { shop } });
    await prometheus.until('case_bucket', lines.length);
  });
  afterAll(async () => {
    await prometheus.close();
    await target.close();
  });

  test.each(QUANTILES)('%d is that of histogram_quantile of Prometheus', async (q) => {
    const answers = await prometheus.query(`sum by (case) (histogram_quantile(${q}, case_bucket))`);
    expect(answers.size).toBe(cases.length - 1);
    for (const [index, buckets] of cases.entries()) {
      const theirs = answers.get(JSON.stringify({ case: String(index) })) ?? Number.NaN;
      const ours = bucketQuantile(q, buckets) ?? Number.NaN;
      expect({ buckets, q, value: ours }).toEqual({
        buckets,
        q,
        value: Number.isNaN(theirs) ? Number.NaN : expect.closeTo(theirs, 9),
      });
    }
  });
});

test('lies within the bucket that holds the rank', () => {
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
