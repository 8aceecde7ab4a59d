import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { amidEachStep, atEachStep } from './kills-of-plan.ts';
import { ALL, ROLLBACK_KILLS, ROLLBACK_MIDDLES, firstRelease, plainFirst } from './common-cases.ts';
import type { Lane } from './strategy-case.ts';

const CANARY = {
  strategy: 'canary',
  steps: [
    { match: { header: 'x-beta', present: true } },
    { mirror: '50%', for: '2s' },
    { weight: '10%', for: '3s' },
    { hold: 'until_approved' },
    { weight: '50%', for: '4s' },
    { analysis: '2s' },
  ],
} as const satisfies Partial<ReleaseDocument>;

const CANARY_BESIDE = {
  strategy: 'canary',
  baseline: true,
  session_affinity: {},
  steps: [{ weight: '10%', for: '3s' }, { scale: 2 }, { hold: '5s' }, { weight: '50%', for: '3s' }],
} as const satisfies Partial<ReleaseDocument>;

const CANARY_PLAIN = {
  strategy: 'canary',
  steps: [
    { weight: '10%', for: '5s' },
    { weight: '50%', for: '8s' },
  ],
} as const satisfies Partial<ReleaseDocument>;

export const CANARIES: Lane = {
  name: 'canary',
  instances: 2,
  cases: [
    { ...firstRelease('canary'), on: 'embedded' },
    { ...plainFirst('canary'), on: 'haproxy' },
    {
      name: 'each step as it begins',
      on: 'embedded',
      changes: CANARY,
      hook: 'migrate',
      events: atEachStep,
      ending: ALL,
    },
    {
      name: 'the middle of each step',
      on: 'embedded',
      changes: CANARY,
      hook: 'migrate',
      events: amidEachStep,
      ending: ALL,
    },
    {
      name: 'with a baseline, the middle of each step',
      on: 'haproxy',
      changes: CANARY_BESIDE,
      events: amidEachStep,
      ending: ALL,
    },
    {
      name: 'with a baseline, bad, the rollback as it begins',
      on: 'haproxy',
      changes: CANARY_BESIDE,
      events: [{ candidate: 'breaks', at: { weight: 10 } }, ...ROLLBACK_KILLS],
      ending: { kind: 'rolled back', outcome: 'rolled_back', through: 'weight-10' },
    },
    {
      name: 'bad, the middle of the rollback',
      on: 'embedded',
      changes: CANARY_PLAIN,
      hook: 'migrate',
      events: [{ candidate: 'breaks', at: { weight: 50 } }, ...ROLLBACK_MIDDLES],
      ending: { kind: 'rolled back', outcome: 'rolled_back', through: 'weight-50' },
    },
    {
      name: 'paused, a step back, resumed',
      on: 'haproxy',
      changes: CANARY_PLAIN,
      events: [
        { ask: 'pause', at: { weight: 50 } },
        { kill: { waiting: 'paused' } },
        { ask: 'step_back' },
        { kill: { weight: 10, afterMs: 500 } },
        { ask: 'resume' },
        { kill: { write: 'weight-50-2', fate: 'lost' } },
      ],
      writesBetween: { after: 'weight-50', names: ['weight-10-2', 'weight-50-2'] },
      ending: ALL,
    },
    {
      name: 'held, then aborted',
      on: 'embedded',
      changes: { ...CANARY_PLAIN, auto_rollback_enabled: false },
      events: [
        { candidate: 'breaks', at: { weight: 10 } },
        { kill: { waiting: 'held' } },
        { kill: { waiting: 'held', afterMs: 1000, server: true } },
        { ask: 'abort' },
        ...ROLLBACK_KILLS,
      ],
      ending: { kind: 'rolled back', outcome: 'aborted', through: 'weight-10' },
      held: 'weight-10',
    },
    {
      name: 'held, mended, promoted',
      on: 'haproxy',
      changes: { ...CANARY_PLAIN, auto_rollback_enabled: false },
      events: [
        { candidate: 'breaks', at: { weight: 10 } },
        { kill: { waiting: 'held' } },
        { candidate: 'is well' },
        { ask: 'promote' },
        { kill: { weight: 50, afterMs: 1000 } },
      ],
      held: 'weight-10',
      ending: ALL,
    },
    {
      name: 'aborted at a weight',
      on: 'haproxy',
      changes: { ...CANARY_PLAIN, keep_on_abort: '2s' },
      events: [
        { ask: 'abort', at: { weight: 10 } },
        { kill: { in: 'rolling_back' } },
        ...ROLLBACK_MIDDLES.slice(1),
      ],
      ending: { kind: 'rolled back', outcome: 'aborted', through: 'weight-10' },
    },
    {
      name: 'a break of the glass by hand',
      changes: CANARY_PLAIN,
      events: [
        { breakGlass: 'now', at: { weight: 50, afterMs: 500 } },
        { kill: { step: 'weight-50' } },
        { kill: { in: 'verifying' } },
      ],
      ending: {
        kind: 'rolled back',
        outcome: 'rolled_back',
        through: 'weight-50',
        between: 'break-glass',
      },
    },
  ],
};
