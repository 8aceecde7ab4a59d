import { expect, test } from 'vitest';
import { countsSeries } from '../../../../bench/judge/generators.ts';
import type { CountsKind } from '../../../../bench/judge/generators.ts';
import { seeded } from '../../../../bench/judge/random.ts';
import { beginCounts, lookCounts } from '../../../../src/domain/judge/sequential/counts.ts';
import type { CountsBlock, CountsOptions } from '../../../../src/domain/judge/sequential/counts.ts';

const STEADY = Array.from({ length: 480 }, (_, i) => ({ events: 3 + ((i * 7) % 5), units: 1000 }));
const OPTIONS: CountsOptions = { alpha: 0.01, split: 0.5, history: STEADY };

function blocks(count: number, block: CountsBlock): CountsBlock[] {
  return Array.from({ length: count }, () => block);
}

test('three times the errors are worse within five blocks, and told in a sentence', () => {
  const { reading } = lookCounts(
    beginCounts(OPTIONS),
    blocks(5, { baseline: 5, candidate: 15, units: { baseline: 1000, candidate: 1000 } }),
  );
  expect(reading.decision).toBe('worse');
  expect(reading.effect?.estimate).toBeCloseTo(3, 9);
  expect(reading.effect?.low).toBeGreaterThan(1);
  expect(reading.dispersion).toBe(1);
  expect(reading.reason).toMatch(
    /^75 events on the candidate, 25 on the baseline, ratio 3 \(1\.\d+ to \d\.\d+\) at 50 % of/,
  );
});

test('one burst of errors among a steady few is no reason to go back', () => {
  // 80 errors in one minute are as many as the whole hour has beside them.
  const hour = [...blocks(29, { baseline: 2, candidate: 2 }), { baseline: 2, candidate: 80 }];
  const bursty = Array.from({ length: 480 }, (_, i) => ({ events: i % 30 === 0 ? 60 : 2 }));
  const { reading } = lookCounts(beginCounts({ ...OPTIONS, history: bursty }), hour);
  expect(reading.decision).toBe('unknown');
});

test('one block decides nothing, however many errors it has; a pattern of them does', () => {
  const begun = beginCounts(OPTIONS);
  const outage = { baseline: 5, candidate: 400 };
  expect(lookCounts(begun, [outage]).reading).toMatchObject({ decision: 'unknown', pValue: 1 });
  const even = blocks(4, { baseline: 5, candidate: 5 });
  expect(lookCounts(begun, [...even.slice(1), outage, ...even.slice(3)]).reading.decision).toBe(
    'unknown',
  );
  expect(lookCounts(begun, blocks(2, outage)).reading.decision).toBe('worse');
});

test('a burst of wanted events that are missing decides nothing either', () => {
  const orders = beginCounts({ ...OPTIONS, worse: 'fewer' });
  const even = blocks(3, { baseline: 5, candidate: 5 });
  const { reading } = lookCounts(orders, [...even, { baseline: 200, candidate: 0 }]);
  expect(reading.decision).toBe('unknown');
});

test('after a calm history a bursty run is judged by its own bursts from the third block on', () => {
  const bursty = [1, 20, 3, 0, 16, 2].map((baseline) => ({ baseline, candidate: 12 }));
  const at = (count: number) => lookCounts(beginCounts(OPTIONS), bursty.slice(0, count)).reading;
  expect(at(2).dispersion).toBe(1);
  expect(at(3).dispersion).toBeGreaterThan(1.2);
  expect(at(6).dispersion).toBeGreaterThan(at(3).dispersion ?? Infinity);
});

test('a service that never erred and now errs is found, as if errors came ten at a time', () => {
  const silent = STEADY.map((block) => ({ ...block, events: 0 }));
  const { reading } = lookCounts(
    beginCounts({ ...OPTIONS, history: silent }),
    blocks(4, { baseline: 0, candidate: 60, units: { baseline: 900, candidate: 900 } }),
  );
  expect(reading).toMatchObject({ decision: 'worse', dispersion: 10, effect: null });
});

test('where only the candidate errs it is found however the split of the traffic wavers', () => {
  const foundAt = Array.from({ length: 50 }, (_, seed) => {
    const random = seeded(seed + 1);
    let state = beginCounts({ ...OPTIONS, history: [] });
    for (let block = 1, served = 0; block <= 120; block += 1) {
      const units = { baseline: 52 + Math.floor(random.uniform() * 7), candidate: 55 };
      const before = Math.floor(served / 30);
      served += units.candidate;
      const candidate = Math.floor(served / 30) - before;
      const looked = lookCounts(state, [{ baseline: 0, candidate, units }]);
      if (looked.reading.decision === 'worse') return block;
      ({ state } = looked);
    }
    return Infinity;
  });
  expect(Math.max(...foundAt)).toBeLessThanOrEqual(60);
});

test('a candidate with as many errors is not worse once half as many more are ruled out', () => {
  const even = { baseline: 20, candidate: 20, units: { baseline: 1000, candidate: 1000 } };
  let state = beginCounts(OPTIONS);
  const decisions = blocks(60, even).map((block) => {
    const looked = lookCounts(state, [block]);
    ({ state } = looked);
    return looked.reading.decision;
  });
  expect(decisions[0]).toBe('unknown');
  expect(decisions.at(-1)).toBe('not_worse');
  expect(decisions).not.toContain('worse');
});

test('a candidate without any error is not worse where its requests are seen, else unknown', () => {
  const units = { baseline: 900, candidate: 900 };
  const at = (block: CountsBlock) => lookCounts(beginCounts(OPTIONS), blocks(10, block)).reading;
  expect(at({ baseline: 20, candidate: 0, units })).toMatchObject({
    decision: 'not_worse',
    effect: { estimate: 0, low: null },
  });
  expect(at({ baseline: 20, candidate: 0 })).toMatchObject({
    decision: 'unknown',
    reason: 'the candidate reports neither events nor requests',
  });
  const idle = { baseline: 900, candidate: 0 };
  expect(at({ baseline: 20, candidate: 0, units: idle }).decision).toBe('unknown');
  expect(at({ baseline: 0, candidate: 500 })).toMatchObject({
    decision: 'unknown',
    reason: 'the baseline reports neither events nor requests',
  });
});

test('fewer orders are worse where orders are wanted', () => {
  const orders = beginCounts({ ...OPTIONS, worse: 'fewer' });
  const { reading } = lookCounts(orders, blocks(20, { baseline: 20, candidate: 8 }));
  expect(reading.decision).toBe('worse');
  expect(reading.effect?.estimate).toBeCloseTo(0.4, 9);
  expect(reading.effect?.high).toBeLessThan(1);
});

test('at a tenth of the traffic a tenth of the errors is no rise', () => {
  const begun = beginCounts({ ...OPTIONS, split: 0.1 });
  const { reading } = lookCounts(begun, blocks(60, { baseline: 90, candidate: 10 }));
  expect(reading.effect?.estimate).toBeCloseTo(1, 9);
  expect(reading.decision).not.toBe('worse');
});

test('a router that sends more than intended is no rise where the requests are known', () => {
  const units = { baseline: 800, candidate: 200 };
  const begun = beginCounts({ ...OPTIONS, split: 0.1 });
  const block = { baseline: 80, candidate: 20 };
  const told = lookCounts(begun, blocks(60, { ...block, units })).reading;
  const untold = lookCounts(begun, blocks(60, block)).reading;
  expect(told.decision).not.toBe('worse');
  expect(untold.decision).toBe('worse');
});

test('without history a person is told how many blocks had events, not how many there were', () => {
  const quiet = blocks(50, { baseline: 0, candidate: 0 });
  const begun = beginCounts({ ...OPTIONS, history: [] });
  const { reading } = lookCounts(begun, [...quiet, ...blocks(10, { baseline: 3, candidate: 3 })]);
  expect(reading).toMatchObject({
    decision: 'unknown',
    reason: 'how events bunch is not known without history until 45 blocks had any, 10 of 60 did',
  });
});

test('worse stays worse when the errors end', () => {
  let { state } = lookCounts(beginCounts(OPTIONS), blocks(5, { baseline: 5, candidate: 20 }));
  ({ state } = lookCounts(state, blocks(1000, { baseline: 5, candidate: 5 })));
  expect(lookCounts(state, []).reading.decision).toBe('worse');
});

test.each(['poisson', 'sharedLoad', 'bursts', 'ar50', 'ar80', 'ar90'] satisfies CountsKind[])(
  'alike arms of %s are told apart in at most 6 of 200 runs of 120 looks',
  (kind) => {
    let worse = 0;
    for (let seed = 20_001; seed <= 20_200; seed += 1) {
      const series = countsSeries(kind, seeded(seed), 1);
      if (series.kind !== 'counts') throw new Error(series.kind);
      let state = beginCounts({ alpha: 0.01, split: 0.5, history: series.history });
      for (const block of series.blocks) ({ state } = lookCounts(state, [block]));
      if (state.pValue <= 0.01) worse += 1;
    }
    expect(worse).toBeLessThanOrEqual(6);
  },
);
