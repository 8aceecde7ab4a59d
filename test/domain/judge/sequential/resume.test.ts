import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { countsSeries, latencySeries, meansSeries } from '../../../../bench/judge/generators.ts';
import { seeded } from '../../../../bench/judge/random.ts';
import { beginCounts, lookCounts } from '../../../../src/domain/judge/sequential/counts.ts';
import { beginLatency, lookLatency } from '../../../../src/domain/judge/sequential/latency.ts';
import { beginMeans, lookMeans } from '../../../../src/domain/judge/sequential/means.ts';
import {
  beginProportions,
  lookProportions,
} from '../../../../src/domain/judge/sequential/proportions.ts';

const ALPHA = 0.01;

/** Looks at every block, through JSON after each when `resumed`. */
function readings<State, Block, TestReading>(
  begun: State,
  blocks: readonly Block[],
  look: (
    state: State,
    blocks: readonly Block[],
  ) => { readonly state: State; readonly reading: TestReading },
  resumed: (state: State) => State,
) {
  let state = begun;
  return {
    all: blocks.map((block) => {
      const looked = look(state, [block]);
      state = resumed(looked.state);
      return looked.reading;
    }),
    state,
  };
}

function viaJson<State>(state: State): State {
  return JSON.parse(JSON.stringify(state));
}

function expectSame<State, Block, TestReading>(
  begun: State,
  blocks: readonly Block[],
  look: (
    state: State,
    blocks: readonly Block[],
  ) => { readonly state: State; readonly reading: TestReading },
): void {
  const whole = readings(begun, blocks, look, (state) => state);
  const resumed = readings(begun, blocks, look, viaJson);
  expect(resumed.all).toEqual(whole.all);
  expect(viaJson(whole.all)).toEqual(whole.all);
}

const seed = fc.integer({ min: 1, max: 1_000_000 });
const ratio = fc.constantFrom(0.2, 1, 1.5, 4);

test('counts that are resumed from JSON after every look read the same', () => {
  fc.assert(
    fc.property(seed, ratio, fc.boolean(), (from, by, hasHistory) => {
      const series = countsSeries('bursts', seeded(from), by);
      if (series.kind !== 'counts') throw new Error(series.kind);
      const history = hasHistory ? series.history : [];
      expectSame(beginCounts({ alpha: ALPHA, split: 0.5, history }), series.blocks, lookCounts);
    }),
    { numRuns: 15 },
  );
});

test('means that are resumed from JSON after every look read the same', () => {
  fc.assert(
    fc.property(seed, ratio, (from, by) => {
      const series = meansSeries(seeded(from), { phi: 0.5, ratio: by, scale: 1e6 });
      if (series.kind !== 'means') throw new Error(series.kind);
      expectSame(beginMeans({ alpha: ALPHA, history: series.history }), series.blocks, lookMeans);
    }),
    { numRuns: 15 },
  );
});

test('proportions that are resumed from JSON after every look read the same', () => {
  const arm = fc
    .tuple(fc.nat(200), fc.nat(200))
    .map(([one, other]) => ({ trials: one + other, successes: one }));
  const blocks = fc.array(fc.record({ baseline: arm, candidate: arm }), { maxLength: 60 });
  fc.assert(
    fc.property(blocks, (all) => {
      expectSame(beginProportions({ alpha: ALPHA, history: [] }), all, lookProportions);
    }),
    { numRuns: 50 },
  );
});

test('latencies that are resumed from JSON after every look read the same', () => {
  for (const all of [1, 1.3]) {
    const series = latencySeries(seeded(1), { all, top: 1, wander: 0.1 });
    if (series.kind !== 'latency') throw new Error(series.kind);
    expectSame(
      beginLatency({ alpha: ALPHA, history: series.history }),
      series.blocks.slice(0, 60),
      lookLatency,
    );
  }
});

test('after 5,000 blocks no state is larger than 4 KB', () => {
  const random = seeded(7);
  const blocks = Array.from({ length: 5000 }, () => ({
    baseline: random.poisson(50),
    candidate: random.poisson(5000),
    units: { baseline: 900_000 + random.poisson(9), candidate: 100_000 + random.poisson(9) },
  }));
  const counts = lookCounts(beginCounts({ alpha: ALPHA, split: 0.1, history: [] }), blocks);
  const values = blocks.map(() => ({
    baseline: 1e9 * (1 + random.uniform()),
    candidate: 1e9 * (1 + random.uniform()),
  }));
  const means = lookMeans(beginMeans({ alpha: ALPHA, history: [] }), values);
  const trials = blocks.map(() => ({
    baseline: { trials: 1000 + random.poisson(9), successes: random.poisson(30) },
    candidate: { trials: 1000 + random.poisson(9), successes: random.poisson(30) },
  }));
  const proportions = lookProportions(beginProportions({ alpha: ALPHA, history: [] }), trials);
  for (const { state } of [counts, means, proportions]) {
    expect(JSON.stringify(state).length).toBeLessThanOrEqual(4096);
  }
});

test('a state of latencies stays within 4 KB', () => {
  const series = latencySeries(seeded(3), { all: 1.01, top: 40, wander: 0.3 });
  if (series.kind !== 'latency') throw new Error(series.kind);
  let state = beginLatency({ alpha: ALPHA, history: series.history });
  for (let turn = 0; turn < 20; turn += 1) ({ state } = lookLatency(state, series.blocks));
  expect(JSON.stringify(state).length).toBeLessThanOrEqual(4096);
});
