import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { amidEachStep, atEachStep } from './kills-of-plan.ts';
import { ALL, ROLLBACK_KILLS, ROLLBACK_MIDDLES, firstRelease, plainFirst } from './common-cases.ts';
import type { Lane } from './strategy-case.ts';

const IN_STEPS = {
  strategy: 'blue_green',
  switch_steps: [20, 60, 100],
  rollout_duration: '9s',
} as const satisfies Partial<ReleaseDocument>;

export const BLUE_GREENS: Lane = {
  name: 'blue_green in steps',
  instances: 2,
  cases: [
    {
      name: 'first release, unhealthy',
      on: 'haproxy',
      changes: { strategy: 'blue_green', health_check_timeout: '4s' },
      fault: 'unhealthy',
      events: [{ kill: { started: 'instance' } }, { kill: { in: 'checking', afterMs: 700 } }],
      ending: { kind: 'abandoned', outcome: 'failed', through: 'deploy' },
    },
    { ...firstRelease('blue_green'), on: 'embedded' },
    { ...plainFirst('blue_green'), on: 'haproxy' },
    {
      name: 'each step as it begins',
      on: 'embedded',
      changes: { ...IN_STEPS, promotion: 'manual' },
      events: atEachStep,
      ending: ALL,
    },
    {
      name: 'the middle of each step',
      on: 'haproxy',
      changes: { ...IN_STEPS, promotion: 'manual' },
      events: amidEachStep,
      ending: ALL,
    },
    {
      name: 'bad, the rollback as it begins',
      on: 'haproxy',
      changes: IN_STEPS,
      events: [{ candidate: 'breaks', at: { weight: 20 } }, ...ROLLBACK_KILLS],
      ending: { kind: 'rolled back', outcome: 'rolled_back', through: 'weight-20' },
    },
    {
      name: 'bad, the middle of the rollback',
      on: 'embedded',
      changes: IN_STEPS,
      events: [{ candidate: 'breaks', at: { weight: 60 } }, ...ROLLBACK_MIDDLES],
      ending: { kind: 'rolled back', outcome: 'rolled_back', through: 'weight-60' },
    },
    {
      name: 'Temporal is away when it breaks',
      changes: { ...IN_STEPS, rollout_duration: '60s' },
      events: [{ away: 'server', at: { weight: 20, afterMs: 1500 } }],
      ending: {
        kind: 'rolled back',
        outcome: 'rolled_back',
        through: 'weight-20',
        between: 'taken-back',
      },
    },
    {
      name: 'Temporal is away when it breaks, and the worker is killed',
      on: 'embedded',
      changes: { ...IN_STEPS, rollout_duration: '60s' },
      events: [{ away: 'server and worker', at: { weight: 20, afterMs: 1500 } }],
      ending: {
        kind: 'rolled back',
        outcome: 'rolled_back',
        through: 'weight-20',
        between: 'taken-back',
      },
    },
    {
      name: 'a break of the glass by hand, where only a person may go back',
      on: 'haproxy',
      changes: { ...IN_STEPS, auto_rollback_enabled: false },
      events: [
        { breakGlass: 'now', at: { weight: 20, afterMs: 500 } },
        { kill: { step: 'weight-20' } },
        { kill: { in: 'rolling_back' } },
      ],
      ending: {
        kind: 'rolled back',
        outcome: 'rolled_back',
        through: 'weight-20',
        between: 'break-glass',
      },
    },
    {
      name: 'aborted at the gate',
      on: 'haproxy',
      changes: { ...IN_STEPS, promotion: 'manual' },
      events: [
        { kill: { waiting: 'gate' } },
        { ask: 'abort' },
        { kill: { write: 'unregister-', fate: 'unanswered' } },
      ],
      ending: { kind: 'abandoned', outcome: 'aborted', through: 'promotion' },
    },
  ],
};
