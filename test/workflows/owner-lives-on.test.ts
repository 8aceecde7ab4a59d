import { ApplicationFailure } from '@temporalio/common';
import { activityInfo } from '@temporalio/activity';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rollbackWorkflowId, serviceWorkflowId } from '../../src/domain/release/names.ts';
import { GATED, SHORT, useNames } from '../support/short-releases.ts';
import { GOOD, SERVICE, type WorkflowRig, startWorkflowRig } from '../support/workflow-rig.ts';

/** The owner of a service meets what it cannot do, and neither ends nor lets two runs interleave. */
const ASKED = { who: 'ada', why: 'a look at what is in the way' };
let rig: WorkflowRig;

beforeEach(async () => {
  rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
  for (const version of ['v1', 'v2', 'v3', 'v4']) rig.metrics.set(version, GOOD);
  await release('v1');
  await release('v2');
});
afterEach(() => rig?.close());

async function release(version: string): Promise<void> {
  const { workflowId } = await rig.deploy(version, SHORT);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
}

/** Somebody has used the names of the service's rollbacks to come. */
const use = (from: number, to: number): Promise<void> =>
  useNames(
    rig,
    Array.from({ length: to - from + 1 }, (_, at) => rollbackWorkflowId(SERVICE, from + at)),
  );

test('a rollback whose number somebody has used begins under another one', async () => {
  await use(3, 3);
  const { workflowId, number } = await rig.client.rollback(SERVICE, ASKED);
  expect(number).toBeGreaterThan(3);
  expect(await rig.end(workflowId)).toMatchObject({ serving: { version: 'v1' } });
  expect((await rig.client.history(SERVICE)).runs.map((run) => run.version)).toEqual([
    ...['v1', 'v2', 'v1'],
  ]);
});

test('a rollback that was promised and cannot begin is in the history, and the owner lives on', async () => {
  const { workflowId, number } = await rig.deploy('v3', GATED);
  await rig.until(workflowId, 'gate');
  // The next number is that of the release's own way back.
  await use(number + 2, number + 12);
  await rig.client.rollback(SERVICE, { ...ASKED, toVersion: 'v1' });
  expect(await rig.end(workflowId)).toMatchObject({ serving: { version: 'v2' } });
  const newest = () => rig.client.history(SERVICE).then(({ runs }) => runs[0]);
  await expect.poll(newest, { timeout: 10_000 }).toMatchObject({
    ...{ kind: 'rollback', version: 'v1', outcome: 'rollback_unverified' },
    reason: expect.stringContaining('did not start'),
  });
  await release('v4');
});

test('one that waits is called off where its freeze windows cannot be told', async () => {
  const { workflowId } = await rig.deploy('v3', GATED);
  await rig.until(workflowId, 'gate');
  const later = { from: '2099-01-01T00:00', to: '2099-01-02T00:00', timezone: 'UTC' };
  const freeze_windows = [{ name: 'later', ...later }];
  const spec = rig.specOf('v4', { supersede: 'queue', freeze_windows });
  const request = { release: spec, ...ASKED, requestId: 'ask-v4' };
  expect(await rig.client.deploy(request)).toMatchObject({ kind: 'queued' });
  const { currentTimeMs } = rig.env;
  rig.env.currentTimeMs = async () => {
    if (activityInfo().activityType === 'findFreezes') {
      throw ApplicationFailure.nonRetryable('no calendar');
    }
    return currentTimeMs.call(rig.env);
  };
  await rig.client.approve(SERVICE, 'go', ASKED);
  await rig.end(workflowId);
  await expect(rig.client.awaitTurn(SERVICE, 'ask-v4')).rejects.toThrow('no calendar');
  rig.env.currentTimeMs = currentTimeMs;
  await release('v4');
});

test('of two releases whose owner has to look for a number one begins', async () => {
  await rig.env.client.workflow.getHandle(serviceWorkflowId(SERVICE)).terminate('by hand');
  const asked = await Promise.allSettled([rig.deploy('v3', SHORT), rig.deploy('v4', SHORT)]);
  const begun = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(begun).toHaveLength(1);
  expect(refused).toMatchObject([{ code: 'ReleaseInProgress' }]);
  expect(await rig.end(begun[0]?.workflowId ?? '')).toMatchObject({ outcome: 'succeeded' });
  expect((await rig.client.history(SERVICE)).runs).toHaveLength(1);
});

test('who waits for the end of a run does not skip the rest of the life of its owner', async () => {
  const { workflowId } = await rig.deploy('v3', SHORT);
  const report = await rig.end(workflowId);
  const fromMs = await rig.env.currentTimeMs();
  expect(await rig.end(workflowId)).toEqual(report);
  expect((await rig.env.currentTimeMs()) - fromMs).toBeLessThan(60_000);
  const owner = rig.env.client.workflow.getHandle(serviceWorkflowId(SERVICE));
  expect((await owner.describe()).status.name).toBe('RUNNING');
});
