import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { amidEachStep, atEachStep } from './kills-of-plan.ts';
import { ALL, firstRelease, plainFirst } from './common-cases.ts';
import type { Event, Lane } from './strategy-case.ts';

const ROLLING = {
  strategy: 'rolling',
  rolling: { batch: 1, stabilize: '3s' },
} as const satisfies Partial<ReleaseDocument>;

const SURGING = {
  strategy: 'rolling',
  rolling: { batch: 1, max_surge: 1, stabilize: '2s' },
} as const satisfies Partial<ReleaseDocument>;

const ROLLED_BACK: readonly Event[] = [
  { kill: { started: 'instance' } },
  { kill: { write: 'put-in', fate: 'unanswered' } },
  { kill: { in: 'verifying' } },
  { kill: { in: 'cleaning_up' } },
];

export const ROLLINGS: Lane = {
  name: 'rolling',
  instances: 3,
  cases: [
    { ...firstRelease('rolling'), on: 'haproxy' },
    { ...plainFirst('rolling'), on: 'embedded' },
    {
      name: 'each step as it begins',
      on: 'haproxy',
      changes: ROLLING,
      events: atEachStep,
      ending: ALL,
    },
    {
      name: 'the middle of each step',
      on: 'embedded',
      changes: ROLLING,
      events: amidEachStep,
      ending: ALL,
    },
    {
      name: 'with a surge',
      on: 'haproxy',
      changes: SURGING,
      events: [
        { kill: { started: 'instance' } },
        { kill: { write: 'batch/put-in', fate: 'unanswered' } },
        { kill: { write: 'batch-2/put-in', fate: 'lost' } },
        { kill: { write: 'batch-3/put-in', fate: 'late' } },
        { kill: { in: 'stabilizing' } },
      ],
      ending: ALL,
    },
    {
      name: 'a bad system after two batches, the rollback',
      on: 'embedded',
      changes: { ...ROLLING, rolling: { batch: 1, stabilize: '6s' } },
      events: [
        { candidate: 'breaks', at: { weight: 33 } },
        { kill: { write: 'back/batch-back', fate: 'lost' } },
        ...ROLLED_BACK,
      ],
      ending: { kind: 'rolled back', outcome: 'rolled_back', through: 'batch-2' },
    },
    {
      name: 'a bad batch',
      on: 'haproxy',
      changes: { ...ROLLING, health_check_timeout: '4s' },
      fault: 'unhealthy',
      events: [
        { kill: { started: 'instance' } },
        { kill: { write: 'batch/undo-take-out', fate: 'unanswered' } },
        { kill: { started: 'instance' } },
        { kill: { write: 'batch/undo-put-in', fate: 'lost' } },
        { kill: { received: 'message' } },
      ],
      ending: { kind: 'batch undone', batch: 'batch', through: 'batch' },
    },
    {
      name: 'paused after a batch, resumed',
      on: 'embedded',
      changes: ROLLING,
      events: [
        { ask: 'pause', at: { step: 'batch-2' } },
        { kill: { waiting: 'paused' } },
        { kill: { waiting: 'paused', afterMs: 1000, server: true } },
        { ask: 'resume' },
        { kill: { step: 'batch-3' } },
      ],
      ending: ALL,
    },
    {
      name: 'held, then aborted',
      on: 'haproxy',
      changes: { ...ROLLING, auto_rollback_enabled: false },
      events: [
        { candidate: 'breaks', at: { weight: 33 } },
        { kill: { waiting: 'held' } },
        { ask: 'abort' },
        ...ROLLED_BACK,
      ],
      ending: { kind: 'rolled back', outcome: 'aborted', through: 'batch-2' },
      held: 'batch-2',
    },
    {
      name: 'aborted in the watch after a batch',
      on: 'embedded',
      changes: { ...ROLLING, rolling: { batch: 1, stabilize: '20s' } },
      events: [{ ask: 'abort', at: { write: 'batch/put-in', fate: 'unanswered' } }, ...ROLLED_BACK],
      ending: { kind: 'rolled back', outcome: 'aborted', through: 'batch' },
    },
    {
      name: 'a rollback by hand',
      manual: 'rollback',
      kills: [
        { started: 'instance' },
        { write: 'switch-again', fate: 'lost' },
        { in: 'verifying', afterMs: 1000 },
        { write: 'unregister-', fate: 'unanswered' },
        { received: 'message' },
      ],
    },
  ],
};
