import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generationOf } from '../../src/domain/release/names.ts';
import { closedPort } from '../support/local-server.ts';
import { type TestStack, environmentOf, SERVICE, startTestStack } from '../support/stack.ts';

/** Against a real Temporal server and real load balancers; the cases build on each other. */
describe.each(['haproxy', 'embedded'] as const)('blue-green through %s', (balancer) => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack(balancer);
    const { workflowId } = await stack.deploy('v1');
    await stack.until(workflowId, 'stabilizing');
    stack.load();
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  });

  afterAll(async () => {
    await stack?.close();
  });

  async function serving(): Promise<string | null> {
    const answer = await fetch(stack.balancer.url);
    await answer.text();
    return answer.headers.get('x-version');
  }

  test('a good version takes over and the old one is removed', async () => {
    const { workflowId } = await stack.deploy('v2');
    const report = await stack.end(workflowId);

    expect(report).toMatchObject({ outcome: 'succeeded', left: [] });
    expect(await serving()).toBe('v2');
    expect(await stack.client.history(SERVICE)).toMatchObject({ stable: 'v2', left: [] });
  });

  test('a version that is not healthy never meets a user, and is removed', async () => {
    const { workflowId } = await stack.deploy('sick', {
      health_check_timeout: '2s',
      environment: environmentOf({ FAULT: 'unhealthy' }),
    });
    const report = await stack.end(workflowId);

    expect(report).toMatchObject({ outcome: 'failed', cause: 'HealthCheckFailed', left: [] });
    expect(report.reason).toContain('503');
    expect(await serving()).toBe('v2');
  });

  test('a version that is too slow before the switch never meets a user', async () => {
    const { workflowId } = await stack.deploy('slow', {
      environment: environmentOf({ FAULT: 'slow' }),
    });
    const report = await stack.end(workflowId);

    expect(report).toMatchObject({ outcome: 'failed', cause: 'ThresholdViolated', left: [] });
    expect(report.reason).toContain('p95');
    expect(stack.load().counts().byVersion.slow).toBeUndefined();
    expect(await serving()).toBe('v2');
  });

  test('a version that nobody could judge afterwards never meets a user', async () => {
    const { workflowId } = await stack.deploy('unseen', {
      health_check_timeout: '2s',
      metrics: [
        { kind: 'traffic' },
        {
          kind: 'prometheus',
          url: `http://127.0.0.1:${await closedPort()}`,
          queries: {
            latency_p95: 'p95{version="{version}"}',
            throughput: 'rps{version="{version}"}',
          },
        },
      ],
    });
    const report = await stack.end(workflowId);

    expect(report).toMatchObject({ outcome: 'failed', cause: 'NoData', left: [] });
    expect(report.reason).toContain('ECONNREFUSED');
    expect(stack.load().counts().byVersion.unseen).toBeUndefined();
    expect(await serving()).toBe('v2');
  });

  test('a version that breaks under live traffic is rolled back by itself', async () => {
    const { workflowId } = await stack.deploy('leaky', {
      stabilization_period: '20s',
      environment: environmentOf({ FAULT: 'leak' }),
    });
    const report = await stack.end(workflowId);

    expect(report).toMatchObject({ outcome: 'rolled_back', left: [] });
    expect(report.serving?.version).toBe('v2');
    expect(await serving()).toBe('v2');
    const { runs } = await stack.client.history(SERVICE);
    expect(runs[0]).toMatchObject({ kind: 'rollback', version: 'v2', outcome: 'rolled_back' });
    expect(runs[1]).toMatchObject({ workflowId, version: 'leaky', outcome: 'rolled_back' });
  });

  test('the old version cannot be removed: a warning, and the release has succeeded', async () => {
    const { workflowId, number } = await stack.deploy('v2b', { cleanup_delay: '3s' });
    await stack.until(workflowId, 'cleaning_up');
    // Somebody gives the old version some traffic by hand, above all generations of this release.
    const signal = new AbortController().signal;
    const { routes } = await stack.router.read(SERVICE, signal);
    const shared = routes.map((route) => ({
      ...route,
      weightPercent: route.version === 'v2' ? 10 : 90,
    }));
    const generation = generationOf(number, 50);
    await stack.router.apply(
      { service: SERVICE, key: 'by-hand', generation, routes: shared },
      signal,
    );
    const report = await stack.end(workflowId);

    expect(report).toMatchObject({ outcome: 'succeeded', left: [{ version: 'v2' }] });
    const { warnings } = await stack.client.progress(workflowId);
    expect(warnings.join()).toContain('v2 was not removed: v2 has 10 % of the traffic');
    expect(await stack.environment.find(SERVICE, 'v2')).toHaveLength(2);
  });

  test('a second release for the service is refused while one runs', async () => {
    const { workflowId } = await stack.deploy('v3');
    await expect(stack.deploy('v4')).rejects.toMatchObject({ code: 'ReleaseInProgress' });
    expect(await stack.end(workflowId)).toMatchObject({
      outcome: 'succeeded',
      version: 'v3',
      left: [],
    });
    expect(await serving()).toBe('v3');
    // Also what the release before had left.
    expect(await stack.environment.versions(SERVICE)).toEqual(['v3']);
  });

  test('a person can go back to the version before', async () => {
    const { workflowId } = await stack.client.rollback(SERVICE, { who: 'test', why: 'a look' });
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'rolled_back' });
    expect(await serving()).toBe('v2b');
  });

  test('a release terminated by hand loses its traffic to the version before', async () => {
    const { stable } = await stack.client.history(SERVICE);
    const { workflowId, number } = await stack.deploy('orphan', { stabilization_period: '1m' });
    await stack.until(workflowId, 'stabilizing');
    await stack.terminate(workflowId);
    const back = `rollback/${SERVICE}/${number + 1}`;
    await expect
      .poll(() => stack.client.history(SERVICE).then(({ active }) => active?.workflowId))
      .toBe(back);
    const report = await stack.end(back);

    expect(report).toMatchObject({ outcome: 'rolled_back', serving: { version: stable } });
    expect(await serving()).toBe(stable);
  });

  test('the worker exports what happened, as Prometheus reads it', async () => {
    const answer = await fetch(`http://${stack.metricsAddress}/metrics`);
    const lines = (await answer.text()).split('\n');
    const value = (name: string, ...labels: readonly string[]): number =>
      lines
        .filter((line) => line.startsWith(`${name}{`) && labels.every((one) => line.includes(one)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);

    expect(value('belay_runs_total', 'kind="release"', 'outcome="rolled_back"')).toBe(1);
    expect(value('belay_runs_total', 'cause="HealthCheckFailed"')).toBe(1);
    expect(value('belay_runs_total', 'kind="rollback"', 'outcome="rolled_back"')).toBe(3);
    expect(value('belay_run_duration_seconds_count', 'kind="release"')).toBe(8);
    expect(value('belay_rollback_traffic_seconds_count')).toBe(3);
    expect(value('belay_notifications_total', 'channel="log"', 'result="accepted"')).toBe(10);
    expect(value('belay_effects_failed_total', 'NotAllowedNow')).toBe(1);
    expect(value('temporal_activity_execution_latency_seconds_count')).toBeGreaterThan(10);
  });

  test('no request was lost in all of this', () => {
    const { requests, failed, examples } = stack.load().counts();
    expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
    expect(requests).toBeGreaterThan(1000);
  });
});
