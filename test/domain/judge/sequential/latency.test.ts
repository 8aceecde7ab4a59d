import { expect, test } from 'vitest';
import { latencySeries } from '../../../../bench/judge/generators.ts';
import type { LatencyShift } from '../../../../bench/judge/generators.ts';
import { seeded } from '../../../../bench/judge/random.ts';
import { histogramOf, quantile } from '../../../../src/domain/judge/histogram.ts';
import {
  addToCells,
  cellQuantile,
  EMPTY_CELLS,
  largestRise,
} from '../../../../src/domain/judge/sequential/latency-cells.ts';
import { beginLatency, lookLatency } from '../../../../src/domain/judge/sequential/latency.ts';

function run(shift: Partial<LatencyShift>, { seed = 1, looks = 120 } = {}) {
  const series = latencySeries(seeded(seed), { all: 1, top: 1, wander: 0, ...shift });
  if (series.kind !== 'latency') throw new Error(series.kind);
  let state = beginLatency({ alpha: 0.01, history: series.history });
  for (const [index, block] of series.blocks.slice(0, looks).entries()) {
    const looked = lookLatency(state, [block]);
    ({ state } = looked);
    if (looked.reading.decision === 'worse') return { atLook: index + 1, ...looked };
  }
  return { atLook: null, ...lookLatency(state, []) };
}

test('30 % more is found within three minutes of 300 requests, at the quantiles that rose', () => {
  const { atLook, reading } = run({ all: 1.3 });
  expect(atLook).toBeLessThanOrEqual(3);
  const median = reading.quantiles.find(({ level }) => level === 0.5);
  expect((median?.candidateMs ?? 0) / (median?.baselineMs ?? 1)).toBeGreaterThan(1.1);
  expect(reading.quantiles.some(({ isRisen }) => isRisen)).toBe(true);
  expect(reading.reason).toMatch(
    /^p\d+(\.\d)? [\d.]+ ms on the baseline, [\d.]+ ms on the candidate/,
  );
});

test('a rise in only the slowest hundredth is found, and told of the tail alone', () => {
  const { atLook, reading } = run({ top: 3 });
  expect(atLook).not.toBeNull();
  const risen = reading.quantiles.filter(({ isRisen }) => isRisen).map(({ level }) => level);
  expect(risen.length).toBeGreaterThan(0);
  expect(risen.every((level) => level >= 0.99)).toBe(true);
});

test('1 % more is below what counts', () => {
  expect(run({ all: 1.01 }).atLook).toBeNull();
});

test('1 % more does not fail ten million requests either', () => {
  const buckets = Array.from({ length: 200 }, (_, i) => Math.exp(0.5 * (i / 100 - 1) * 3));
  const weigh = (factor: number) => {
    const { counts } = histogramOf(buckets.map((value) => 100 * factor * value));
    const many = Object.entries(counts).map(([key, count]) => [key, count * 50_000] as const);
    return { counts: Object.fromEntries(many), total: 200 * 50_000 };
  };
  const history = Array.from({ length: 240 }, () => histogramOf(buckets.map((v) => 100 * v)));
  const begun = beginLatency({ alpha: 0.01, history });
  const at = (factor: number, blocks: number) => {
    const block = { baseline: weigh(1), candidate: weigh(factor) };
    const { reading } = lookLatency(begun, Array.from({ length: blocks }, () => block));
    return reading.decision;
  };
  expect(at(1.01, 3)).not.toBe('worse');
  expect(at(1.1, 3)).toBe('worse');
  // However many requests: one slow moment, or two, are no pattern.
  expect(at(1.1, 2)).not.toBe('worse');
});

test('minutes that wander by 10 % are not told apart in more than 1 of 20 runs', () => {
  let worse = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    if (run({ wander: 0.1 }, { seed, looks: 60 }).atLook !== null) worse += 1;
  }
  expect(worse).toBeLessThanOrEqual(1);
});

test('arms that are alike are not worse once all main quantiles are known well enough', () => {
  let state = beginLatency({ alpha: 0.01, history: [] });
  const values = Array.from({ length: 1000 }, (_, i) => 50 + (i % 100));
  const block = { baseline: histogramOf(values), candidate: histogramOf(values) };
  const decisions = Array.from({ length: 60 }, () => {
    const looked = lookLatency(state, [block]);
    ({ state } = looked);
    return looked.reading.decision;
  });
  expect(decisions[0]).toBe('unknown');
  expect(decisions.at(-1)).toBe('not_worse');
});

test('cells keep every request, and quantiles within their width', () => {
  const random = seeded(4);
  let cells = EMPTY_CELLS;
  const all: number[] = [];
  for (let block = 0; block < 30; block += 1) {
    // From microseconds to minutes, in no order.
    const values = Array.from({ length: 50 }, () => 10 ** (8 * random.uniform() - 3));
    all.push(...values);
    const histogram = histogramOf(values);
    cells = addToCells(cells, { baseline: histogram, candidate: histogram });
  }
  expect(cells.baseline.length).toBeLessThanOrEqual(96);
  expect(cells.baseline.reduce((sum, count) => sum + count, 0)).toBe(all.length);
  expect(cells.candidate).toEqual(cells.baseline);
  for (const level of [0.1, 0.5, 0.9, 0.99]) {
    const exact = quantile(histogramOf(all), level) ?? NaN;
    const ratio = (cellQuantile(cells, cells.baseline, level) ?? NaN) / exact;
    expect(Math.abs(Math.log(ratio))).toBeLessThanOrEqual(cells.width * Math.log(1.02) * 1.01);
  }
  expect(cellQuantile(cells, cells.baseline, 1)).toBeNull();
  expect(cellQuantile(cells, cells.baseline, 0)).toBe(0);
  expect(cellQuantile(EMPTY_CELLS, [], 0.5)).toBeNull();
});

test('the largest rise is that of the shares of slower requests, beyond the shift', () => {
  const baseline = histogramOf([100, 100, 100, 100]);
  const candidate = histogramOf([100, 100, 100, 200]);
  const cells = addToCells(EMPTY_CELLS, { baseline, candidate });
  expect(largestRise(cells, 1)).toBe(0.25);
  expect(largestRise(cells, 1000)).toBe(0);
  const faster = addToCells(EMPTY_CELLS, { baseline: candidate, candidate: baseline });
  expect(largestRise(faster, 0)).toBe(0);
});
