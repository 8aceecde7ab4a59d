import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { QUICK, type TestStack, environmentOf, startTestStack } from '../support/stack.ts';

/** Both versions have users, and are compared; no limit is ever broken. The cases build on each other. */
let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack('haproxy');
  await stack.begin(QUICK);
});

afterAll(async () => {
  await stack?.close();
});

/** Every 30th request of it fails, and a fifth might. */
function flaky(): Partial<ReleaseDocument> {
  return {
    ...QUICK,
    strategy: 'canary',
    steps: [{ weight: 50, for: '5m' }],
    performance_thresholds: { max_error_rate: '20%' },
    validation: { ...QUICK.validation, max_error_rate_increase: '20%' },
    environment: environmentOf({ FAULT: 'flaky' }),
  };
}

test('more errors than stable has take a release back, although no limit is broken', async () => {
  const { workflowId } = await stack.deploy('flaky', flaky());
  // Evidence comes in blocks of time: some five of them, more where one could not be measured.
  const report = await stack.end(workflowId, 160_000);
  expect(report).toMatchObject({ outcome: 'rolled_back', cause: 'error_rate', left: [] });
  expect(report.reason).toMatch(
    /errors, compared: worse than stable.*error budget spent .* of 1 %/,
  );
  const { verdict } = await stack.client.progress(workflowId);
  const compared = verdict?.findings.find(({ method }) => method === 'sequential');
  expect(compared).toMatchObject({ kind: 'violation', signal: 'error_rate' });
  expect(compared?.pValue).toBeLessThanOrEqual(compared?.alpha ?? 0);
  expect(await stack.weights()).toEqual({ v1: 100 });
});

test('a version that is no worse is released, and the verdict says what that cost', async () => {
  const { workflowId } = await stack.deploy('v2', {
    ...QUICK,
    strategy: 'canary',
    steps: [{ weight: 50, for: '20s' }],
    judge: { errors: { method: 'mann_whitney' } },
  });
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
  const { timeline } = await stack.client.progress(workflowId);
  const texts = timeline.map(({ text }) => text).join('\n');
  expect(texts).toMatch(/verdict pass: .*error budget spent .* of 1 %/);
});

test('no request was lost in all of this', () => {
  const { failed, examples } = stack.load().counts();
  expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
});
