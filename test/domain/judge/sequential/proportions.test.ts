import { expect, test } from 'vitest';
import { seeded } from '../../../../bench/judge/random.ts';
import {
  beginProportions,
  lookProportions,
} from '../../../../src/domain/judge/sequential/proportions.ts';
import type {
  ProportionsBlock,
  ProportionsOptions,
} from '../../../../src/domain/judge/sequential/proportions.ts';

const INDEPENDENT: ProportionsOptions = { alpha: 0.01, history: [], dispersion: 'independent' };

/** Blocks of 200 trials of each arm, its successes by its own chance. */
function blocks(seed: number, baseline: number, candidate: number, count = 120) {
  const random = seeded(seed);
  const arm = (chance: number) => {
    let successes = 0;
    for (let trial = 0; trial < 200; trial += 1) if (random.uniform() < chance) successes += 1;
    return { trials: 200, successes };
  };
  return Array.from({ length: count }, (): ProportionsBlock => ({
    baseline: arm(baseline),
    candidate: arm(candidate),
  }));
}

function decisions(options: ProportionsOptions, all: readonly ProportionsBlock[]) {
  let state = beginProportions(options);
  return all.map((block) => {
    const looked = lookProportions(state, [block]);
    ({ state } = looked);
    return looked.reading;
  });
}

test.each([
  ['a rise of a rare error', 0.01, 0.03, 'higher'],
  ['a fall of a conversion', 0.5, 0.4, 'lower'],
  ['a fall of what nearly always succeeds', 0.99, 0.97, 'lower'],
] as const)('%s from %d to %d is worse', (_, baseline, candidate, worse) => {
  const readings = decisions({ ...INDEPENDENT, worse }, blocks(1, baseline, candidate));
  const last = readings.at(-1);
  expect(last?.decision).toBe('worse');
  expect(last?.effect?.low).toBeLessThanOrEqual(candidate - baseline);
  expect(last?.effect?.high).toBeGreaterThanOrEqual(candidate - baseline);
});

test.each([0.02, 0.5, 0.95])(
  'alike arms of %d are told apart in at most 2 of 100 runs',
  (chance) => {
    let worse = 0;
    for (let seed = 1; seed <= 100; seed += 1) {
      const readings = decisions(INDEPENDENT, blocks(seed, chance, chance));
      if (readings.some(({ decision }) => decision === 'worse')) worse += 1;
    }
    expect(worse).toBeLessThanOrEqual(2);
  },
);

test('alike arms are not worse in the end', () => {
  expect(decisions(INDEPENDENT, blocks(3, 0.02, 0.02)).at(-1)?.decision).toBe('not_worse');
});

test('successes that bunch by the block are worth less', () => {
  // Every fifth block of an arm fails altogether, of either arm at other times.
  const fails = { trials: 200, successes: 0 };
  const works = { trials: 200, successes: 100 };
  const history = Array.from({ length: 240 }, (_, i) => (i % 5 === 0 ? fails : works));
  const block = { baseline: works, candidate: fails };
  const learnt = decisions({ alpha: 0.01, history, worse: 'lower' }, [block, block]).at(-1);
  expect(learnt?.decision).toBe('unknown');
  expect(learnt?.dispersion).toBeGreaterThan(10);
  expect(decisions({ ...INDEPENDENT, worse: 'lower' }, [block, block]).at(-1)?.decision).toBe(
    'worse',
  );
});

test('neither all nor none is taken for certain', () => {
  const few = { trials: 100, successes: 0 };
  const { reading } = lookProportions(beginProportions(INDEPENDENT), [
    { baseline: few, candidate: few },
  ]);
  expect(reading.decision).toBe('unknown');
  expect(reading.effect?.low).toBeLessThan(0);
  expect(reading.effect?.high).toBeGreaterThan(0.01);
});

test('where only one arm has any the other is told apart however their trials waver', () => {
  const found = Array.from({ length: 20 }, (_, seed) => {
    const random = seeded(seed + 1);
    const wavering = Array.from({ length: 120 }, (): ProportionsBlock => ({
      baseline: { trials: 195 + Math.floor(random.uniform() * 11), successes: 0 },
      candidate: { trials: 200, successes: 1 + Math.floor(random.uniform() * 3) },
    }));
    const all = decisions({ alpha: 0.01, history: [] }, wavering);
    return all.findIndex(({ decision }) => decision === 'worse');
  });
  expect(Math.min(...found)).toBeGreaterThan(0);
  expect(Math.max(...found)).toBeLessThanOrEqual(60);
});
