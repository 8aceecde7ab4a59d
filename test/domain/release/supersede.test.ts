import { expect, test } from 'vitest';
import type { DeployCommand } from '../../../src/domain/release/commands.ts';
import type { ReleaseDocument } from '../../../src/domain/release/release.schema.ts';
import {
  type ServiceState,
  activated,
  answerTo,
  deployment,
  newService,
} from '../../../src/domain/release/service-state.ts';
import {
  calledOff,
  isFast,
  queued,
  refuseCancel,
  supersede,
} from '../../../src/domain/release/supersede.ts';
import { specOf } from './specs.ts';

function commandOf(version: string, changes: Partial<ReleaseDocument> = {}): DeployCommand {
  const spec = { ...specOf(changes), version };
  return { requestId: `r-${version}`, who: 'ada', why: 'test', spec };
}

const begun = commandOf('v1');
const RUNNING: ServiceState = activated(
  newService('checkout'),
  deployment(newService('checkout'), begun, 1000),
  begun.requestId,
);
const WAITING = queued(RUNNING, commandOf('v2'), [], 2000);

test.each([
  ['reject', { kind: 'refuse', refusal: { code: 'ReleaseInProgress' } }],
  ['queue', { kind: 'wait', drops: [], aborts: false }],
  ['coalesce', { kind: 'wait', drops: [{ command: { requestId: 'r-v2' } }], aborts: false }],
  ['replace', { kind: 'wait', drops: [{ command: { requestId: 'r-v2' } }], aborts: true }],
] as const)('supersede: %s, while one runs and one waits', (policy, expected) => {
  expect(supersede(WAITING, commandOf('v3', { supersede: policy }))).toMatchObject(expected);
});

test('the version that is being released is not begun a second time', () => {
  expect(supersede(RUNNING, commandOf('v1', { supersede: 'queue' }))).toMatchObject({
    kind: 'refuse',
  });
});

test('a queue has an end', () => {
  const full = Array.from({ length: 20 }, (_, at) => commandOf(`w${at}`)).reduce(
    (state, command) => queued(state, command, [], 2000),
    RUNNING,
  );
  expect(supersede(full, commandOf('v3', { supersede: 'queue' }))).toMatchObject({
    refusal: { code: 'QueueFull' },
  });
});

test('who waits is told the place, and who is dropped is told by whom', () => {
  expect(answerTo(WAITING, 'r-v2')).toMatchObject({ kind: 'queued', position: 1 });
  const newer = queued(WAITING, commandOf('v3'), WAITING.queue, 3000);
  expect(newer.queue.map(({ command }) => command.requestId)).toEqual(['r-v3']);
  expect(answerTo(newer, 'r-v3')).toMatchObject({ kind: 'queued', position: 1 });
  expect(answerTo(newer, 'r-v2')).toMatchObject({ kind: 'called_off', why: 'superseded by v3' });
});

test('only what waits can be called off', () => {
  const asked = { requestId: 'c-1', who: 'ada', why: 'wrong build' };
  expect(refuseCancel(WAITING, { ...asked, queuedRequestId: 'r-v2' })).toBeUndefined();
  expect(refuseCancel(WAITING, { ...asked, queuedRequestId: 'r-v1' })).toMatchObject({
    code: 'NotFound',
  });
  expect(calledOff(WAITING, 'r-v2', 'wrong build').queue).toEqual([]);
});

test.each([
  ['inside the window', 9_000, true],
  ['after it', 70_000, false],
])('a version that was stable before comes back at once %s', (_name, nowMs, expected) => {
  const { spec } = commandOf('v1');
  const run = { service: 'checkout', kind: 'release', who: 'ada', why: 'test' } as const;
  const state: ServiceState = {
    ...newService('checkout'),
    runs: [
      { ...run, ...ended(2, 8000), version: 'v2', served: { ...spec, version: 'v2' } },
      { ...run, ...ended(1, 1000), version: 'v1', served: { ...spec, version: 'v1' } },
    ],
  };
  const command = commandOf('v1', { rollback_window: '1m' });
  expect(isFast(state, command, nowMs)).toBe(expected);
  expect(isFast(state, commandOf('v1'), nowMs)).toBe(false);
});

function ended(number: number, endedAtMs: number) {
  const workflowId = `release/checkout/${number}`;
  return {
    workflowId,
    number,
    startedAtMs: 0,
    endedAtMs,
    outcome: 'succeeded',
    reason: '',
  } as const;
}
