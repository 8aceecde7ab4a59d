import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../../../bench/judge/random.ts';
import { beginAb, eBenjaminiHochberg, lookAb } from '../../../../src/domain/judge/sequential/ab.ts';
import type { AbOptions, AbState } from '../../../../src/domain/judge/sequential/ab.ts';

const OPTIONS: AbOptions = {
  alpha: 0.05,
  arms: ['blue', 'green'],
  metrics: {
    orders: { kind: 'proportion', role: 'goal', history: [], worse: 'lower' },
    errors: { kind: 'proportion', role: 'guard_rail', history: [] },
  },
};

interface Chances {
  readonly orders: number;
  readonly errors: number;
}

function looks(
  options: AbOptions,
  arms: Readonly<Record<string, Chances>>,
  count: number,
  seed = 1,
) {
  const random = seeded(seed);
  const arm = (chance: number) => {
    let successes = 0;
    for (let trial = 0; trial < 300; trial += 1) if (random.uniform() < chance) successes += 1;
    return { trials: 300, successes };
  };
  let state: AbState = beginAb(options);
  const readings = Array.from({ length: count }, () => {
    const control = { orders: arm(0.1), errors: arm(0.01) };
    const data = Object.fromEntries(
      Object.entries(arms).map(([name, chances]) => [
        name,
        {
          orders: {
            kind: 'proportion' as const,
            blocks: [{ baseline: control.orders, candidate: arm(chances.orders) }],
          },
          errors: {
            kind: 'proportion' as const,
            blocks: [{ baseline: control.errors, candidate: arm(chances.errors) }],
          },
        },
      ]),
    );
    const looked = lookAb(state, data);
    ({ state } = looked);
    return looked.reading;
  });
  return { state, readings };
}

test('the arm with more orders is better, the one like the control undecided', () => {
  const arms = { blue: { orders: 0.14, errors: 0.01 }, green: { orders: 0.1, errors: 0.01 } };
  const last = looks(OPTIONS, arms, 60).readings.at(-1);
  expect(last?.arms['blue']?.decision).toBe('better');
  expect(last?.arms['blue']?.reason).toMatch(/^orders is better: 1\d(\.\d)? % on the candidate/);
  expect(last?.arms['green']?.decision).toBe('undecided');
});

test('a guard-rail stops its arm at once, whatever the goals say, and for good', () => {
  const arms = { blue: { orders: 0.2, errors: 0.2 }, green: { orders: 0.1, errors: 0.01 } };
  const { readings } = looks(OPTIONS, arms, 10);
  expect(readings[0]?.arms['blue']?.decision).toBe('stopped');
  expect(readings.at(-1)?.arms['blue']?.decision).toBe('stopped');
  expect(readings.at(-1)?.arms['green']?.decision).toBe('undecided');
});

test('a mean is judged beside proportions', () => {
  const metrics = { basket: { kind: 'mean', role: 'goal', history: [], worse: 'lower' } } as const;
  const blocks = Array.from({ length: 120 }, (_, i) => ({
    baseline: 50 + (i % 7),
    candidate: 65 + ((i * 3) % 7),
  }));
  const begun = beginAb({ alpha: 0.05, arms: ['blue'], metrics });
  const { reading } = lookAb(begun, { blue: { basket: { kind: 'mean', blocks } } });
  expect(reading.arms['blue']?.decision).toBe('better');
});

test('before the first look every arm is undecided', () => {
  const { reading } = lookAb(beginAb(OPTIONS), {});
  expect(Object.values(reading.arms).map(({ decision }) => decision)).toEqual([
    'undecided',
    'undecided',
  ]);
});

test('alike arms are told apart in at most 5 of 60 tests of 40 looks', () => {
  const alike = { orders: 0.1, errors: 0.01 };
  let apart = 0;
  for (let seed = 1; seed <= 60; seed += 1) {
    const { readings } = looks(OPTIONS, { blue: alike, green: alike }, 40, seed);
    const isApart = readings.some(({ arms }) =>
      Object.values(arms).some(({ decision }) => decision !== 'undecided'),
    );
    if (isApart) apart += 1;
  }
  expect(apart).toBeLessThanOrEqual(5);
});

test('a test that is resumed from JSON goes on as if it had not been cut off', () => {
  const { state } = looks(OPTIONS, { blue: { orders: 0.13, errors: 0.01 } }, 5);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

test.each([
  [
    'an arm that was not begun',
    { red: {}, nobody: { orders: { kind: 'proportion', blocks: [] } } },
  ],
  ['a metric that was not begun', { blue: { clicks: { kind: 'proportion', blocks: [] } } }],
  ['data of another kind', { blue: { orders: { kind: 'mean', blocks: [] } } }],
] as const)('%s is refused', (_, data) => {
  expect(() => lookAb(beginAb(OPTIONS), data)).toThrow(RangeError);
});

test('e-BH tells the three of Wang and Ramdas that pass, and no NaN', () => {
  // K = 5, alpha = 0.1: the k-th highest must reach 50 / k.
  expect(eBenjaminiHochberg([60, 30, 17, 9, NaN], 0.1)).toEqual([0, 1, 2]);
  expect(eBenjaminiHochberg([9, 9, 9, 9, 9], 0.1)).toEqual([]);
  expect(eBenjaminiHochberg([10, 10, 10, 10, 10], 0.1)).toEqual([0, 1, 2, 3, 4]);
  expect(eBenjaminiHochberg([], 0.1)).toEqual([]);
});

test('e-BH tells no fewer than Bonferroni, and no fewer when evidence grows', () => {
  const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, (eValues) => {
      const told = eBenjaminiHochberg(eValues, 0.05);
      eValues.forEach((eValue, place) => {
        if (eValue >= eValues.length / 0.05) expect(told).toContain(place);
      });
      const grown = eBenjaminiHochberg(
        eValues.map((eValue) => 2 * eValue),
        0.05,
      );
      expect(grown).toEqual(expect.arrayContaining([...told]));
    }),
  );
});
