import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { QUICK, SERVICE, type TestStack, startTestStack } from '../support/stack.ts';

const ADA = { who: 'ada', why: 'not needed any more' } as const;
const LONG: Partial<ReleaseDocument> = { ...QUICK, stabilization_period: '1m' };

/** A release that finds another one running; the cases build on each other. */
let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack('haproxy');
  await stack.begin(QUICK);
});

afterAll(async () => {
  await stack?.close();
});

/** A release that waits for a person in the end. */
async function running(version: string): Promise<string> {
  const { workflowId } = await stack.deploy(version, LONG);
  await stack.until(workflowId, 'stabilizing');
  return workflowId;
}

test('one that rejects is refused, and says what is in its way', async () => {
  const first = await running('v2');
  await expect(stack.submit('v3', { ...QUICK, supersede: 'reject' })).rejects.toMatchObject({
    code: 'ReleaseInProgress',
  });
  await stack.client.promote(SERVICE, ADA);
  expect(await stack.end(first)).toMatchObject({ outcome: 'succeeded' });
});

test('ones that queue begin in their order, and a waiting one can be called off', async () => {
  const first = await running('v3');
  const queue = { ...QUICK, supersede: 'queue' } as const;
  const asked = ['v4', 'v5', 'v6'].map((version) => [version, `ask-${version}`] as const);
  for (const [index, [version, requestId]] of asked.entries()) {
    const accepted = await stack.submit(version, queue, { requestId });
    expect(accepted).toMatchObject({ kind: 'queued', position: index + 1, behind: first });
  }
  expect(await stack.client.cancel(SERVICE, 'ask-v5', ADA)).toEqual({ cancelled: true });
  await expect(stack.client.awaitTurn(SERVICE, 'ask-v5')).rejects.toThrow('called off by ada');
  const { queue: waiting } = await stack.client.history(SERVICE);
  expect(waiting.map(({ version }) => version)).toEqual(['v4', 'v6']);
  await stack.client.promote(SERVICE, ADA);
  for (const version of ['v4', 'v6']) {
    const { workflowId } = await stack.client.awaitTurn(SERVICE, `ask-${version}`);
    expect(await stack.end(workflowId)).toMatchObject({ version, outcome: 'succeeded' });
  }
  expect(await stack.serving()).toBe('v6');
});

test('one that coalesces takes the place of all that wait', async () => {
  const first = await running('v7');
  await stack.submit('v8', { ...QUICK, supersede: 'queue' }, { requestId: 'ask-v8' });
  const accepted = await stack.submit(
    'v9',
    { ...QUICK, supersede: 'coalesce' },
    { requestId: 'ask-v9' },
  );
  expect(accepted).toMatchObject({ kind: 'queued', position: 1 });
  await expect(stack.client.awaitTurn(SERVICE, 'ask-v8')).rejects.toThrow('superseded by v9');
  await stack.client.promote(SERVICE, ADA);
  expect(await stack.end(first)).toMatchObject({ outcome: 'succeeded' });
  const { workflowId } = await stack.client.awaitTurn(SERVICE, 'ask-v9');
  expect(await stack.end(workflowId)).toMatchObject({ version: 'v9', outcome: 'succeeded' });
});

test('one that replaces begins when traffic is back on stable, and no weight is left behind', async () => {
  const { workflowId: first } = await stack.deploy('v10', {
    ...QUICK,
    strategy: 'canary',
    steps: [{ weight: '50%', for: '1m' }],
  });
  await stack.when(first, ({ weights }) => weights.some((one) => one.weightPercent === 50));
  const replacing = { ...QUICK, supersede: 'replace' } as const;
  await stack.submit('v11', replacing, { requestId: 'ask-v11' });
  const { workflowId } = await stack.client.awaitTurn(SERVICE, 'ask-v11');
  // From here on the version that was called off is nowhere any more.
  expect(await stack.weights()).not.toHaveProperty('v10');
  expect(await stack.environment.find(SERVICE, 'v10')).toEqual([]);
  expect(await stack.end(first)).toMatchObject({ outcome: 'aborted', serving: { version: 'v9' } });
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
  const { audit } = await stack.client.progress(first);
  expect(audit).toMatchObject([
    { verb: 'abort', who: 'test', why: 'replaced by v11: release v11' },
  ]);
  const effects = await stack.router.effects(SERVICE, new AbortController().signal);
  const both = effects.map(({ what }) => what).filter((what) => /v10 .*v11|v11 .*v10/.test(what));
  expect(both).toEqual([]);
  expect(await stack.serving()).toBe('v11');
});

test('one that replaces at a gate, before any user has met the other, begins at once', async () => {
  const { workflowId: first } = await stack.deploy('v12', { ...QUICK, promotion: 'manual' });
  await stack.when(first, ({ waiting }) => waiting?.why === 'gate');
  await stack.submit('v13', { ...QUICK, supersede: 'replace' }, { requestId: 'ask-v13' });
  expect(await stack.end(first)).toMatchObject({ outcome: 'aborted', left: [] });
  const { workflowId } = await stack.client.awaitTurn(SERVICE, 'ask-v13');
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  expect(await stack.environment.versions(SERVICE)).toEqual(['v13']);
});

test('no request was lost in all of this', () => {
  const { requests, failed, examples } = stack.load().counts();
  expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
  expect(requests).toBeGreaterThan(1000);
});
