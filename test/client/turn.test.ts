import { expect, test } from 'vitest';
import { createTurns, turnOf } from '../../src/client/turn.ts';
import type { DeployCommand, Queued, ServiceView } from '../../src/domain/release/commands.ts';
import type { RunRecord } from '../../src/domain/release/progress.ts';
import { specOf } from '../domain/release/specs.ts';

const ASKED = { who: 'ada', why: 'merge of #88', requestId: 'r-2' };
const COMMAND: DeployCommand = { ...ASKED, spec: specOf({ version: 'v2' }) };
const QUEUED: Queued = {
  kind: 'queued',
  requestId: 'r-2',
  version: 'v2',
  position: 1,
  behind: 'release/checkout/6',
  remarks: ['a remark'],
};

function run(number: number, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    workflowId: `release/checkout/${number}`,
    service: 'checkout',
    kind: 'release',
    number,
    version: 'v2',
    who: ASKED.who,
    why: ASKED.why,
    startedAtMs: number * 1000,
    endedAtMs: undefined,
    outcome: undefined,
    reason: undefined,
    ...changes,
  };
}

function view(queue: ServiceView['queue'], runs: readonly RunRecord[]): ServiceView {
  const [active] = runs;
  return { service: 'checkout', stable: 'v1', nextNumber: 9, active, queue, left: [], runs };
}

const WAITING = { ...ASKED, version: 'v2', sinceMs: 6000 };
const BEFORE = { version: 'v2', who: ASKED.who, why: ASKED.why, afterNumber: 6 };

test('while it stands in the queue it waits, and every run seen until then is another one', () => {
  const older = run(6, { version: 'v1' });
  expect(turnOf(view([WAITING], [older]), 'r-2', undefined)).toEqual({
    kind: 'waits',
    waited: BEFORE,
  });
});

test.each<[string, readonly RunRecord[], number | undefined]>([
  ['the run after it is its own', [run(7), run(6, { version: 'v1' })], 7],
  ['a rollback with its version is not', [run(7, { kind: 'rollback' })], undefined],
  ['nor is a release that somebody else asked for', [run(7, { who: 'bob' })], undefined],
  ['nor one for another reason', [run(7, { why: 'again' })], undefined],
  ['nor an older release of the same version', [run(6)], undefined],
  ['nothing runs: it was called off', [], undefined],
])('once it has left the queue, %s', (_name, runs, number) => {
  const turn = turnOf(view([], runs), 'r-2', BEFORE);
  expect(turn.kind === 'begun' ? turn.run.number : undefined).toBe(number);
});

test('what was never seen waiting cannot be told from others', () => {
  expect(turnOf(view([], [run(7)]), 'r-2', undefined)).toEqual({ kind: 'gone' });
});

function turnsOver(views: readonly ServiceView[]) {
  let look = 0;
  const last = views.at(-1) ?? view([], []);
  return createTurns(async () => views[look++] ?? last, 0);
}

test('waiting answers the release as it has begun, with the remarks of its request', async () => {
  const busy = run(6, { version: 'v1' });
  const turns = turnsOver([view([WAITING], [busy]), view([], [busy]), view([], [run(7), busy])]);
  turns.remember(COMMAND, QUEUED);
  expect(await turns.awaitTurn('checkout', 'r-2')).toEqual({
    kind: 'begun',
    workflowId: 'release/checkout/7',
    number: 7,
    version: 'v2',
    remarks: ['a remark'],
  });
});

test('a release that began before anybody looked is found by what its answer said', async () => {
  const turns = turnsOver([view([], [run(7)])]);
  turns.remember(COMMAND, QUEUED);
  expect(await turns.awaitTurn('checkout', 'r-2')).toMatchObject({ number: 7 });
});

test('a release that was called off is not found, and not asked for again', async () => {
  const turns = turnsOver([view([WAITING], []), view([], [])]);
  await expect(turns.awaitTurn('checkout', 'r-2')).rejects.toMatchObject({
    code: 'NotFound',
    message: expect.stringContaining('called off'),
  });
});
