import { describe, expect, test } from 'vitest';
import type { PlanFacts } from '../../../src/domain/release/plan.ts';
import type { ReleaseDocument } from '../../../src/domain/release/release.schema.ts';
import { type Timetable, timetableOf } from '../../../src/domain/release/timetable.ts';
import { specOf } from './specs.ts';

const FACTS: PlanFacts = { stableInstances: 2, fast: false };
const MINUTE = 60_000;

function table(changes: Partial<ReleaseDocument>, facts: Partial<PlanFacts> = {}): Timetable {
  return timetableOf(specOf(changes), { ...FACTS, ...facts });
}

/** `name from-to weight`, in seconds; `~` before what comes no earlier than that. */
function lines({ entries }: Timetable): readonly string[] {
  return entries.map(({ name, fromMs, toMs, weightPercent, isEarliest }) => {
    const time = `${isEarliest ? '~' : ''}${fromMs / 1000}-${toMs / 1000}`;
    return `${name} ${time} ${weightPercent}%`;
  });
}

const CANARY: Partial<ReleaseDocument> = {
  strategy: 'canary',
  warmup_duration: '10s',
  stabilization_period: '1m',
  cleanup_delay: '5s',
  steps: [
    { weight: '5%', for: '20s' },
    { weight: '50%', for: '30s' },
  ],
};

describe('the times of each strategy', () => {
  test.each<[string, Partial<ReleaseDocument>, Partial<PlanFacts>, readonly string[]]>([
    [
      'blue_green',
      {
        warmup_duration: '10s',
        validation: { window: '20s' },
        stabilization_period: '1m',
        cleanup_delay: '5s',
      },
      {},
      [
        'deploy 0-0 0%',
        'prove 0-10 0%',
        'validate 10-30 0%',
        'weight-100 30-30 100%',
        'stabilize 30-90 100%',
        'promote 90-90 100%',
        'keep 90-95 100%',
        'retire 95-95 100%',
      ],
    ],
    [
      'canary',
      CANARY,
      {},
      [
        'deploy 0-0 0%',
        'prove 0-10 0%',
        'weight-5 10-30 5%',
        'weight-50 30-60 50%',
        'weight-100 60-60 100%',
        'stabilize 60-120 100%',
        'promote 120-120 100%',
        'keep 120-125 100%',
        'retire 125-125 100%',
      ],
    ],
    [
      'canary with a gate, after which times are the earliest ones',
      { ...CANARY, gates: [{ name: 'go', person: {}, before: 'stabilizing' }] },
      {},
      [
        'deploy 0-0 0%',
        'prove 0-10 0%',
        'weight-5 10-30 5%',
        'weight-50 30-60 50%',
        'weight-100 60-60 100%',
        'go 60-60 100%',
        'stabilize ~60-120 100%',
        'promote ~120-120 100%',
        'keep ~120-125 100%',
        'retire ~125-125 100%',
      ],
    ],
    [
      'canary as the first release of its service: all at once',
      { ...CANARY, validation: { window: '20s' } },
      { stableInstances: null },
      [
        'deploy 0-0 0%',
        'prove 0-10 0%',
        'validate 10-30 0%',
        'weight-100 30-30 100%',
        'stabilize 30-90 100%',
        'promote 90-90 100%',
        'retire 90-90 100%',
      ],
    ],
    [
      'canary on a way back that is fast',
      CANARY,
      { fast: true },
      [
        'deploy 0-0 0%',
        'prove 0-0 0%',
        'weight-100 0-0 100%',
        'stabilize 0-60 100%',
        'promote 60-60 100%',
        'keep 60-65 100%',
        'retire 65-65 100%',
      ],
    ],
    [
      'rolling',
      {
        strategy: 'rolling',
        environment: { kind: 'memory', instances: 4 },
        rolling: { batch: '25%', stabilize: '10s' },
        stabilization_period: '1m',
      },
      { stableInstances: 4 },
      [
        'batch 0-10 25%',
        'batch-2 10-20 50%',
        'batch-3 20-30 75%',
        'batch-4 30-40 100%',
        'stabilize 40-100 100%',
        'promote 100-100 100%',
        'retire 100-100 100%',
      ],
    ],
    [
      'ab_test, decided at its shortest',
      {
        strategy: 'ab_test',
        warmup_duration: '0s',
        ab_test: { min_duration: '1m', max_duration: '1h' },
        stabilization_period: '10s',
        cleanup_delay: '5s',
      },
      {},
      [
        'deploy 0-0 0%',
        'prove 0-0 0%',
        'affinity 0-0 0%',
        'weight-50 0-0 50%',
        'compare 0-60 50%',
        'weight-100 ~60-60 100%',
        'stabilize ~60-70 100%',
        'promote ~70-70 100%',
        'keep ~70-75 100%',
        'retire ~75-75 100%',
      ],
    ],
  ])('%s', (_name, changes, facts, expected) => {
    expect(lines(table(changes, facts))).toEqual(expected);
  });

  test('all of it together', () => {
    expect(table(CANARY)).toMatchObject({ totalMs: 125_000, isEarliest: false, isFirst: false });
    const gated = table({ ...CANARY, promotion: 'manual' });
    expect(gated).toMatchObject({ totalMs: 125_000, isEarliest: true });
  });
});

function entry(timetable: Timetable, name: string) {
  const found = timetable.entries.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${name} in ${lines(timetable).join(', ')}`);
  return found;
}

test.each<[string, Partial<ReleaseDocument>, string, number | undefined]>([
  ['a health check has its deadline', { health_check_timeout: '1m' }, 'prove', 90_000],
  [
    'a validation has its budget for missing data',
    { validation: { window: '10s', no_data_budget: '20s' } },
    'validate',
    30_000,
  ],
  [
    'a hook has so many attempts',
    {
      hooks: [
        {
          name: 'migrate',
          on: 'expand',
          activity: { type: 'migrate', task_queue: 'db', timeout: '1m', attempts: 2 },
        },
      ],
    },
    'migrate',
    2 * MINUTE,
  ],
  [
    'a gate has its time-out',
    { gates: [{ name: 'go', person: { timeout: '1h' } }] },
    'go',
    60 * MINUTE,
  ],
  [
    'a gate without one waits for as long as it takes',
    { promotion: 'manual' },
    'promotion',
    undefined,
  ],
  ['a wait is exact and has no limit', {}, 'stabilize', undefined],
])('%s', (_name, changes, name, limitMs) => {
  expect(entry(table(changes), name).limitMs).toBe(limitMs);
});

test.each<[NonNullable<ReleaseDocument['gates']>[number], object]>([
  [
    { name: 'go', person: { timeout: '1h', on_timeout: 'approve' } },
    {
      kind: 'person',
      answeredBy: 'belay approve checkout go',
      timeoutMs: 60 * MINUTE,
      onTimeout: 'approve',
    },
  ],
  [
    { name: 'go', webhook: { url: 'http://ci/go' } },
    { kind: 'webhook', answeredBy: 'http://ci/go', timeoutMs: 5 * MINUTE, onTimeout: 'reject' },
  ],
  [
    { name: 'go', after: { release: 'payments >= v12' } },
    {
      kind: 'after',
      answeredBy: 'payments >= v12',
      timeoutMs: 60 * MINUTE,
      onTimeout: 'reject',
    },
  ],
])('the gate %j says who answers, and what its silence means', (gate, view) => {
  expect(entry(table({ gates: [gate] }), 'go').gate).toEqual(view);
});

/** What ends a wait at once, and a step that is judged. */
const GUARDED = ['threshold', 'threshold', 'drift', 'unhealthy'];
const LIVE = [...GUARDED, 'no_data'];

describe('what would take it back', () => {
  test.each<
    [string, Partial<ReleaseDocument>, Partial<PlanFacts>, string, string[], string | undefined]
  >([
    ['at the start nobody has met it', {}, {}, 'deploy', ['environment'], 'ends'],
    ['a candidate that is not well', {}, {}, 'prove', ['health'], 'ends'],
    [
      'probe load is compared with stable',
      {},
      {},
      'validate',
      ['threshold', 'threshold', 'drift', 'no_data'],
      'ends',
    ],
    [
      'in a first release there is nothing to compare with',
      {},
      { stableInstances: null },
      'validate',
      ['threshold', 'threshold', 'no_data'],
      'ends',
    ],
    ['a gate before any traffic', { promotion: 'manual' }, {}, 'promotion', ['gate'], 'ends'],
    ['a switch', {}, {}, 'weight-100', ['traffic'], 'goes_back'],
    ['a weight that is watched', CANARY, {}, 'weight-5', ['traffic', ...LIVE], 'goes_back'],
    [
      'a gate under traffic: watching goes on, though nothing follows from no data',
      { ...CANARY, gates: [{ name: 'go', person: {}, before: 'stabilizing' }] },
      {},
      'go',
      ['gate', ...GUARDED],
      'goes_back',
    ],
    [
      'a wait under traffic, likewise',
      { strategy: 'canary', steps: [{ weight: 5 }, { hold: '1m' }] },
      {},
      'hold',
      GUARDED,
      'goes_back',
    ],
    [
      'more instances: nobody looks while they start',
      { strategy: 'canary', steps: [{ weight: 50 }, { scale: 2 }] },
      {},
      'scale',
      ['environment'],
      'goes_back',
    ],
    ['the watch', {}, {}, 'stabilize', LIVE, 'goes_back'],
    [
      'the watch without leave to go back',
      { auto_rollback_enabled: false },
      {},
      'stabilize',
      LIVE,
      'holds',
    ],
    [
      'the watch of a first release',
      {},
      { stableInstances: null },
      'stabilize',
      LIVE.filter((kind) => kind !== 'drift'),
      'holds',
    ],
    [
      'the other arm of a test',
      { strategy: 'ab_test' },
      {},
      'compare',
      ['experiment', ...GUARDED],
      'goes_back',
    ],
    ['once it is stable, nothing', {}, {}, 'keep', [], undefined],
  ])('%s', (_name, changes, facts, name, kinds, then) => {
    const found = entry(table(changes, facts), name);
    expect(found.risks.map(({ kind }) => kind)).toEqual(kinds);
    expect(found.consequence).toBe(then);
  });

  test('carries its limits as numbers', () => {
    expect(entry(table({}), 'stabilize').risks).toEqual([
      { kind: 'threshold', signal: 'latency_p95', limit: 250 },
      { kind: 'threshold', signal: 'error_rate', limit: 0.05 },
      { kind: 'drift', latencyIncreaseMax: 0.5, errorRateIncreaseMax: 0.01 },
      { kind: 'unhealthy', roundsInARow: 3 },
      { kind: 'no_data', budgetMs: 2 * MINUTE },
    ]);
  });

  test.each([
    ['fail', ['hook']],
    ['warn', []],
  ] as const)('a hook that may %s', (onFailure, kinds) => {
    const hook = { name: 'tidy', on: 'contract', webhook: { url: 'http://ci/tidy' } } as const;
    const found = entry(table({ hooks: [{ ...hook, on_failure: onFailure }] }), 'tidy');
    expect(found.risks.map(({ kind }) => kind)).toEqual(kinds);
  });
});

test.each<[string, Partial<ReleaseDocument>, string, string]>([
  [
    'one instance',
    { environment: { kind: 'memory' } },
    'deploy',
    '1 instance of v2 starts beside stable',
  ],
  [
    'a batch of one',
    {
      strategy: 'rolling',
      environment: { kind: 'memory', instances: 4 },
      rolling: { batch: 1, stabilize: '3s' },
    },
    'batch-2',
    'instance 2 drains and becomes v2, watched for 3s',
  ],
  ['a switch', {}, 'weight-100', 'v2 gets 100 % of the traffic'],
  [
    'a gate',
    { promotion: 'manual' },
    'promotion',
    'waits for a person: belay approve checkout promotion',
  ],
])('%s is said in a sentence', (_name, changes, name, sentence) => {
  expect(entry(table(changes), name).what).toBe(sentence);
});

test('the same file gives the same timetable, as plain JSON', () => {
  const one = table(CANARY);
  expect(JSON.parse(JSON.stringify(one))).toEqual(JSON.parse(JSON.stringify(table(CANARY))));
});
