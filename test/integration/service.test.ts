import { afterAll, beforeAll, expect, test } from 'vitest';
import { SERVICE, type TestStack, startTestStack } from '../support/stack.ts';

/** The owner of a service over a life that is too long for one history, here a very short one. */
let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack('embedded', {
    temporalArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=40'],
  });
});

afterAll(async () => {
  await stack?.close();
});

async function runsOfOwner(): Promise<number> {
  const client = stack.temporal.environment?.client;
  const query = `WorkflowId = 'service/${SERVICE}'`;
  const count = await client?.workflow.count(query);
  return count?.count ?? 0;
}

test('it hands itself on in the middle of a release, and hears of its end all the same', async () => {
  const first = await stack.deploy('v1', { stabilization_period: '12s' }, 'request-1');
  await stack.until(first.workflowId, 'stabilizing');
  stack.load();
  // Each request that is refused makes its history longer.
  await expect
    .poll(
      async () => {
        await expect(stack.deploy('v2')).rejects.toMatchObject({ code: 'ReleaseInProgress' });
        return runsOfOwner();
      },
      { timeout: 60_000 },
    )
    .toBeGreaterThan(1);
  expect(await stack.end(first.workflowId)).toMatchObject({ outcome: 'succeeded' });
  expect(await stack.client.history(SERVICE)).toMatchObject({
    stable: 'v1',
    runs: [{ workflowId: first.workflowId, outcome: 'succeeded' }],
  });
});

test('what it knew before it still knows: answers, numbers, and the way back', async () => {
  const again = await stack.deploy('v1', {}, 'request-1');
  expect(again).toMatchObject({ workflowId: `release/${SERVICE}/1`, number: 1 });
  const second = await stack.deploy('v2');
  expect(second.number).toBe(2);
  await stack.end(second.workflowId);
  const back = await stack.client.rollback(SERVICE, { who: 'test', why: 'a look back' });
  expect(await stack.end(back.workflowId)).toMatchObject({
    outcome: 'rolled_back',
    serving: { version: 'v1' },
  });
  expect(stack.load().counts()).toMatchObject({ failed: 0 });
});
