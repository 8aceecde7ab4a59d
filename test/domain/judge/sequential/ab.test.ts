import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tellsAlikeApart } from '../../../../bench/judge/ab.ts';
import { seeded } from '../../../../bench/judge/random.ts';
import {
  beginAb,
  eBenjaminiHochberg,
  holm,
  lookAb,
} from '../../../../src/domain/judge/sequential/ab.ts';
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

test('over all arms, metrics and looks, 400 tests of alike arms err in 5 % at most', () => {
  let erring = 0;
  for (let seed = 1; seed <= 400; seed += 1) if (tellsAlikeApart(seed)) erring += 1;
  expect(erring).toBeLessThanOrEqual(20);
}, 60_000);

test('a guard-rail stops its arm before the goals have their minimum of samples', () => {
  const metrics = {
    orders: { kind: 'proportion', role: 'goal', history: [], worse: 'lower', trialsMin: 10_000 },
    errors: { kind: 'proportion', role: 'guard_rail', history: [], trialsMin: 100 },
  } as const;
  const arms = { blue: { orders: 0.2, errors: 0.1 }, green: { orders: 0.2, errors: 0.01 } };
  const { readings } = looks({ ...OPTIONS, metrics }, arms, 20);
  const last = readings.at(-1)?.arms;
  expect(last?.['blue']?.decision).toBe('stopped');
  expect(last?.['blue']?.reason).toMatch(/^errors is worse/);
  expect(last?.['green']?.decision).toBe('undecided');
  expect(last?.['green']?.metrics['orders']?.reading?.reason).toBe(
    '6000 trials of an arm, 10000 are needed',
  );
});

test('a mean of too few blocks is undecided however far it is apart', () => {
  const metrics = {
    basket: { kind: 'mean', role: 'goal', history: [], worse: 'lower', blocksMin: 200 },
  } as const;
  const blocks = Array.from({ length: 120 }, (_, i) => ({
    baseline: 50 + (i % 7),
    candidate: 65 + ((i * 3) % 7),
  }));
  let { state, reading } = lookAb(beginAb({ alpha: 0.05, arms: ['blue'], metrics }), {
    blue: { basket: { kind: 'mean', blocks } },
  });
  expect(reading.arms['blue']?.decision).toBe('undecided');
  ({ state, reading } = lookAb(state, { blue: { basket: { kind: 'mean', blocks } } }));
  expect(reading.arms['blue']?.decision).toBe('better');
});

test('more arms and metrics widen the intervals, so that all of them hold at once', () => {
  const widthOf = (arms: readonly string[]): number => {
    const chances = { blue: { orders: 0.1, errors: 0.01 } };
    const { readings } = looks({ ...OPTIONS, arms }, chances, 5);
    const effect = readings.at(-1)?.arms['blue']?.metrics['orders']?.reading?.effect;
    return (effect?.high ?? 0) - (effect?.low ?? 0);
  };
  expect(widthOf(['blue', 'green', 'red'])).toBeGreaterThan(1.05 * widthOf(['blue']));
});

test('where only the share of false ones counts, no fewer are told', () => {
  const arms = { blue: { orders: 0.135, errors: 0.01 }, green: { orders: 0.135, errors: 0.01 } };
  const betterAfter = (control: NonNullable<AbOptions['control']>): number =>
    looks({ ...OPTIONS, control }, arms, 60).readings.findIndex(
      (reading) => reading.arms['green']?.decision === 'better',
    );
  const [familywise, discovery] = [betterAfter('familywise'), betterAfter('false_discovery')];
  expect(discovery).toBeGreaterThan(0);
  expect(familywise).toBeGreaterThanOrEqual(discovery);
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

test('Holm tells the smaller ones as long as each is small enough, and no NaN', () => {
  // K = 4, alpha = 0.05: 0.0125, 0.0167, 0.025, 0.05.
  expect(holm([0.01, 0.04, 0.03, 0.005], 0.05)).toEqual([0, 3]);
  expect(holm([0.02, 0.001, NaN], 0.05)).toEqual([0, 1]);
  expect(holm([0.03, 0.03], 0.05)).toEqual([]);
  expect(holm([0.04], 0.05)).toEqual([0]);
  expect(holm([], 0.05)).toEqual([]);
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
