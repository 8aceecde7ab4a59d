import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { markedProcesses } from '../support/marked-processes.ts';
import { SERVICE, type TestStack, environmentOf, startTestStack } from '../support/stack.ts';

/** All instances of what serves have died, as a restart of their machine leaves them. */
describe.each(['haproxy', 'embedded'] as const)('stable is down behind %s', (balancer) => {
  const mark = `stable-down-${process.pid}-${balancer}`;
  const environment = environmentOf({ BELAY_TEST_MARK: mark });
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack(balancer);
    await release('v1');
    await release('v2');
  });

  afterAll(async () => {
    await stack?.close();
  });

  async function release(version: string): Promise<void> {
    const { workflowId } = await stack.deploy(version, { environment });
    await stack.until(workflowId, 'stabilizing');
    stack.load();
    const { outcome, reason } = await stack.end(workflowId);
    expect({ outcome, reason }).toMatchObject({ outcome: 'succeeded' });
  }

  async function endAll(version: string): Promise<void> {
    for (const pid of markedProcesses(mark)) process.kill(pid, 'SIGKILL');
    await expect
      .poll(async () => (await stack.environment.find(SERVICE, version)).map((one) => one.running))
      .toEqual([false, false]);
    const answer = await fetch(stack.balancer.url);
    expect(answer.status).toBeGreaterThanOrEqual(500);
    await answer.text();
  }

  async function serving(): Promise<string | null> {
    const answer = await fetch(stack.balancer.url);
    await answer.text();
    return answer.headers.get('x-version');
  }

  test('a rollback starts the version before and gives it the traffic', async () => {
    await endAll('v2');
    const { workflowId } = await stack.client.rollback(SERVICE, { who: 'test', why: 'it is down' });
    expect(await stack.end(workflowId)).toMatchObject({
      outcome: 'rolled_back',
      serving: { version: 'v1' },
      left: [],
    });
    expect(await serving()).toBe('v1');
  });

  test('the next release takes its place', async () => {
    await endAll('v1');
    await release('v3');
    expect(await serving()).toBe('v3');
  });
});
