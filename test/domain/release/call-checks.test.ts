import { describe, expect, test } from 'vitest';
import { planOf } from '../../../src/domain/release/plan.ts';
import { readRelease } from '../../../src/domain/release/release-file.ts';
import { specOf } from './specs.ts';

function messagesOf(changes: Readonly<Record<string, unknown>>): readonly string[] {
  const document = {
    service: 'shop',
    version: '2',
    strategy: 'canary',
    environment: { kind: 'memory' },
    traffic: { kind: 'memory' },
    ...changes,
  };
  const text = JSON.stringify(document);
  const read = readRelease({
    forTests: true,
    text,
    file: 'r.json',
    folder: '/',
    version: undefined,
  });
  if (read.kind === 'valid') return [];
  return read.problems.map(({ path, message }) => `${path}: ${message}`);
}

const qa = { name: 'qa', person: {} };
const migrate = { name: 'migrate', activity: { type: 'migrate_schema', task_queue: 'db-hooks' } };

const TWICE = 'of another gate or step: a person could not tell them apart';

describe('gates and steps that a person could not tell apart are told where', () => {
  test.each([
    ['two gates before a phase', { gates: [qa, qa] }, `gates.1.name: qa is the name ${TWICE}`],
    [
      'a gate before a phase and one among the steps',
      { gates: [qa], steps: [{ weight: 10, for: '1m' }, { gate: qa }, { weight: 100 }] },
      `steps.1.gate.name: qa is the name ${TWICE}`,
    ],
    [
      'a gate and a step',
      { gates: [qa], steps: [{ name: 'qa', weight: 10, for: '1m' }, { weight: 100 }] },
      `steps.0.name: qa is the name ${TWICE}`,
    ],
    [
      'the gate of a manual promotion',
      { promotion: 'manual', gates: [{ name: 'promotion', person: {} }] },
      `gates.0.name: promotion is the name ${TWICE}`,
    ],
    [
      'a gate with a name of its own and one of its step',
      { steps: [{ name: 'first', gate: qa }, { weight: 100 }] },
      'steps.0.name: this step is called qa already',
    ],
  ])('%s', (_name, changes, message) => {
    expect(messagesOf(changes)).toEqual([message]);
  });
});

test('two hooks of one name would have one key', () => {
  const hooks = [
    { ...migrate, on: 'expand' },
    { ...migrate, on: 'contract' },
  ];
  const message = 'hooks.1.name: migrate is the name of another hook: its key would be the same';
  expect(messagesOf({ hooks })).toEqual([message]);
});

describe('a moment that never comes is refused', () => {
  const never = 'validating is a phase of blue_green alone';
  test.each(['canary', 'rolling', 'ab_test'])('under %s there is no validating', (strategy) => {
    const gates = [{ ...qa, before: 'validating' }];
    const hooks = [
      { ...migrate, before: 'validating' },
      { ...migrate, name: 'other', after: 'validating' },
    ];
    expect(messagesOf({ strategy, gates, hooks })).toEqual(
      ['gates.0.before', 'hooks.0.before', 'hooks.1.after'].map(
        (path) => `${path}: ${never}: ${strategy} judges live traffic`,
      ),
    );
    expect(messagesOf({ strategy: 'blue_green', gates, hooks })).toEqual([]);
  });
});

test.each([
  ['a contraction without an expansion', { hooks: [{ ...migrate, on: 'contract' }] }],
  [
    'a hook and a gate of one name',
    { gates: [qa], hooks: [{ ...migrate, name: 'qa', on: 'expand' }] },
  ],
  ['a gate that is called like a step that nobody named', { gates: [{ ...qa, name: 'deploy' }] }],
])('%s is taken', (_name, changes) => {
  expect(messagesOf(changes)).toEqual([]);
});

test('a step that nobody named never takes a name that somebody wrote', () => {
  const spec = specOf({
    strategy: 'canary',
    gates: [{ name: 'deploy', person: {} }],
    steps: [
      { weight: 10, for: '1m' },
      { hold: '1m' },
      { name: 'hold-2', weight: 50, for: '1m' },
      { hold: '2m' },
      { weight: 100 },
    ],
  });
  const names = planOf(spec, { stableInstances: 2, fast: false }).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('hold-3');
  expect(names).toContain('deploy-2');
});
