import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FreezeRule } from '../../src/domain/release/freeze-window.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { QUICK, SERVICE, type TestStack, startTestStack } from '../support/stack.ts';

const ADA = { who: 'ada', why: 'the certificate expires' } as const;
const CANARY: Partial<ReleaseDocument> = {
  ...QUICK,
  strategy: 'canary',
  steps: [{ weight: '20%', for: '16s' }, { weight: '100%' }],
};

/** Days on which nothing moves, here of seconds that begin within the first step; the cases build on each other. */
let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack('embedded');
  await stack.begin(QUICK);
});

afterAll(async () => {
  await stack?.close();
});

function freeze(fromS: number, toS: number, onBegin: FreezeRule['onBegin']): readonly FreezeRule[] {
  const nowMs = Date.now();
  const [fromMs, toMs] = [nowMs + fromS * 1000, nowMs + toS * 1000];
  return [{ kind: 'dated', name: 'inventory', fromMs, toMs, onBegin }];
}

async function begin(version: string, freezeWindows: readonly FreezeRule[]): Promise<string> {
  const accepted = await stack.submit(version, CANARY, { freezeWindows: [...freezeWindows] });
  return accepted.kind === 'begun' ? accepted.workflowId : accepted.kind;
}

test('a release that runs holds what it has until the window is over, and then goes on', async () => {
  const workflowId = await begin('v2', freeze(12, 18, 'hold'));
  const { waiting } = await stack.when(workflowId, (now) => now.waiting?.why === 'frozen');
  expect(waiting?.text).toContain('inventory');
  expect(await stack.weights()).toEqual({ v1: 80, v2: 20 });
  const untilMs = waiting?.untilMs ?? 0;
  await stack.when(workflowId, (now) => now.waiting === undefined);
  expect(Date.now()).toBeGreaterThanOrEqual(untilMs);
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
  expect(await stack.serving()).toBe('v2');
});

test('a breach while it holds takes traffic back all the same', async () => {
  const workflowId = await begin('bad', freeze(12, 60, 'hold'));
  await stack.when(workflowId, (now) => now.waiting?.why === 'frozen');
  await stack.fault('bad', 'errors');
  expect(await stack.end(workflowId)).toMatchObject({
    outcome: 'rolled_back',
    cause: 'error_rate',
  });
  expect(await stack.serving()).toBe('v2');
});

test('a person lets it go on in spite of the window, with a reason that is kept', async () => {
  const workflowId = await begin('v3', freeze(12, 60, 'hold'));
  await stack.when(workflowId, (now) => now.waiting?.why === 'frozen');
  await expect(stack.client.promote(SERVICE, ADA)).rejects.toThrow('inventory');
  await stack.client.promote(SERVICE, { ...ADA, overrideFreeze: true });
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  const { audit } = await stack.client.progress(workflowId);
  expect(audit).toMatchObject([{ verb: 'promote', ...ADA }]);
});

test('a release whose file says so goes back when a window begins', async () => {
  const workflowId = await begin('v4', freeze(12, 60, 'return'));
  expect(await stack.end(workflowId)).toMatchObject({
    outcome: 'rolled_back',
    cause: 'FreezeWindow',
    left: [],
  });
  expect(await stack.serving()).toBe('v3');
});

test('a release whose file says so does not care', async () => {
  const workflowId = await begin('v4', freeze(5, 60, 'finish'));
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
});

test('nothing begins in a window, unless somebody overrides it', async () => {
  const freezeWindows = [...freeze(-60, 60, 'hold')];
  await expect(stack.submit('v5', CANARY, { freezeWindows })).rejects.toMatchObject({
    code: 'FreezeWindow',
  });
  const overrideFreeze = true;
  const accepted = await stack.submit('v5', CANARY, { freezeWindows, overrideFreeze });
  if (accepted.kind !== 'begun') throw new Error(accepted.kind);
  expect(await stack.end(accepted.workflowId)).toMatchObject({ outcome: 'succeeded' });
});

test('one whose turn comes in a window does not begin either, and says so', async () => {
  const { workflowId } = await stack.deploy('v6', { ...QUICK, stabilization_period: '1m' });
  await stack.until(workflowId, 'stabilizing');
  const request = { requestId: 'ask-v7', freezeWindows: [...freeze(5, 60, 'hold')] };
  const beginsMs = Date.now() + 5000;
  await stack.submit('v7', { ...CANARY, supersede: 'queue' }, request);
  await expect.poll(() => Date.now()).toBeGreaterThan(beginsMs);
  await stack.client.promote(SERVICE, ADA);
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  await expect(stack.client.awaitTurn(SERVICE, 'ask-v7')).rejects.toThrow('inventory is open');
  expect(await stack.serving()).toBe('v6');
});

test('no request was lost in all of this', () => {
  const { requests, failed, examples } = stack.load().counts();
  expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
  expect(requests).toBeGreaterThan(1000);
});
