import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { inFullWith } from '../support/in-full.ts';
import { QUICK, SERVICE, type TestStack, environmentOf, startTestStack } from '../support/stack.ts';

const ADA = { who: 'ada', why: 'looks good' } as const;

function canary(changes: Partial<ReleaseDocument>): Partial<ReleaseDocument> {
  return { ...QUICK, strategy: 'canary', ...changes };
}

/** Against a real Temporal server and real load balancers; stable is v1, or what came after it. */
describe.each(['haproxy', 'embedded'] as const)('a canary through %s', (balancer) => {
  /** What does not depend on the balancer is run through one of them. */
  const inFull = inFullWith(balancer);
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack(balancer);
    await stack.begin(QUICK);
  });

  afterAll(async () => {
    await stack?.close();
  });

  /** What the load balancer was told by a run, in order. */
  async function writes(workflowId: string): Promise<readonly string[]> {
    const effects = await stack.router.effects(SERVICE, new AbortController().signal);
    return effects
      .filter(({ key }) => key.startsWith(`${workflowId}/`))
      .map(({ key, what }) => `${key.slice(workflowId.length + 1)}: ${what}`);
  }

  async function stands(version: string): Promise<void> {
    expect(await stack.serving()).toBe(version);
    expect(await stack.environment.versions(SERVICE)).toEqual([version]);
    expect(await stack.weights()).toEqual({ [version]: 100 });
  }

  test('takes the default steps, and the version before is removed', async () => {
    const { workflowId } = await stack.deploy(
      'v2',
      canary({ rollout_duration: '6s', watch: { ...QUICK.watch, min_samples: 1 } }),
    );
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
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
    await stands('v2');
  });

  test('takes written steps: a match before any weight, a gate, users who stay, more instances', async () => {
    const { workflowId } = await stack.deploy(
      'v3',
      canary({
        steps: [
          { match: { header: 'x-tester', exact: 'yes' } },
          { gate: { name: 'look', person: {} } },
          { weight: '25%', for: '1s' },
          { session_affinity: { cookie: 'user' } },
          { hold: '1s' },
          { scale: 2 },
          { analysis: '1s' },
          { weight: '100%' },
        ],
      }),
    );
    await stack.when(workflowId, ({ waiting }) => waiting?.why === 'gate');
    expect(await stack.weights()).toEqual({ v2: 100, v3: 0 });
    expect(await stack.serving({ 'x-tester': 'yes' })).toBe('v3');
    expect(await stack.serving()).toBe('v2');
    expect(await stack.environment.find(SERVICE, 'v3')).toHaveLength(1);
    await stack.client.approve(SERVICE, 'look', ADA);
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
    const { timeline, audit } = await stack.client.progress(workflowId);
    const texts = timeline.map(({ text }) => text).join('\n');
    expect(texts).toMatch(/waits at the gate look[^]*25 %[^]*by the cookie user[^]*grows to 2/);
    expect(await writes(workflowId)).toContain('affinity: v2 75 %, v3 25 %');
    expect(audit).toMatchObject([{ verb: 'approve', who: 'ada', why: 'looks good' }]);
    await stands('v3');
  });

  test('that breaks at a step goes back', async () => {
    const { workflowId } = await stack.deploy(
      'bad',
      canary({
        steps: [
          { weight: '20%', for: '1s' },
          { weight: '50%', for: '1m' },
        ],
      }),
    );
    await stack.when(workflowId, ({ weights }) => weights.some((one) => one.weightPercent === 50));
    await stack.fault('bad', 'errors');
    expect(await stack.end(workflowId)).toMatchObject({
      outcome: 'rolled_back',
      cause: 'error_rate',
      left: [],
    });
    await stands('v3');
  });

  inFull('that breaks while it waits at a gate goes back', async () => {
    const { workflowId } = await stack.deploy(
      'bad',
      canary({ steps: [{ weight: '20%', for: '1s' }, { hold: 'until_approved' }] }),
    );
    await stack.when(workflowId, ({ waiting }) => waiting?.why === 'gate');
    await stack.fault('bad', 'errors');
    expect(await stack.end(workflowId)).toMatchObject({
      outcome: 'rolled_back',
      cause: 'error_rate',
    });
    await stands('v3');
  });

  inFull('that is not healthy never meets a user', async () => {
    const { workflowId } = await stack.deploy(
      'sick',
      canary({ health_check_timeout: '2s', environment: environmentOf({ FAULT: 'unhealthy' }) }),
    );
    expect(await stack.end(workflowId)).toMatchObject({
      outcome: 'failed',
      cause: 'HealthCheckFailed',
      left: [],
    });
    expect(stack.load().counts().byVersion.sick).toBeUndefined();
    await stands('v3');
  });

  inFull('is called off by a person who says no at a gate', async () => {
    const { workflowId } = await stack.deploy(
      'unwanted',
      canary({ steps: [{ weight: '20%', for: '1s' }, { gate: { name: 'look', person: {} } }] }),
    );
    await stack.when(workflowId, ({ waiting }) => waiting?.why === 'gate');
    await stack.client.reject(SERVICE, 'look', { who: 'ada', why: 'not like this' });
    const report = await stack.end(workflowId);
    expect(report).toMatchObject({ outcome: 'aborted', cause: 'GateClosed', left: [] });
    expect(report.reason).toContain('not like this');
    await stands('v3');
  });

  inFull('is compared with fresh instances of stable, which are removed at its end', async () => {
    const { workflowId } = await stack.deploy(
      'v4',
      canary({ baseline: true, steps: [{ weight: '20%', for: '2s' }, { weight: '50%' }] }),
    );
    await stack.when(workflowId, ({ weights }) => weights.some((one) => one.weightPercent === 20));
    expect(await stack.weights()).toEqual({ v3: 60, v4: 20, 'v3-baseline': 20 });
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
    expect(stack.load().counts().byVersion['v3-baseline']).toBeGreaterThan(10);
    await stands('v4');
  });

  test('with a mirror runs where requests can be copied, and is refused where not', async () => {
    const changes = canary({ steps: [{ mirror: '50%', for: '1s' }, { weight: '50%' }] });
    if (balancer === 'haproxy') {
      await expect(stack.deploy('v5', changes)).rejects.toThrow('haproxy cannot copy requests');
      await stands('v4');
      return;
    }
    const { workflowId } = await stack.deploy('v5', changes);
    const fromMs = Date.now();
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
    const query = { service: SERVICE, version: 'v5', audience: 'mirror' } as const;
    const { signal } = new AbortController();
    const copies = await stack.router.counts({ ...query, fromMs, toMs: Date.now() }, signal);
    expect(copies.requests).toBeGreaterThan(10);
    await stands('v5');
  });

  test('loses no request in all of this', () => {
    const { requests, failed, examples } = stack.load().counts();
    expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
    expect(requests).toBeGreaterThan(1000);
  });
});
