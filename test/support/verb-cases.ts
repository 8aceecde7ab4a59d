import type { Progress, Verb } from '../../src/domain/release/progress.ts';
import type { ReleaseSpec } from '../../src/domain/release/release-spec.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import type { SteerRequest } from '../../src/client/client.ts';
import { QUICK, environmentOf } from './stack.ts';

/** A state that a release can be in when somebody says something to it. */
export interface VerbState {
  readonly name: string;
  /** The release as it is to be, on top of that of its strategy. */
  changes(at: Doors): Partial<ReleaseDocument>;
  /** A file has them by the minute, a test by the second. */
  freezes?(nowMs: number): ReleaseSpec['freezeWindows'];
  /** Whether it is there, and stays there by itself. */
  readonly reached: (progress: Progress) => boolean;
  /** What has to be done for it to get there. */
  readonly prepare?: 'pause' | 'break' | 'abort';
  /** What it takes there; all else is refused. */
  readonly takes: readonly Verb[];
  /** What a verb needs beside who and why. */
  readonly details?: Partial<Record<Verb, Omit<SteerRequest, 'who' | 'why'>>>;
}

/** Webhooks of the service that a test steers. */
export interface Doors {
  /** Does not answer before it is opened. */
  readonly closed: string;
  /** Refuses until it is mended. */
  readonly refusing: string;
}

export interface VerbStrategy {
  readonly name: string;
  readonly release: Partial<ReleaseDocument>;
  readonly states: readonly VerbState[];
}

/** Nothing ends by itself while a person thinks. */
const LONG = '10m';

const SLOW: Partial<ReleaseDocument> = {
  ...QUICK,
  warmup_duration: '0s',
  // Many services begin at once: on a busy machine that takes its time.
  health_check_timeout: '1m',
  stabilization_period: LONG,
  cleanup_delay: LONG,
  // Answers that take a while leave room for what a busy machine adds to them.
  environment: environmentOf({ WORK_MS: '20' }),
  validation: { ...QUICK.validation, max_latency_increase: '1000%' },
};

const EXTENDED: VerbState['details'] = { extend: { step: 'stabilize', byMs: 60_000 } };
const isAt =
  (name: string) =>
  ({ steps, at }: Progress): boolean =>
    steps[at]?.name === name;
const waits =
  (why: NonNullable<Progress['waiting']>['why']) =>
  ({ waiting }: Progress): boolean =>
    waiting?.why === why;
const stays =
  (name: string) =>
  (progress: Progress): boolean =>
    isAt(name)(progress) && progress.verbs.includes('promote');
const inFirstBatch = ({ timeline }: Progress): boolean =>
  timeline.some(({ text }) => text.startsWith('batch: 0 → 1'));
const hook = (url: string, when: { before: 'deploying' | 'traffic' } | { on: 'rollback' }) => ({
  hooks: [{ name: 'door', ...when, webhook: { url, timeout: LONG, attempts: 1 } }],
});

const starting: VerbState = {
  name: 'before an instance is started',
  changes: ({ closed }) => hook(closed, { before: 'deploying' }),
  reached: isAt('door'),
  takes: ['pause', 'abort', 'extend'],
  details: EXTENDED,
};

const checking: VerbState = {
  name: 'while health is checked',
  changes: () => ({
    health_check_timeout: LONG,
    environment: environmentOf({ FAULT: 'unhealthy' }),
  }),
  reached: isAt('prove'),
  takes: ['pause', 'abort', 'extend'],
  details: EXTENDED,
};

/** By the shortest way to all of the traffic. */
const stabilizing = (quick: Partial<ReleaseDocument>): VerbState => ({
  name: 'while all of the traffic is watched',
  changes: () => quick,
  reached: stays('stabilize'),
  takes: ['pause', 'promote', 'step_back', 'abort', 'extend'],
  details: EXTENDED,
});

const keeping = (quick: Partial<ReleaseDocument>): VerbState => ({
  name: 'while the old version stays for a while',
  changes: () => ({ ...quick, stabilization_period: '1s' }),
  reached: stays('keep'),
  takes: ['promote', 'abort', 'extend'],
  details: { extend: { step: 'keep', byMs: 60_000 } },
});

const AT_ONCE: Partial<ReleaseDocument> = { steps: [{ weight: 50, for: '0s' }] };
const IN_ONE_SWITCH: Partial<ReleaseDocument> = { switch_steps: [100], rollout_duration: '1s' };

/** Each strategy with the states that a person can meet it in. */
export const VERB_STRATEGIES: readonly VerbStrategy[] = [
  {
    name: 'canary',
    release: {
      ...SLOW,
      strategy: 'canary',
      steps: [{ weight: 50, for: LONG }, { gate: { name: 'go', person: {} } }],
    },
    states: [
      starting,
      checking,
      {
        name: 'while a weight is watched',
        changes: () => ({}),
        reached: stays('weight-50'),
        takes: ['pause', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
        details: EXTENDED,
      },
      {
        name: 'while it is paused at a weight',
        changes: () => ({}),
        reached: stays('weight-50'),
        prepare: 'pause',
        takes: ['resume', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
        details: EXTENDED,
      },
      {
        name: 'while a gate waits for a person',
        changes: () => ({
          steps: [{ weight: 50, for: '0s' }, { gate: { name: 'go', person: {} } }],
        }),
        reached: waits('gate'),
        takes: [
          ...(['pause', 'promote', 'promote_full', 'step_back', 'abort'] as const),
          ...(['approve', 'reject', 'extend'] as const),
        ],
        details: { ...EXTENDED, approve: { gate: 'go' }, reject: { gate: 'go' } },
      },
      {
        name: 'while a breach holds it',
        changes: () => ({ auto_rollback_enabled: false }),
        reached: stays('weight-50'),
        prepare: 'break',
        takes: ['promote', 'promote_full', 'step_back', 'abort', 'extend'],
        details: EXTENDED,
      },
      {
        name: 'while a failed step holds it',
        changes: ({ refusing }) => ({
          auto_rollback_enabled: false,
          steps: [{ weight: 50, for: '0s' }, { webhook: { url: refusing } }],
        }),
        reached: waits('held'),
        takes: ['promote', 'promote_full', 'step_back', 'retry', 'abort', 'extend'],
        details: EXTENDED,
      },
      {
        name: 'while a freeze window holds it before the next weight',
        changes: () => ({
          steps: [
            { weight: 50, for: '20s' },
            { weight: 80, for: LONG },
          ],
        }),
        // All of them must have begun before it does, however slow this machine is.
        freezes: (nowMs) => [
          {
            ...{ kind: 'dated', name: 'friday', onBegin: 'hold' },
            ...{ fromMs: nowMs + 15_000, toMs: nowMs + 3_600_000 },
          },
        ],
        reached: waits('frozen'),
        takes: ['pause', 'resume', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
        details: {
          ...EXTENDED,
          resume: { overrideFreeze: true },
          promote: { overrideFreeze: true },
          promote_full: { overrideFreeze: true },
        },
      },
      stabilizing(AT_ONCE),
      keeping(AT_ONCE),
      {
        name: 'while it goes back',
        changes: ({ closed }) => hook(closed, { on: 'rollback' }),
        reached: stays('weight-50'),
        prepare: 'abort',
        takes: [],
      },
    ],
  },
  {
    name: 'blue-green',
    release: {
      ...SLOW,
      strategy: 'blue_green',
      switch_steps: [50, 100],
      rollout_duration: '20m',
    },
    states: [
      {
        name: 'while it is validated',
        changes: () => ({ validation: { ...QUICK.validation, window: LONG } }),
        reached: isAt('validate'),
        takes: ['pause', 'abort', 'extend'],
        details: EXTENDED,
      },
      {
        name: 'while half of the traffic is watched',
        changes: () => ({}),
        reached: stays('weight-50'),
        takes: ['pause', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
        details: EXTENDED,
      },
      {
        name: 'while its promotion waits for a person',
        changes: () => ({ promotion: 'manual', ...IN_ONE_SWITCH }),
        reached: waits('gate'),
        takes: ['pause', 'promote', 'promote_full', 'abort', 'approve', 'reject', 'extend'],
        details: { ...EXTENDED, approve: { gate: 'promotion' }, reject: { gate: 'promotion' } },
      },
      stabilizing(IN_ONE_SWITCH),
      keeping(IN_ONE_SWITCH),
    ],
  },
  {
    name: 'rolling',
    release: {
      ...SLOW,
      cleanup_delay: undefined,
      strategy: 'rolling',
      rolling: { batch: 1, stabilize: LONG },
    },
    states: [
      {
        name: 'while a batch is carried out and watched',
        changes: () => ({}),
        reached: inFirstBatch,
        takes: ['pause', 'abort', 'extend'],
        details: EXTENDED,
      },
      {
        name: 'while it is paused between two batches',
        changes: () => ({ rolling: { batch: 1, stabilize: '3s' } }),
        reached: inFirstBatch,
        prepare: 'pause',
        takes: ['resume', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
        details: EXTENDED,
      },
      {
        name: 'while a gate before its batches waits for a person',
        changes: () => ({ gates: [{ name: 'go', person: {} }] }),
        reached: waits('gate'),
        takes: ['pause', 'promote', 'promote_full', 'abort', 'approve', 'reject', 'extend'],
        details: { ...EXTENDED, approve: { gate: 'go' }, reject: { gate: 'go' } },
      },
      stabilizing({ rolling: { batch: 1, stabilize: '0s' } }),
    ],
  },
  {
    name: 'ab',
    release: {
      ...SLOW,
      strategy: 'ab_test',
      session_affinity: { cookie: 'user' },
      ab_test: { share: '50%', min_duration: LONG, max_duration: '1h', min_samples: 1000 },
    },
    states: [
      {
        name: 'while the arms are compared',
        changes: () => ({}),
        reached: ({ steps, at, verbs }) =>
          steps[at]?.kind === 'compare' && verbs.includes('promote'),
        takes: ['pause', 'promote', 'promote_full', 'step_back', 'abort', 'extend'],
        details: EXTENDED,
      },
      stabilizing({
        ab_test: {
          ...{ share: '50%', min_duration: '1s', max_duration: '2s' },
          ...{ min_samples: 10, undecided: 'candidate' },
        },
      }),
    ],
  },
];
