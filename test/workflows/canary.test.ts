import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { costOf } from '../support/history-cost.ts';
import {
  BROKEN,
  GOOD,
  SERVICE,
  type WorkflowRig,
  startWorkflowRig,
} from '../support/workflow-rig.ts';

const CANARY = { strategy: 'canary', rollout_duration: '6m' } as const;
const signal = new AbortController().signal;

describe.each([500, 0])('canary with %i workflows kept in the memory of a worker', (cached) => {
  let rig: WorkflowRig;

  beforeAll(async () => {
    rig = await startWorkflowRig({ maxCachedWorkflows: cached });
    rig.metrics.set('v1', GOOD);
    const { workflowId } = await rig.deploy('v1', CANARY);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  });
  afterAll(() => rig?.close());

  async function weights(): Promise<Record<string, number>> {
    const { routes } = await rig.router.read(SERVICE, signal);
    return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
  }

  /** What the load balancer was told by a run, in order. */
  async function writes(workflowId: string): Promise<readonly string[]> {
    const effects = await rig.router.effects(SERVICE, signal);
    return effects
      .filter(({ key }) => key.startsWith(`${workflowId}/`))
      .map(({ key, what }) => `${key.slice(workflowId.length + 1)}: ${what}`);
  }

  test('a good version gets more and more of the traffic, at most 12 events a step', async () => {
    rig.metrics.set('v2', GOOD);
    const { workflowId } = await rig.deploy('v2', CANARY);
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({ outcome: 'succeeded', left: [] });
    expect(await writes(workflowId)).toEqual([
      'register: v1 100 %, v2 0 %',
      'weight-1: v1 99 %, v2 1 %',
      'weight-5: v1 95 %, v2 5 %',
      'weight-10: v1 90 %, v2 10 %',
      'weight-25: v1 75 %, v2 25 %',
      'weight-50: v1 50 %, v2 50 %',
      'weight-100: v1 0 %, v2 100 %',
      'unregister-v1: v2 100 %',
    ]);
    const { events } = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
    // A worker that keeps no workflow in memory is asked once more now and then.
    if (cached > 0) expect(costOf(events ?? []).events).toBeLessThanOrEqual(110);
  });

  test('a version that breaks at a step goes back, traffic first', async () => {
    rig.metrics.set('v3', GOOD);
    let looks = 0;
    const breakLater = (): void => {
      looks += 1;
      if (looks === 3) rig.metrics.set('v3', BROKEN);
      else rig.clock.during('watchRelease', breakLater);
    };
    rig.clock.during('watchRelease', breakLater);
    const { workflowId } = await rig.deploy('v3', CANARY);
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({ outcome: 'rolled_back', cause: 'error_rate', left: [] });
    expect(await weights()).toEqual({ v2: 100 });
  });

  test('figures that stop coming hold it for a person, where its file says so', async () => {
    rig.metrics.set('v4', {});
    const { workflowId } = await rig.deploy('v4', {
      ...CANARY,
      judge: { no_data: { latency_p95: 'hold', error_rate: 'hold' } },
    });
    const { text } = await rig.until(workflowId, 'held');
    expect(text).toContain('no p95 of v4');
    expect(await weights()).toEqual({ v2: 99, v4: 1 });
    await rig.client.abort(SERVICE, { who: 'ada', why: 'nobody can see it' });
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
    expect(await weights()).toEqual({ v2: 100 });
  });
});
