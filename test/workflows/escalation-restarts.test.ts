import { WorkflowUpdateStage } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { type IncidentRig, startIncidentRig } from '../support/incident-rig.ts';
import { ADA, NIGHT } from '../support/night.ts';

const MINUTE = 60_000;

let rig: IncidentRig;

beforeAll(async () => {
  // Each task replays all of its history, and none waits for a worker that has gone.
  rig = await startIncidentRig({ maxCachedWorkflows: 0 });
});
beforeEach(() => rig.use(NIGHT));
afterEach(() => rig.clear());
afterAll(() => rig?.close());

/** Opens one and waits until its first level has been delivered. */
async function paged(): Promise<string> {
  const id = await rig.open();
  await rig.until(
    id,
    ({ level, ledger }) => level === 1 && ledger.every(({ state }) => state === 'accepted'),
  );
  return id;
}

test('two acknowledgements in one task: the first one wins', async () => {
  const id = await paged();
  await rig.stop();
  const handle = rig.env.client.workflow.getHandle(id);
  const both = ['ada', 'bob'].map((who) =>
    handle
      .startUpdate<unknown, [object]>('acknowledge', {
        args: [{ who, why: 'mine', requestId: `${id} ${who}` }],
        waitForStage: WorkflowUpdateStage.ACCEPTED,
      })
      .then((started) => started.result())
      .then(
        () => 'won',
        () => 'lost',
      ),
  );
  await rig.start();
  const won = await Promise.all(both);
  expect(won.toSorted()).toEqual(['lost', 'won']);
  const { acknowledgedBy } = await rig.client.incidents.show(id);
  expect(acknowledgedBy?.by).toBe(won[0] === 'won' ? 'ada' : 'bob');
});

test('moved to another policy just when it is resolved, it stays resolved', async () => {
  const id = await paged();
  await rig.stop();
  const handle = rig.env.client.workflow.getHandle(id);
  const moved = handle
    .executeUpdate<unknown, [object]>('change_policy', {
      args: [{ ...ADA, requestId: 'move', policy: 'night' }],
    })
    .catch((error: unknown) => error);
  await handle.signal('resolve-signal', { ...ADA, requestId: 'over' });
  await rig.start();
  await moved;
  expect(await rig.end(id)).toMatchObject({ status: 'resolved' });
  expect(await rig.client.incidents.show(id)).toMatchObject({ status: 'resolved' });
});

test('the worker is another one at each level: none is skipped, none comes twice', async () => {
  const id = await paged();
  for (const minutes of [4, 2, 10, 6]) {
    await rig.stop();
    await rig.start();
    await rig.pass(minutes * MINUTE);
  }
  await rig.client.incidents.acknowledge(id, ADA);
  const { timeline } = await rig.client.incidents.show(id);
  const levels = timeline.filter(({ text }) => /^level \d/.test(text));
  expect(levels.map(({ text }) => text.slice(0, 24))).toEqual([
    ...['level 1 of 2, round 1: p', 'level 2 of 2, round 1: p'],
    ...['level 1 of 2, round 2: p', 'level 2 of 2, round 2: p'],
  ]);
  const keys = rig.pagesOf(id).map(({ page }) => page.dedupKey);
  expect(new Set(keys).size).toBe(keys.length);
});

test('a signal while no worker is there acknowledges as soon as there is one', async () => {
  const id = await paged();
  await rig.stop();
  await rig.env.client.workflow.getHandle(id).signal('ack', { ...ADA, requestId: `${id} ack` });
  await rig.start();
  await rig.until(id, ({ status }) => status === 'acknowledged');
  await rig.pass(24 * 60 * MINUTE);
  expect(rig.pagesOf(id)).toHaveLength(2);
});

test('a page whose worker has ended is sent once more with its key, and says so', async () => {
  const cut = new Failure('PageUndelivered', 'the worker is gone', { isUnknown: true });
  rig.fail('chat', { failure: cut, when: 'after' });
  const id = await rig.open();
  await expect.poll(() => rig.pagesOf(id).length).toBeGreaterThan(1);
  await rig.stop();
  await rig.start();
  await rig.pass(MINUTE);
  await rig.until(id, ({ ledger }) => ledger.every(({ state }) => state === 'accepted'));
  const chat = rig.pagesOf(id).filter(({ channel }) => channel === 'chat');
  expect(chat.map(({ page }) => page.maybeRepeated)).toEqual([false, true]);
  expect(new Set(chat.map(({ page }) => page.dedupKey)).size).toBe(1);
});
