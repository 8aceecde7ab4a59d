import { assert, double, integer, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ArmFigures,
  compareAtAnyTime,
  compareProportions,
} from '../../../src/domain/judge/two-proportions.ts';

const RULE = { minSamples: 10, confidence: 0.95 };

function arm(version: string, successes: number, trials: number): ArmFigures {
  return { version, successes, trials, users: undefined };
}

/** `proportions_ztest([s1, s2], [n1, n2])` of statsmodels 0.15.0 with scipy 1.17.1. */
const STATSMODELS = [
  [100, 1000, 100, 1000, 1],
  [100, 1000, 130, 1000, 0.03548845046647471],
  [480, 5000, 520, 5000, 0.18242243945173608],
  [500, 10000, 600, 10000, 0.0019246872509622584],
  [3, 20, 9, 20, 0.038433930236781655],
  [999, 1000, 990, 1000, 0.006506597483637528],
  [9990, 10000, 9950, 10000, 2.3192261042407768e-7],
  [1, 1000, 2, 3000, 0.738788283421867],
  [50, 100, 80, 100, 8.687711677000014e-6],
  [40000, 100000, 40500, 100000, 0.02261757204803635],
  [10, 20, 11, 20, 0.751529079444209],
  [700000, 1000000, 699000, 1000000, 0.12300066928566163],
] as const;

test.each(STATSMODELS)('%i of %i against %i of %i: p is %d', (s1, n1, s2, n2, expected) => {
  const { pValue, winner } = compareProportions(arm('v1', s1, n1), arm('v2', s2, n2), RULE);
  expect(Math.abs(pValue / expected - 1)).toBeLessThan(1e-6);
  const better = s2 / n2 > s1 / n1 ? 'candidate' : 'control';
  expect(winner).toBe(expected < 0.05 ? better : 'undecided');
});

describe('nothing is decided', () => {
  test.each([
    ['with too few trials of the control', arm('v1', 9, 9), arm('v2', 0, 1000), 'v1 has fewer'],
    ['with too few trials of the candidate', arm('v1', 0, 1000), arm('v2', 9, 9), 'v2 has fewer'],
    ['without any trial', arm('v1', 0, 0), arm('v2', 0, 0), 'v1 has fewer than 10 samples'],
    ['without a success in both', arm('v1', 0, 50), arm('v2', 0, 90), 'p 1.0'],
    ['without a failure in both', arm('v1', 50, 50), arm('v2', 90, 90), 'p 1.0'],
    ['by figures that are not whole', arm('v1', 1.5, 50), arm('v2', 9, 90), 'no figures'],
    ['by figures that are no numbers', arm('v1', 1, NaN), arm('v2', 9, 90), 'no figures'],
    ['by endless figures', arm('v1', 1, Infinity), arm('v2', 9, 90), 'no figures'],
    ['by figures below zero', arm('v1', 1, 50), arm('v2', -9, 90), 'v2 has -9 successes of 90'],
    ['by more successes than trials', arm('v1', 51, 50), arm('v2', 9, 90), 'v1 has 51'],
  ])('%s', (_name, control, candidate, summary) => {
    const comparison = compareProportions(control, candidate, RULE);
    expect(comparison).toMatchObject({ winner: 'undecided', pValue: 1 });
    expect(comparison.summary).toContain(summary);
  });
});

const figures = tuple(integer({ min: 0, max: 1_000_000 }), integer({ min: 0, max: 1_000_000 })).map(
  ([one, other]) => arm('v', Math.min(one, other), Math.max(one, other)),
);
const rule = record({
  minSamples: integer({ min: 10, max: 10_000 }),
  confidence: double({ min: 0, max: 0.9999, noNaN: true }),
});

test('exchanging the arms exchanges the winner and nothing else', () => {
  const OTHER = { control: 'candidate', candidate: 'control', undecided: 'undecided' } as const;
  assert(
    property(figures, figures, rule, (one, other, by) => {
      const there = compareProportions(one, other, by);
      const back = compareProportions(other, one, by);
      expect(back.winner).toBe(OTHER[there.winner]);
      expect(back.pValue).toBeCloseTo(there.pValue, 12);
    }),
  );
});

test('nothing is ever decided below the minimum of samples', () => {
  assert(
    property(figures, figures, rule, (one, other, by) => {
      const { winner } = compareProportions(one, other, by);
      if (Math.min(one.trials, other.trials) < by.minSamples) expect(winner).toBe('undecided');
    }),
  );
});

test('p is a probability', () => {
  assert(
    property(figures, figures, rule, (one, other, by) => {
      const { pValue } = compareProportions(one, other, by);
      expect(pValue).toBeGreaterThanOrEqual(0);
      expect(pValue).toBeLessThanOrEqual(1);
    }),
  );
});

/** Mulberry32: the same numbers from the same seed. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How many of 400 tests of arms with these rates are ever decided in 500 looks, and for whom. */
function decided(rates: readonly [number, number]) {
  const random = dice(7);
  const draw = (rate: number): number =>
    Array.from({ length: 20 }, random).filter((one) => one < rate).length;
  const won = { control: 0, candidate: 0, undecided: 0 };
  for (let round = 0; round < 400; round += 1) {
    let [one, other] = [0, 0];
    let winner: 'control' | 'candidate' | 'undecided' = 'undecided';
    for (let look = 1; look <= 500 && winner === 'undecided'; look += 1) {
      one += draw(rates[0]);
      other += draw(rates[1]);
      const trials = 20 * look;
      const by = { minSamples: 100, confidence: 0.95 };
      ({ winner } = compareAtAnyTime(arm('v1', one, trials), arm('v2', other, trials), by));
    }
    won[winner] += 1;
  }
  return won;
}

describe('looked at five hundred times', () => {
  test('arms that are alike are told apart no more often than by chance as agreed', () => {
    const { control, candidate } = decided([0.1, 0.1]);
    // Of 400 at 5 % 20 are allowed.
    expect(control + candidate).toBeLessThanOrEqual(20);
  });

  test('an arm that is better wins', () => {
    const { candidate, control } = decided([0.1, 0.13]);
    expect(candidate).toBeGreaterThan(380);
    expect(control).toBe(0);
  });
});
