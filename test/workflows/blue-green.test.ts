import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { Failure } from '../../src/domain/failure.ts';
import { workflowCode } from '../support/workflow-code.ts';
import {
  BROKEN,
  GOOD,
  SERVICE,
  type WorkflowRig,
  startWorkflowRig,
} from '../support/workflow-rig.ts';

const ASKED = { who: 'ada', why: 'a second look' };

describe.each([500, 0])('blue-green with %i workflows kept in the memory of a worker', (cached) => {
  let rig: WorkflowRig;

  beforeAll(async () => {
    rig = await startWorkflowRig({ maxCachedWorkflows: cached });
    rig.metrics.set('v1', GOOD);
    const { workflowId, remarks } = await rig.deploy('v1');
    expect(remarks.join()).toContain('no way back');
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
  });
  afterAll(() => rig?.close());

  async function weights(): Promise<Record<string, number>> {
    const { routes } = await rig.router.read(SERVICE, new AbortController().signal);
    return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
  }

  test('a version that breaks under live traffic goes back, traffic first', async () => {
    rig.metrics.set('broken', BROKEN);
    const { workflowId } = await rig.deploy('broken');
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({ outcome: 'rolled_back', cause: 'error_rate', left: [] });
    expect(report.reason).toContain('40 %');
    expect(await weights()).toEqual({ v1: 100 });
    expect(await rig.client.history(SERVICE)).toMatchObject({ stable: 'v1' });
  });

  test('a version without data is never taken for good', async () => {
    const { workflowId } = await rig.deploy('silent');
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({ outcome: 'rolled_back', serving: { version: 'v1' } });
    expect(report.reason).toContain('none was set');
  });

  test('a version that is not healthy never gets traffic', async () => {
    rig.setHealth('sick', { kind: 'unhealthy', failures: 1, report: 'GET /healthz: 503' });
    const { workflowId } = await rig.deploy('sick');
    expect(await rig.end(workflowId)).toMatchObject({
      outcome: 'failed',
      cause: 'HealthCheckFailed',
      left: [],
    });
    expect(await weights()).toEqual({ v1: 100 });
  });

  test('whoever answers in the place of an instance that has ended proves nothing', async () => {
    rig.clock.during('proveReady', () => rig.environment.crash('crashing'));
    // The first look fails, so that there is a moment between two of them.
    rig.setHealth('crashing', { kind: 'unhealthy', failures: 1, report: 'not yet' });
    const { workflowId } = await rig.deploy('crashing', { health_check_timeout: '10s' });
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({ outcome: 'failed', cause: 'HealthCheckFailed' });
    expect(report.reason).toContain('crashing/0 has ended by itself; its log is memory');
  });

  test('a version whose probe load fails never gets traffic', async () => {
    rig.setAnswer('faulty', { status: 500, tookMs: 5 });
    const { workflowId } = await rig.deploy('faulty');
    expect(await rig.end(workflowId)).toMatchObject({
      outcome: 'failed',
      cause: 'ThresholdViolated',
    });
    expect(await weights()).toEqual({ v1: 100 });
  });

  test('an abort in the middle of the watch takes traffic back', async () => {
    rig.metrics.set('second', GOOD);
    rig.clock.during('watchRelease', async () => {
      await rig.client.abort(SERVICE, ASKED);
    });
    const { workflowId } = await rig.deploy('second');
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted', cause: 'manual' });
    expect(await weights()).toEqual({ v1: 100 });
  });

  test('a cancelled workflow goes back as well', async () => {
    rig.clock.during('watchRelease', async () => {
      const running = (await rig.client.history(SERVICE)).active?.workflowId ?? '';
      await rig.env.client.workflow.getHandle(running).cancel();
      // Here the activity goes on only when the workflow has seen it, as it would in real time.
      await expect
        .poll(() => rig.client.progress(running).then(({ phase }) => phase))
        .toBe('rolling_back');
    });
    const { workflowId } = await rig.deploy('second');
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
    expect(await weights()).toEqual({ v1: 100 });
  });

  test('without auto_rollback it waits for a person, who keeps the version', async () => {
    rig.metrics.set('kept', BROKEN);
    const { workflowId } = await rig.deploy('kept', { auto_rollback_enabled: false });
    await expect
      .poll(() => rig.client.progress(workflowId).then(({ phase }) => phase), { timeout: 30_000 })
      .toBe('held');
    await rig.client.promote(SERVICE, ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
    expect(await rig.client.history(SERVICE)).toMatchObject({ stable: 'kept' });
  });

  test('a failed clean-up is a warning, and the next release removes what was left', async () => {
    rig.metrics.set('v2', GOOD);
    rig.metrics.set('v3', GOOD);
    const failure = new Failure('EnvironmentInvalid', 'the disk is gone');
    rig.environment.failNext('remove', failure, 1);
    const { workflowId } = await rig.deploy('v2');
    expect(await rig.end(workflowId)).toMatchObject({
      outcome: 'succeeded',
      left: [{ version: 'kept' }],
    });
    const { warnings } = await rig.client.progress(workflowId);
    expect(warnings.join()).toContain('kept was not removed: the disk is gone');
    const next = await rig.deploy('v3');
    expect(await rig.end(next.workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
  });

  test('the same request again is the same release', async () => {
    rig.metrics.set('v4', GOOD);
    const first = await rig.deploy('v4', {}, 'request-1');
    expect(await rig.deploy('v4', {}, 'request-1')).toEqual(first);
    await rig.end(first.workflowId);
    expect(await rig.deploy('v4', {}, 'request-1')).toEqual(first);
  });

  test('each message arrives once, although its first attempts fail', async () => {
    const before = rig.channel.received.length;
    rig.channel.failNext(new Failure('NotificationUndelivered', 'no answer'), 2, 'after');
    rig.metrics.set('v5', GOOD);
    const { workflowId } = await rig.deploy('v5');
    await rig.end(workflowId);
    expect(rig.channel.received.slice(before)).toMatchObject([
      { workflowId, outcome: 'succeeded', version: 'v5' },
    ]);
  });

  test('a channel that is dead for hours keeps the slot from nobody, and gets its message', async () => {
    const before = rig.channel.received.length;
    rig.channel.failNext(new Failure('NotificationUndelivered', 'no answer'), 150, 'before');
    rig.metrics.set('v5b', GOOD);
    const { workflowId } = await rig.deploy('v5b');
    const { endedAtMs } = await rig.end(workflowId);
    expect(rig.channel.received.slice(before)).toMatchObject([{ workflowId }]);
    expect((await rig.env.currentTimeMs()) - endedAtMs).toBeGreaterThan(2 * 60 * 60_000);
    const { events } = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
    const signals = (events ?? []).map(
      (event) => event.signalExternalWorkflowExecutionInitiatedEventAttributes?.signalName,
    );
    expect(signals).toContain('ended');
  });

  test('a channel that refuses a message becomes a warning', async () => {
    rig.channel.failNext(new Failure('NotificationRejected', 'status 404'), 1, 'before');
    rig.metrics.set('v5c', GOOD);
    const { workflowId } = await rig.deploy('v5c');
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
    const { warnings } = await rig.client.progress(workflowId);
    expect(warnings.join()).toContain('memory was not told: status 404');
  });

  test('a second release is refused, and told by whom', async () => {
    rig.metrics.set('v6', GOOD);
    const answers: unknown[] = [];
    rig.clock.during('watchRelease', async () => {
      answers.push(await rig.deploy('v7').catch((error: unknown) => error));
    });
    const { workflowId } = await rig.deploy('v6');
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
    expect(answers).toMatchObject([
      { code: 'ReleaseInProgress', message: expect.stringContaining(workflowId) },
    ]);
  });

  test('the history of the service replays', async () => {
    const history = await rig.env.client.workflow.getHandle(`service/${SERVICE}`).fetchHistory();
    const code = await workflowCode();
    await Worker.runReplayHistory({ workflowBundle: { code }, dataConverter }, history);
    expect(history.events?.length).toBeGreaterThan(100);
  });
});
