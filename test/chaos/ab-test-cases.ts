import type { Step } from '../../src/domain/release/plan.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { amidEachStep, atEachStep } from './kills-of-plan.ts';
import { ALL, ROLLBACK_KILLS, ROLLBACK_MIDDLES, firstRelease, plainFirst } from './common-cases.ts';
import type { Event, Lane } from './strategy-case.ts';

const AB = {
  strategy: 'ab_test',
  ab_test: {
    share: '50%',
    min_duration: '3s',
    max_duration: '8s',
    min_samples: 20,
    undecided: 'candidate',
  },
} as const satisfies Partial<ReleaseDocument>;

export const AB_TESTS: Lane = {
  name: 'ab_test',
  instances: 2,
  cases: [
    {
      ...firstRelease('ab_test'),
      name: 'first release, the middle of each step',
      events: firstMiddles,
      on: 'haproxy',
    },
    { ...plainFirst('ab_test'), on: 'embedded' },
    {
      name: 'each step as it begins',
      on: 'embedded',
      changes: AB,
      events: atEachStep,
      ending: ALL,
    },
    {
      name: 'the middle of each step',
      on: 'haproxy',
      changes: AB,
      events: amidEachStep,
      ending: ALL,
    },
    {
      name: 'bad, the rollback as it begins',
      on: 'haproxy',
      changes: { ...AB, ab_test: { ...AB.ab_test, max_duration: '30s' } },
      events: [{ candidate: 'breaks', at: { step: 'compare' } }, ...ROLLBACK_KILLS],
      ending: { kind: 'rolled back', outcome: 'rolled_back', through: 'compare' },
    },
    {
      name: 'held, then aborted',
      on: 'embedded',
      changes: {
        ...AB,
        ab_test: { ...AB.ab_test, max_duration: '30s', min_samples: 100_000 },
        auto_rollback_enabled: false,
      },
      events: [
        { candidate: 'breaks', at: { step: 'compare' } },
        { kill: { waiting: 'held' } },
        { ask: 'abort' },
        ...ROLLBACK_MIDDLES,
      ],
      ending: { kind: 'rolled back', outcome: 'aborted', through: 'compare' },
      held: 'compare',
    },
    {
      name: 'paused, then aborted',
      on: 'haproxy',
      changes: AB,
      events: [
        { ask: 'pause', at: { step: 'compare' } },
        { kill: { waiting: 'paused' } },
        { ask: 'abort' },
        { kill: { in: 'rolling_back' } },
      ],
      ending: { kind: 'rolled back', outcome: 'aborted', through: 'compare' },
    },
  ],
};

function firstMiddles(plan: readonly Step[]): readonly Event[] {
  const isRetire = ({ kind }: Step): boolean => kind === 'retire';
  return [
    ...amidEachStep(plan.slice(0, 4), ''),
    { users: 'come', at: { in: 'stabilizing' } },
    ...amidEachStep(
      plan.slice(4).filter((step) => !isRetire(step) && step.kind !== 'keep'),
      '',
    ),
    { kill: { received: 'message' } },
  ];
}
