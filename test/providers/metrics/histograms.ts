import * as fc from 'fast-check';
import type { Bucket } from '../../../src/providers/metrics/bucket-quantile.ts';

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

export const histogram = fc
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

/** Histograms of every shape, the same in every run. */
export const HISTOGRAMS = [...SHAPES, ...fc.sample(histogram, { numRuns: 300, seed: 7 })];

/** All of them as one process would show them: the series `case_bucket`, by the label `case`. */
export function histogramExposition(): readonly string[] {
  return HISTOGRAMS.flatMap((buckets, index) =>
    buckets.map(({ upTo, count }) => {
      const le = upTo === Infinity ? '+Inf' : String(upTo);
      return `case_bucket{case="${index}",le="${le}"} ${count}\n`;
    }),
  );
}
