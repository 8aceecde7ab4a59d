import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import {
  BROKEN,
  GOOD,
  SERVICE,
  type WorkflowRig,
  startWorkflowRig,
} from '../support/workflow-rig.ts';

const ASKED = { who: 'ada', why: 'a look at the version before' };
const HEALTHY = { kind: 'healthy', checks: 1 } as const;

let rig: WorkflowRig;
let stable: string;
let count = 0;

beforeAll(async () => {
  rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
});
afterAll(() => rig?.close());

/** Each test goes back to a version of its own. */
beforeEach(async () => {
  count += 1;
  stable = `v${count}`;
  rig.metrics.set(stable, GOOD);
  const { workflowId } = await rig.deploy(stable);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  // What a person could not verify was left running by the test before.
  rig.setHealth(stable, HEALTHY);
});

async function weights(): Promise<Record<string, number>> {
  const { routes } = await rig.router.read(SERVICE, new AbortController().signal);
  return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
}

async function historyOf(workflowId: string) {
  const { events } = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
  return events ?? [];
}

test('it does not give up on a load balancer that cannot be reached, and tells people', async () => {
  const bad = `bad-${count}`;
  rig.metrics.set(bad, BROKEN);
  rig.clock.during('watchRelease', () => {
    rig.router.failNext(new Failure('TrafficUnreachable', 'the socket is gone'), 150);
  });
  const before = rig.channel.received.length;
  const { workflowId, number } = await rig.deploy(bad);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'rolled_back', left: [] });
  expect(await weights()).toEqual({ [stable]: 100 });

  const told = rig.channel.received.slice(before);
  expect(told.map(({ dedupKey }) => dedupKey)).toEqual([
    `rollback/${SERVICE}/${number + 1}/traffic-not-back`,
    `rollback/${SERVICE}/${number + 1}/ended`,
  ]);
  expect(told[0]).toMatchObject({ severity: 'critical' });
  expect(told[0]?.text).toContain('the socket is gone');
});

test('one that cannot be verified says so, removes nothing and begins no second', async () => {
  const bad = `bad-${count}`;
  rig.metrics.set(bad, BROKEN);
  rig.clock.during('watchRelease', () => {
    rig.metrics.set(stable, BROKEN);
  });
  const { workflowId, number } = await rig.deploy(bad);
  const report = await rig.end(workflowId);
  expect(report).toMatchObject({
    outcome: 'rollback_unverified',
    serving: { version: stable },
    left: [{ version: bad }],
  });
  expect(await weights()).toMatchObject({ [stable]: 100 });
  const { runs, active } = await rig.client.history(SERVICE);
  expect(active).toBeUndefined();
  expect(runs[0]).toMatchObject({ number: number + 1, outcome: 'rollback_unverified' });
  expect(rig.channel.received.at(-1)).toMatchObject({
    outcome: 'rollback_unverified',
    severity: 'critical',
  });
});

test('one without data to verify it is not taken for verified', async () => {
  const bad = `bad-${count}`;
  rig.metrics.set(bad, BROKEN);
  rig.clock.during('watchRelease', () => {
    rig.metrics.set(stable, {});
  });
  const { workflowId } = await rig.deploy(bad);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'rollback_unverified' });
});

test('a version that no longer runs is started, proven and only then given traffic', async () => {
  const next = `next-${count}`;
  rig.metrics.set(next, GOOD);
  const release = await rig.deploy(next);
  expect(await rig.end(release.workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
  expect(await rig.environment.find(SERVICE, stable)).toEqual([]);

  const { workflowId } = await rig.client.rollback(SERVICE, ASKED);
  expect(await rig.end(workflowId)).toMatchObject({
    outcome: 'rolled_back',
    cause: 'manual',
    serving: { version: stable },
  });
  expect(await weights()).toEqual({ [stable]: 100 });
  const activities = (await historyOf(workflowId))
    .map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name)
    .filter((name) => name !== undefined);
  expect(activities.slice(0, 3)).toEqual(['deployVersion', 'proveReady', 'switchTraffic']);
});

test('a rollback under the request id of the release is a request of its own, once', async () => {
  const next = `next-${count}`;
  rig.metrics.set(next, GOOD);
  const requestId = `one-${count}`;
  const release = await rig.deploy(next, {}, requestId);
  expect(await rig.end(release.workflowId)).toMatchObject({ outcome: 'succeeded' });
  const back = await rig.client.rollback(SERVICE, { ...ASKED, requestId });
  expect(back.workflowId).toBe(`rollback/${SERVICE}/${release.number + 1}`);
  expect(await rig.client.rollback(SERVICE, { ...ASKED, requestId })).toEqual(back);
  expect(await rig.end(back.workflowId)).toMatchObject({ serving: { version: stable } });
  expect(await rig.deploy(next, {}, requestId)).toMatchObject({ workflowId: release.workflowId });
});

test('a version that cannot be started again leaves traffic where it is', async () => {
  const next = `next-${count}`;
  rig.metrics.set(next, GOOD);
  const release = await rig.deploy(next);
  expect(await rig.end(release.workflowId)).toMatchObject({ outcome: 'succeeded' });
  rig.environment.failNext('deploy', new Failure('EnvironmentInvalid', 'no such program'), 1);

  const { workflowId } = await rig.client.rollback(SERVICE, ASKED);
  const report = await rig.end(workflowId);
  expect(report).toMatchObject({ outcome: 'rollback_unverified', serving: { version: next } });
  expect(report.reason).toContain('no such program');
  expect(await weights()).toEqual({ [next]: 100 });
  expect(await rig.client.history(SERVICE)).toMatchObject({ stable: next });
});

test('one to a version that never served is refused', async () => {
  await expect(
    rig.client.rollback(SERVICE, { ...ASKED, toVersion: 'nobody' }),
  ).rejects.toMatchObject({ code: 'NothingToRollBackTo' });
});

// The last: this server never tells a parent that its child was terminated.
test('it goes on when the release that asked for it is terminated', async () => {
  const bad = `bad-${count}`;
  rig.metrics.set(bad, BROKEN);
  const { workflowId, number } = await rig.deploy(bad);
  const back = `rollback/${SERVICE}/${number + 1}`;
  rig.clock.during('verifyRollback', async () => {
    await rig.env.client.workflow.getHandle(workflowId).terminate('by hand');
  });
  // The first look finds nothing, so that there is a moment between two of them.
  rig.setHealth(stable, { kind: 'unhealthy', failures: 1, report: 'not yet' });
  await expect.poll(() => rig.client.progress(back).then(({ phase }) => phase)).toBe('verifying');
  const ends = rig.env.client.workflow.getHandle(back).result();
  await expect
    .poll(() =>
      rig.env.client.workflow
        .getHandle(workflowId)
        .describe()
        .then(({ status }) => status.name),
    )
    .toBe('TERMINATED');
  rig.setHealth(stable, HEALTHY);
  expect(await ends).toMatchObject({ serving: { version: stable } });
  expect(await weights()).toMatchObject({ [stable]: 100 });
});
