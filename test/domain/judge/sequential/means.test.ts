import { expect, test } from 'vitest';
import { meansSeries } from '../../../../bench/judge/generators.ts';
import { seeded } from '../../../../bench/judge/random.ts';
import { beginMeans, lookMeans } from '../../../../src/domain/judge/sequential/means.ts';
import type { MeansBlock } from '../../../../src/domain/judge/sequential/means.ts';

function run(
  given: { readonly phi: number; readonly ratio: number; readonly scale?: number },
  seed = 1,
) {
  const series = meansSeries(seeded(seed), { scale: 1, ...given });
  if (series.kind !== 'means') throw new Error(series.kind);
  let state = beginMeans({ alpha: 0.01, history: series.history });
  return series.blocks.map((block) => {
    const looked = lookMeans(state, [block]);
    ({ state } = looked);
    return looked.reading;
  });
}

test.each([1e9, 1, 1e-3, 1e-6, 1e-9, 1e-12])('30 %% more is found at a scale of %d', (scale) => {
  const readings = run({ phi: 0, ratio: 1.3, scale });
  expect(readings.at(-1)?.decision).toBe('worse');
  const found = (all: typeof readings) => all.findIndex(({ decision }) => decision === 'worse');
  expect(found(readings)).toBe(found(run({ phi: 0, ratio: 1.3 })));
  const { effect } = readings.at(-1) ?? {};
  expect((effect?.estimate ?? 0) / scale).toBeGreaterThan(0.2);
  expect((effect?.low ?? 0) / scale).toBeGreaterThan(0);
});

test('1 % more is never worse, however long it lasts: the least change that counts is 2 %', () => {
  const series = { phi: 0, ratio: 1.01 };
  for (let seed = 1; seed <= 20; seed += 1) {
    expect(run(series, seed).map(({ decision }) => decision)).not.toContain('worse');
  }
  const long = Array.from({ length: 20_000 }, (_, i) => ({
    baseline: 100 + (i % 5),
    candidate: 101 + ((i * 3) % 5),
  }));
  expect(lookMeans(beginMeans({ alpha: 0.01, history: [] }), long).reading.decision).toBe(
    'not_worse',
  );
});

test('a series of 0.9 that wanders apart for half an hour is not worse', () => {
  let worse = 0;
  for (let seed = 30_001; seed <= 30_200; seed += 1) {
    if (run({ phi: 0.9, ratio: 1 }, seed).some(({ decision }) => decision === 'worse')) worse += 1;
  }
  expect(worse).toBeLessThanOrEqual(6);
});

test('a load that both arms share does not hide what sets them apart', () => {
  const load = (minute: number): number => 1 + 0.8 * Math.sin((2 * Math.PI * minute) / 60);
  const random = seeded(5);
  const blocks = Array.from({ length: 120 }, (_, minute): MeansBlock => ({
    baseline: load(minute) + 0.05 * random.normal(),
    candidate: load(minute) + 0.1 + 0.05 * random.normal(),
  }));
  expect(lookMeans(beginMeans({ alpha: 0.01, history: [] }), blocks).reading.decision).toBe(
    'worse',
  );
});

test('7 of 10 blocks a hundred times worse are worse', () => {
  const history = Array.from({ length: 240 }, () => 1);
  const blocks = Array.from({ length: 10 }, (_, i) => ({
    baseline: 1,
    candidate: i < 7 ? 100 : 1,
  }));
  expect(lookMeans(beginMeans({ alpha: 0.01, history }), blocks).reading.decision).toBe('worse');
});

test('less is worse where more is wanted', () => {
  const history = Array.from({ length: 240 }, (_, i) => 10 + (i % 3));
  const blocks = Array.from({ length: 10 }, () => ({ baseline: 11, candidate: 5 }));
  const begun = beginMeans({ alpha: 0.01, history, worse: 'lower' });
  const { reading } = lookMeans(begun, blocks);
  expect(reading.decision).toBe('worse');
  expect(reading.reason).toMatch(/^mean 5 on the candidate, 11 on the baseline, difference -6 \(/);
});

test('arms that are the same and never vary are not worse', () => {
  const blocks = Array.from({ length: 60 }, () => ({ baseline: 3, candidate: 3 }));
  const { reading } = lookMeans(beginMeans({ alpha: 0.01, history: [] }), blocks);
  expect(reading.decision).toBe('not_worse');
  expect(reading.effect).toEqual({
    estimate: 0,
    low: expect.any(Number),
    high: expect.any(Number),
  });
});

test('the interval holds the true difference at all looks, in at least 97 of 100 runs', () => {
  let missed = 0;
  for (let seed = 1; seed <= 100; seed += 1) {
    const isMissed = run({ phi: 0.5, ratio: 1.2 }, seed).some(
      ({ effect }) =>
        effect !== null && ((effect.low ?? -Infinity) > 0.2 || (effect.high ?? Infinity) < 0.2),
    );
    if (isMissed) missed += 1;
  }
  expect(missed).toBeLessThanOrEqual(3);
});
