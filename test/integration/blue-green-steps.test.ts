import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { QUICK, SERVICE, type TestStack, startTestStack } from '../support/stack.ts';

const ADA = { who: 'ada', why: 'looks good' } as const;

/** What blue-green can do beside moving everything at once; the cases build on each other. */
let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack('haproxy');
  await stack.begin(QUICK);
});

afterAll(async () => {
  await stack?.close();
});

function blueGreen(changes: Partial<ReleaseDocument>): Partial<ReleaseDocument> {
  return { ...QUICK, ...changes };
}

async function stands(version: string): Promise<void> {
  expect(await stack.serving()).toBe(version);
  expect(await stack.environment.versions(SERVICE)).toEqual([version]);
}

async function weightsGiven(workflowId: string): Promise<readonly string[]> {
  const effects = await stack.router.effects(SERVICE, new AbortController().signal);
  return effects
    .filter(({ key }) => /weight|switch/.test(key) && key.startsWith(`${workflowId}/`))
    .map(({ what }) => what);
}

test('traffic moves in the steps of the file', async () => {
  const { workflowId } = await stack.deploy(
    'v2',
    blueGreen({ switch_steps: [10, 50, 100], rollout_duration: '3s' }),
  );
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
  expect(await weightsGiven(workflowId)).toEqual([
    'v1 90 %, v2 10 %',
    'v1 50 %, v2 50 %',
    'v1 0 %, v2 100 %',
  ]);
  await stands('v2');
});

test('a version that breaks at a step of the switch goes back', async () => {
  const { workflowId } = await stack.deploy(
    'bad',
    blueGreen({ switch_steps: [50, 100], rollout_duration: '1m' }),
  );
  await stack.when(workflowId, ({ weights }) => weights.some((one) => one.weightPercent === 50));
  await stack.fault('bad', 'errors');
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'rolled_back', left: [] });
  await stands('v2');
});

test('with a promotion by hand no user meets it before, but whoever knows its address does', async () => {
  const { workflowId } = await stack.deploy('v3', blueGreen({ promotion: 'manual' }));
  const { preview } = await stack.when(workflowId, ({ waiting }) => waiting?.why === 'gate');
  expect(stack.load().counts().byVersion.v3).toBeUndefined();
  const answer = await fetch(preview?.url ?? '', { headers: preview?.headers ?? {} });
  await answer.text();
  expect(answer.headers.get('x-version')).toBe('v3');
  expect(await stack.serving()).toBe('v2');
  await stack.client.approve(SERVICE, 'promotion', ADA);
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
  await stands('v3');
});

test('after an abort green stays for a while, without traffic', async () => {
  const { workflowId } = await stack.deploy(
    'v4',
    blueGreen({ keep_on_abort: '3s', stabilization_period: '1m' }),
  );
  await stack.until(workflowId, 'stabilizing');
  await stack.client.abort(SERVICE, { who: 'ada', why: 'a look at it' });
  await stack.when(workflowId, ({ timeline }) =>
    timeline.some(({ text }) => text.startsWith('v4 stays for 3s')),
  );
  expect(await stack.weights()).toEqual({ v3: 100, v4: 0 });
  expect(await stack.serving({ 'x-belay-version': 'v4', 'x-belay-service': SERVICE })).toBe('v4');
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'aborted', left: [] });
  await stands('v3');
});

test('a version that was stable a moment ago comes back without warm-up and steps', async () => {
  const changes = blueGreen({
    switch_steps: [10, 100],
    rollout_duration: '1m',
    warmup_duration: '30s',
    rollback_window: '10m',
  });
  const { workflowId } = await stack.deploy('v2', changes);
  const startedMs = Date.now();
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded', left: [] });
  expect(Date.now() - startedMs).toBeLessThan(15_000);
  expect(await weightsGiven(workflowId)).toEqual(['v3 0 %, v2 100 %']);
  await stands('v2');
});

test('no request was lost in all of this', () => {
  const { requests, failed, examples } = stack.load().counts();
  expect({ failed, examples }).toEqual({ failed: 0, examples: [] });
  expect(requests).toBeGreaterThan(1000);
});
