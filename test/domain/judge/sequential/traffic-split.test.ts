import { expect, test } from 'vitest';
import { seeded } from '../../../../bench/judge/random.ts';
import {
  beginTrafficSplit,
  lookTrafficSplit,
} from '../../../../src/domain/judge/sequential/traffic-split.ts';

test('3 % where 10 % are intended is a mismatch, and is said so', () => {
  const begun = beginTrafficSplit({ split: 0.1, alpha: 0.001 });
  const { reading } = lookTrafficSplit(begun, { baseline: 970, candidate: 30 });
  expect(reading).toMatchObject({
    decision: 'mismatch',
    reason: 'traffic split is 3 %, intended 10 %',
  });
});

test('a mismatch stays one when the traffic becomes right later', () => {
  let state = beginTrafficSplit({ split: 0.1, alpha: 0.001 });
  ({ state } = lookTrafficSplit(state, { baseline: 970, candidate: 30 }));
  const { reading } = lookTrafficSplit(state, { baseline: 90_000, candidate: 10_000 });
  expect(reading.decision).toBe('mismatch');
});

test('at millions of requests a tenth of a point is no mismatch', () => {
  const begun = beginTrafficSplit({ split: 0.1, alpha: 0.001 });
  const { reading } = lookTrafficSplit(begun, { baseline: 8_990_000, candidate: 1_010_000 });
  expect(reading.pValue).toBeLessThan(1e-6);
  expect(reading.decision).toBe('as_intended');
});

test.each([
  ['no unit yet', { baseline: 0, candidate: 0 }],
  ['too few units', { baseline: 98, candidate: 1 }],
  ['NaN', { baseline: NaN, candidate: 1000 }],
  ['a negative count', { baseline: 1000, candidate: -1 }],
  ['half a unit', { baseline: 1000.5, candidate: 100 }],
])('%s is unknown', (_, units) => {
  const begun = beginTrafficSplit({ split: 0.5, alpha: 0.001 });
  const { state, reading } = lookTrafficSplit(begun, units);
  expect(reading.decision).toBe('unknown');
  expect(reading.reason).not.toBe('');
  expect(JSON.parse(JSON.stringify(reading))).toEqual(reading);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

test.each([0, 1, -0.1, NaN])('a split of %d is refused', (split) => {
  expect(() => beginTrafficSplit({ split, alpha: 0.01 })).toThrow(RangeError);
});

test('a router that does as it was told is accused in at most 1 % of 500 runs of 120 looks', () => {
  let accused = 0;
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = seeded(seed);
    let state = beginTrafficSplit({ split: 0.1, alpha: 0.01, tolerance: 0 });
    for (let look = 0; look < 120; look += 1) {
      const units = { baseline: random.poisson(45), candidate: random.poisson(5) };
      ({ state } = lookTrafficSplit(state, units));
    }
    if (state.isMismatched) accused += 1;
  }
  expect(accused).toBeLessThanOrEqual(5);
});
