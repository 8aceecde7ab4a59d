import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { inFullWith } from '../support/in-full.ts';
import { QUICK, SERVICE, type TestStack, environmentOf, startTestStack } from '../support/stack.ts';

const USERS = Array.from({ length: 40 }, (_, index) => `visitor-${index}`);

function abTest(
  changes: Partial<NonNullable<ReleaseDocument['ab_test']>>,
  env: Record<string, string> = {},
): Partial<ReleaseDocument> {
  return {
    ...QUICK,
    strategy: 'ab_test',
    session_affinity: { cookie: 'user' },
    ab_test: { share: '50%', min_duration: '1s', max_duration: '3s', min_samples: 50, ...changes },
    environment: environmentOf(env),
  };
}

/** Two versions beside each other, each user with one of them; the cases build on each other. */
describe.each(['haproxy', 'embedded'] as const)('an A/B test through %s', (balancer) => {
  /** What does not depend on the balancer is run through one of them. */
  const inFull = inFullWith(balancer);
  let stack: TestStack;
  let stable = 'v1';

  beforeAll(async () => {
    stack = await startTestStack(balancer);
    await stack.begin(QUICK);
  });

  afterAll(async () => {
    await stack?.close();
  });

  async function compares(workflowId: string): Promise<void> {
    await stack.when(workflowId, ({ steps, at }) => steps[at]?.kind === 'compare');
  }

  function armOf(user: string): Promise<string | null> {
    return stack.serving({ cookie: `user=${user}` });
  }

  async function stands(version: string): Promise<void> {
    stable = version;
    expect(await stack.serving()).toBe(version);
    expect(await stack.environment.versions(SERVICE)).toEqual([version]);
    expect(await stack.weights()).toEqual({ [version]: 100 });
  }

  test('leaves each user with one version, counts them, and keeps what the file says where neither is better', async () => {
    const { workflowId } = await stack.deploy(
      'v2',
      abTest({ undecided: 'candidate', max_duration: '4s' }),
    );
    await compares(workflowId);
    const first = await Promise.all(USERS.map(armOf));
    expect(new Set(first)).toEqual(new Set(['v1', 'v2']));
    for (let round = 0; round < 5; round += 1) {
      expect(await Promise.all(USERS.map(armOf))).toEqual(first);
    }
    await expect
      .poll(async () => {
        const arms = await stack.router.assignments(SERVICE, new AbortController().signal);
        return arms.map(({ version, users }) => [version, users >= 10]);
      })
      .toEqual([
        ['v1', true],
        ['v2', true],
      ]);
    const report = await stack.end(workflowId);
    expect(report).toMatchObject({ outcome: 'succeeded', left: [] });
    const { timeline } = await stack.client.progress(workflowId);
    const texts = timeline.map(({ text }) => text).join('\n');
    expect(texts).toMatch(/undecided: .*; candidate is kept/);
    await stands('v2');
  });

  inFull('keeps the control where neither is better and the file says no more', async () => {
    const { workflowId } = await stack.deploy('v3', abTest({ max_duration: '2s' }));
    const report = await stack.end(workflowId);
    expect(report).toMatchObject({ outcome: 'rolled_back', cause: 'experiment', left: [] });
    expect(report.reason).toContain('control is kept');
    await stands('v2');
  });

  inFull('ends for the control before its time where the candidate is clearly worse', async () => {
    const flaky = abTest({ max_duration: '1m', min_samples: 200 }, { FAULT: 'flaky' });
    const { workflowId } = await stack.deploy('flaky', {
      ...flaky,
      // Below every limit, so that only the comparison can tell.
      validation: { ...QUICK.validation, max_error_rate_increase: '20%' },
      performance_thresholds: { max_error_rate: '20%' },
      watch: { ...QUICK.watch, min_samples: 40 },
    });
    const report = await stack.end(workflowId);
    expect(report).toMatchObject({ outcome: 'rolled_back', cause: 'experiment', left: [] });
    expect(report.reason).toContain('flaky');
    await stands('v2');
  });

  inFull('ends for the candidate where the control is clearly worse', async () => {
    const { workflowId } = await stack.deploy('v3', {
      ...abTest({ max_duration: '1m' }),
      cleanup_delay: '1s',
    });
    await compares(workflowId);
    await stack.fault('v2', 'errors');
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
    const { timeline } = await stack.client.progress(workflowId);
    expect(timeline.map(({ text }) => text).join('\n')).toMatch(/^candidate: .*is kept$/m);
    await stands('v3');
  });

  test('ends at once where the candidate breaks a limit', async () => {
    const { workflowId } = await stack.deploy(
      'bad',
      abTest({ min_duration: '1m', max_duration: '2m' }),
    );
    await compares(workflowId);
    await stack.fault('bad', 'errors');
    expect(await stack.end(workflowId)).toMatchObject({
      outcome: 'rolled_back',
      cause: 'error_rate',
      left: [],
    });
    await stands(stable);
  });

  test('by a header gives its candidate to those who send it, and to nobody else', async () => {
    const { workflowId } = await stack.deploy('v4', {
      ...abTest({ match: { header: 'x-beta', present: true }, max_duration: '1m' }),
      watch: { ...QUICK.watch, no_data_budget: '1m' },
    });
    await compares(workflowId);
    expect(await stack.serving({ 'x-beta': '1' })).toBe('v4');
    expect(new Set(await Promise.all(USERS.map(armOf)))).toEqual(new Set([stable]));
    await stack.client.abort(SERVICE, { who: 'ada', why: 'seen enough' });
    expect(await stack.end(workflowId)).toMatchObject({ outcome: 'aborted', left: [] });
    await stands(stable);
  });

  test('loses no request in all of this', () => {
    const { requests, failed, examples } = stack.load().counts();
    expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
    expect(requests).toBeGreaterThan(1000);
  });
});
