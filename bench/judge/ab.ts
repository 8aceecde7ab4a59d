import { type AbOptions, beginAb, lookAb } from '../../src/domain/judge/sequential/ab.ts';
import { seeded } from './random.ts';

/** Three arms with four goals each, and a guard-rail: 24 tests of goals and three others. */
const FAMILY: AbOptions = {
  alpha: 0.05,
  arms: ['red', 'green', 'blue'],
  metrics: {
    errors: { kind: 'proportion', role: 'guard_rail', history: [] },
    ...Object.fromEntries(
      ['orders', 'clicks', 'sales', 'visits'].map((name) => [
        name,
        { kind: 'proportion', role: 'goal', history: [], worse: 'lower' } as const,
      ]),
    ),
  },
};

const LOOKS = 12;
const TRIALS = 400;
const CHANCE = 0.1;

/** Whether an A/B test of arms that are all alike tells anything at all, at any of twelve looks. */
export function tellsAlikeApart(seed: number): boolean {
  const random = seeded(seed);
  const trials = () => ({
    trials: TRIALS,
    successes: Math.min(TRIALS, random.poisson(TRIALS * CHANCE)),
  });
  let state = beginAb(FAMILY);
  for (let look = 0; look < LOOKS; look += 1) {
    const control = Object.keys(FAMILY.metrics).map((name) => [name, trials()] as const);
    const data = Object.fromEntries(
      FAMILY.arms.map((arm) => {
        const metrics = control.map(([name, baseline]) => {
          const blocks = [{ baseline, candidate: trials() }];
          return [name, { kind: 'proportion' as const, blocks }];
        });
        return [arm, Object.fromEntries(metrics)];
      }),
    );
    const looked = lookAb(state, data);
    const decisions = Object.values(looked.reading.arms).map(({ decision }) => decision);
    if (decisions.some((decision) => decision !== 'undecided')) return true;
    ({ state } = looked);
  }
  return false;
}

/** The share of A/B tests of alike arms that tell anything: at most 5 % is promised. */
export function familywiseError(repetitions: number): number {
  const seeds = Array.from({ length: repetitions }, (_, index) => index + 1);
  return seeds.filter(tellsAlikeApart).length / repetitions;
}
