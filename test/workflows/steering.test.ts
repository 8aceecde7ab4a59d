import proto from '@temporalio/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import {
  BROKEN,
  GOOD,
  SERVICE,
  type WorkflowRig,
  startWorkflowRig,
} from '../support/workflow-rig.ts';

const { EventType } = proto.temporal.api.enums.v1;
const ASKED = { who: 'ada', why: 'a second look' };
const signal = new AbortController().signal;

/** 10 %, a gate for a person, 50 %, and all of it. */
const GATED: Partial<ReleaseDocument> = {
  strategy: 'canary',
  steps: [
    { weight: 10, for: '1m' },
    { gate: { name: 'go', person: {} } },
    { weight: 50, for: '1m' },
  ],
};

describe.each([500, 0])('a person at the helm, with %i workflows kept in memory', (cached) => {
  let rig: WorkflowRig;
  let count = 0;
  let version: string;
  let stable: string;

  beforeAll(async () => {
    rig = await startWorkflowRig({ maxCachedWorkflows: cached });
    rig.metrics.set('v0', GOOD);
    const { workflowId } = await rig.deploy('v0', GATED);
    await rig.end(workflowId);
  });
  beforeEach(async () => {
    count += 1;
    version = `v${count}`;
    rig.metrics.set(version, GOOD);
    stable = (await rig.client.history(SERVICE)).stable ?? '';
  });
  afterAll(() => rig?.close());

  async function weights(): Promise<Record<string, number>> {
    const { routes } = await rig.router.read(SERVICE, signal);
    return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
  }

  async function atGate(changes: Partial<ReleaseDocument> = {}): Promise<string> {
    const { workflowId } = await rig.deploy(version, { ...GATED, ...changes });
    await rig.until(workflowId, 'gate');
    expect(await weights()).toEqual({ [stable]: 90, [version]: 10 });
    return workflowId;
  }

  /**
   * What verbs leave: what the trail has of them, and what the history has beside tasks and activities,
   * which come and go by themselves.
   */
  async function traceOf(workflowId: string) {
    const { events } = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
    const types = (events ?? []).map(({ eventType }) => Number(eventType));
    const isOwn = (type: number): boolean =>
      type >= EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED &&
      type <= EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED;
    const { audit } = await rig.client.progress(workflowId);
    return { audit, types: types.filter((type) => !isOwn(type)) };
  }

  test('a gate opens for whoever approves it, and the trail says who and why', async () => {
    const workflowId = await atGate();
    await rig.client.approve(SERVICE, 'go', { who: 'ada', why: 'numbers are fine' });
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
    const { audit, timeline } = await rig.client.progress(workflowId);
    expect(audit).toMatchObject([{ verb: 'approve', who: 'ada', step: 'go' }]);
    expect(timeline.map(({ text }) => text).join()).toContain('approve go: numbers are fine');
  });

  test('people are told that a gate waits for one of them', async () => {
    const before = rig.channel.received.length;
    const workflowId = await atGate();
    await rig.client.reject(SERVICE, 'go', { who: 'bob', why: 'not on a Friday' });
    expect(await rig.end(workflowId)).toMatchObject({
      outcome: 'aborted',
      cause: 'GateClosed',
      reason: expect.stringContaining('not on a Friday'),
    });
    expect(await weights()).toEqual({ [stable]: 100 });
    expect(rig.channel.received.slice(before)[0]).toMatchObject({ outcome: 'waiting' });
  });

  test('a breach while it waits at a gate goes back', async () => {
    const workflowId = await atGate();
    rig.metrics.set(version, BROKEN);
    expect(await rig.end(workflowId)).toMatchObject({
      outcome: 'rolled_back',
      cause: 'error_rate',
    });
    expect(await weights()).toEqual({ [stable]: 100 });
  });

  test('a gate without an answer in time counts as rejected', async () => {
    const { workflowId } = await rig.deploy(version, {
      ...GATED,
      steps: [{ weight: 10 }, { gate: { name: 'go', person: { timeout: '2h' } } }],
    });
    expect(await rig.end(workflowId)).toMatchObject({
      outcome: 'rolled_back',
      cause: 'GateClosed',
    });
  });

  test('or as approved, where its file says so', async () => {
    const { workflowId } = await rig.deploy(version, {
      ...GATED,
      steps: [
        { weight: 10 },
        { gate: { name: 'go', person: { timeout: '2h', on_timeout: 'approve' } } },
      ],
    });
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  });

  test('a pause stays, and a breach during it goes back', async () => {
    const workflowId = await atGate();
    await rig.client.pause(SERVICE, ASKED);
    await rig.until(workflowId, 'paused');
    rig.metrics.set(version, BROKEN);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'rolled_back' });
    expect(await weights()).toEqual({ [stable]: 100 });
  });

  test('a paused release goes on where it was', async () => {
    const workflowId = await atGate();
    await rig.client.pause(SERVICE, ASKED);
    const { text } = await rig.until(workflowId, 'paused');
    expect(text).toContain('paused by ada: a second look');
    await rig.client.resume(SERVICE, ASKED);
    await rig.until(workflowId, 'gate');
    await rig.client.approve(SERVICE, 'go', ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  });

  test('one step back lowers the weight and stays there; promote goes up again', async () => {
    const workflowId = await atGate();
    await rig.client.stepBack(SERVICE, ASKED);
    await rig.until(workflowId, 'paused');
    expect(await weights()).toEqual({ [stable]: 100, [version]: 0 });
    await rig.client.resume(SERVICE, ASKED);
    await rig.until(workflowId, 'gate');
    expect(await weights()).toEqual({ [stable]: 90, [version]: 10 });
    await rig.client.approve(SERVICE, 'go', ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  });

  test('promote --full gives it all of the traffic at once', async () => {
    const workflowId = await atGate();
    await rig.client.promoteFull(SERVICE, ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
    const effects = await rig.router.effects(SERVICE, signal);
    const own = effects.filter(({ key }) => key.startsWith(workflowId)).map(({ what }) => what);
    expect(own).not.toContain(`${stable} 50 %, ${version} 50 %`);
    expect(own).toContain(`${stable} 0 %, ${version} 100 %`);
  });

  test('an abort at a gate takes traffic back, then removes the candidate', async () => {
    const workflowId = await atGate();
    await rig.client.abort(SERVICE, ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted', cause: 'manual' });
    expect(await weights()).toEqual({ [stable]: 100 });
    expect(await rig.environment.find(SERVICE, version)).toEqual([]);
  });

  test('a cancelled workflow at a gate goes back as well', async () => {
    const workflowId = await atGate();
    await rig.env.client.workflow.getHandle(workflowId).cancel();
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
    expect(await weights()).toEqual({ [stable]: 100 });
  });

  test('what makes no sense is refused, says why, and leaves no trace', async () => {
    const workflowId = await atGate();
    const before = await traceOf(workflowId);
    expect(before.audit).toEqual([]);
    const { client } = rig;
    const refused = [
      [() => client.resume(SERVICE, ASKED), 'it is not paused'],
      [() => client.retry(SERVICE, ASKED), 'no step has failed'],
      [() => client.approve(SERVICE, 'gone', ASKED), 'it waits at the gate go, not gone'],
      [() => client.extend(SERVICE, 'nothing', 1000, ASKED), 'no step nothing is left'],
    ] as const;
    for (const [call, why] of refused) {
      await expect(call()).rejects.toMatchObject({
        code: 'NotAllowedNow',
        message: expect.stringContaining(why),
      });
    }
    expect(await traceOf(workflowId)).toEqual(before);
    await rig.client.abort(SERVICE, ASKED);
    await rig.end(workflowId);
    const { audit, types } = await traceOf(workflowId);
    expect(audit).toMatchObject([{ verb: 'abort' }]);
    expect(types).toContain(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED);
  });

  test('the same request again is answered as before and changes nothing', async () => {
    const workflowId = await atGate();
    const again = { ...ASKED, requestId: `pause-${version}` };
    const first = await rig.client.pause(SERVICE, again);
    await rig.client.resume(SERVICE, ASKED);
    expect(await rig.client.pause(SERVICE, again)).toEqual(first);
    await rig.until(workflowId, 'gate');
    const { audit } = await rig.client.progress(workflowId);
    expect(audit.map(({ verb }) => verb)).toEqual(['pause', 'resume']);
    await rig.client.abort(SERVICE, ASKED);
    await rig.end(workflowId);
  });

  test('the request id of one verb names no other', async () => {
    const workflowId = await atGate();
    const request = { ...ASKED, requestId: `one-${version}` };
    await rig.client.pause(SERVICE, request);
    await rig.client.abort(SERVICE, request);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
    const { audit } = await rig.client.progress(workflowId);
    expect(audit.map(({ verb }) => verb)).toEqual(['pause', 'abort']);
  });

  test('a step that is extended lasts as much longer', async () => {
    const workflowId = await atGate();
    await rig.client.extend(SERVICE, 'weight-50', 3_600_000, ASKED);
    const { steps } = await rig.client.progress(workflowId);
    const extended = steps.find(({ name }) => name === 'weight-50');
    expect(extended).toMatchObject({ forMs: 60_000 + 3_600_000 });
    await rig.client.approve(SERVICE, 'go', ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  });

  test('without auto_rollback a breach holds; abort takes it back', async () => {
    const workflowId = await atGate({ auto_rollback_enabled: false });
    rig.metrics.set(version, BROKEN);
    await rig.until(workflowId, 'held');
    expect(await weights()).toEqual({ [stable]: 90, [version]: 10 });
    await rig.client.abort(SERVICE, ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
    expect(await weights()).toEqual({ [stable]: 100 });
  });
});
