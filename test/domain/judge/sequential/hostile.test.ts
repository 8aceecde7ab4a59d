import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginCounts, lookCounts } from '../../../../src/domain/judge/sequential/counts.ts';
import { beginLatency, lookLatency } from '../../../../src/domain/judge/sequential/latency.ts';
import { beginMeans, lookMeans } from '../../../../src/domain/judge/sequential/means.ts';
import {
  beginProportions,
  lookProportions,
} from '../../../../src/domain/judge/sequential/proportions.ts';
import type { TestReading } from '../../../../src/domain/judge/sequential/test-reading.ts';

const odd = fc.constantFrom(NaN, Infinity, -Infinity, -1, 0.5, 2 ** 53, 1e300);
const count = fc.oneof(
  { weight: 9, arbitrary: fc.oneof(fc.nat(20), fc.nat(1_000_000)) },
  { weight: 1, arbitrary: odd },
);
const value = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: -1e6, max: 1e6 }) },
  { weight: 1, arbitrary: fc.double() },
);
const options = { alpha: 0.01, history: [] };

/** Whatever comes in, what goes out is plain JSON, and its numbers are in their ranges. */
function expectSound({
  state,
  reading,
}: {
  readonly state: unknown;
  readonly reading: TestReading;
}) {
  expect(viaJson(state)).toEqual(viaJson(viaJson(state)));
  expect(JSON.stringify(state)).not.toContain('null,null,null');
  expect(viaJson(reading)).toEqual(reading);
  expect(reading.pValue).toBeGreaterThanOrEqual(0);
  expect(reading.pValue).toBeLessThanOrEqual(1);
  expect(reading.eValue).toBeGreaterThanOrEqual(0);
  const { low = null, high = null } = reading.effect ?? {};
  if (low !== null && high !== null) expect(low).toBeLessThanOrEqual(high);
}

function viaJson(it: unknown): unknown {
  return JSON.parse(JSON.stringify(it));
}

test('counts of any kind give sound readings', () => {
  const units = fc.option(fc.record({ baseline: count, candidate: count }), { nil: undefined });
  const block = fc
    .record({ baseline: count, candidate: count, units })
    .map(({ units: of, ...arms }) => (of === undefined ? arms : { ...arms, units: of }));
  const split = fc.constantFrom(0.01, 0.5, 0.9);
  const worse = fc.constantFrom('more' as const, 'fewer' as const);
  fc.assert(
    fc.property(fc.array(block, { maxLength: 80 }), split, worse, (blocks, share, which) => {
      const begun = beginCounts({ ...options, split: share, worse: which });
      expectSound(lookCounts(begun, blocks));
      let state = begun;
      for (const each of blocks) {
        const looked = lookCounts(state, [each]);
        expectSound(looked);
        ({ state } = looked);
      }
    }),
    { numRuns: 60 },
  );
});

test('proportions of any kind give sound readings', () => {
  const arm = fc.record({ trials: count, successes: fc.oneof(fc.nat(20), count) });
  const blocks = fc.array(fc.record({ baseline: arm, candidate: arm }), { maxLength: 60 });
  fc.assert(
    fc.property(blocks, (all) => {
      let state = beginProportions({ ...options, dispersion: 'independent' });
      for (const block of all) {
        const looked = lookProportions(state, [block]);
        expectSound(looked);
        ({ state } = looked);
      }
    }),
    { numRuns: 60 },
  );
});

test('means of any kind give sound readings', () => {
  const blocks = fc.array(fc.record({ baseline: value, candidate: value }), { maxLength: 80 });
  fc.assert(
    fc.property(blocks, (all) => {
      let state = beginMeans(options);
      for (const block of all) {
        const looked = lookMeans(state, [block]);
        expectSound(looked);
        ({ state } = looked);
      }
    }),
    { numRuns: 60 },
  );
});

test('histograms of any kind give sound readings', () => {
  const bucket = fc.integer({ min: -349, max: 763 }).map(String);
  const counts = fc.dictionary(bucket, count, { maxKeys: 8 });
  const histogram = fc.tuple(counts, fc.boolean()).map(([of, isTrue]) => ({
    counts: of,
    total: isTrue ? Object.values(of).reduce((sum, each) => sum + each, 0) : 7,
  }));
  const blocks = fc.array(fc.record({ baseline: histogram, candidate: histogram }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(blocks, (all) => {
      let state = beginLatency(options);
      for (const block of all) {
        const looked = lookLatency(state, [block]);
        expectSound(looked);
        ({ state } = looked);
      }
    }),
    { numRuns: 40 },
  );
});
