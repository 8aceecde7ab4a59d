import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { generationOf } from '../../src/domain/release/names.ts';
import { QUICK, SERVICE, type TestStack, startTestStack } from '../support/stack.ts';

const OBSERVED: Partial<ReleaseDocument> = {
  ...QUICK,
  strategy: 'canary',
  steps: [{ weight: '20%', for: '1s' }, { hold: 'until_approved' }, { weight: '50%', for: '1s' }],
  watch: { ...QUICK.watch, no_data_budget: '2s' },
  mode: 'observe',
};

/** Somebody else releases here, and Belay only looks on. */
let stack: TestStack;
const { signal } = new AbortController();

beforeAll(async () => {
  stack = await startTestStack('embedded');
  await stack.begin(QUICK);
});

afterAll(async () => {
  await stack?.close();
});

async function world() {
  const effects = await stack.router.effects(SERVICE, signal);
  const versions = await stack.environment.versions(SERVICE);
  const { stable } = await stack.client.history(SERVICE);
  return { effects, versions, stable, weights: await stack.weights() };
}

/** Another tool starts a version beside the stable one and gives it half of the traffic. */
async function otherToolReleases(version: string, number: number): Promise<void> {
  const { routes } = await stack.router.read(SERVICE, signal);
  const [stable] = routes;
  const spec = stack.specOf(version);
  if (spec.environment.kind !== 'process') throw new Error('no processes');
  const by = { key: `another-tool-${version}`, generation: generationOf(number, 1) };
  const instances = await stack.environment.deploy(
    { service: SERVICE, version, ...by, spec: spec.environment },
    signal,
  );
  if (stable === undefined) throw new Error('nothing serves');
  for (const { host, port } of instances) {
    const health = `http://${host}:${port}/healthz`;
    await expect.poll(() => fetch(health).then(({ ok }) => ok)).toBe(true);
  }
  await stack.router.apply(
    {
      service: SERVICE,
      ...by,
      routes: [
        { ...stable, weightPercent: 50 },
        { version, instances, weightPercent: 50 },
      ],
    },
    signal,
  );
}

test('a version that nobody has started: it would have gone back, and nothing is moved', async () => {
  const before = await world();
  const { workflowId } = await stack.deploy('nowhere', OBSERVED);
  const report = await stack.end(workflowId);
  expect(report).toMatchObject({ outcome: 'observed', serving: { version: 'v1' }, left: [] });
  expect(report.reason).toContain('would have gone back at weight-20');
  expect(await world()).toEqual(before);
});

test('a good version of somebody else: it would have succeeded, and nothing is moved', async () => {
  await otherToolReleases('v2', 50);
  const before = await world();
  const { workflowId } = await stack.deploy('v2', OBSERVED);
  const report = await stack.end(workflowId);
  expect(report).toMatchObject({ outcome: 'observed', reason: 'would have succeeded' });
  const { timeline } = await stack.client.progress(workflowId);
  const texts = timeline.map(({ text }) => text);
  expect(texts).toContain('would now: give 50 % of the traffic');
  expect(await world()).toEqual(before);
});

test('a bad version of somebody else: it says what it saw, and nothing is moved', async () => {
  await stack.fault('v2', 'errors');
  const before = await world();
  const { workflowId } = await stack.deploy('v2', OBSERVED);
  const report = await stack.end(workflowId);
  expect(report).toMatchObject({ outcome: 'observed', serving: { version: 'v1' } });
  expect(report.reason).toMatch(/would have gone back at weight-20: error_rate: error rate is/);
  expect(await world()).toEqual(before);
});
