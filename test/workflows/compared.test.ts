import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { poll } from '../support/poll.ts';
import { GOOD, SERVICE, type WorkflowRig, startWorkflowRig } from '../support/workflow-rig.ts';

const ASKED = { who: 'ada', why: 'both versions are compared' };
const SOON_MS = 20_000;
const signal = new AbortController().signal;

let rig: WorkflowRig;
let count = 0;
let version: string;
let stable: string;

beforeAll(async () => {
  rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
  rig.metrics.set('v0', GOOD);
  const { workflowId } = await rig.deploy('v0');
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
});

afterAll(async () => {
  await rig?.close();
});

beforeEach(async () => {
  count += 1;
  version = `v${count}`;
  rig.metrics.set(version, GOOD);
  stable = (await rig.client.history(SERVICE)).stable ?? '';
});

async function weights(): Promise<Record<string, number>> {
  const { routes } = await rig.router.read(SERVICE, signal);
  return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
}

const servedUntilMs = new Map<string, number>();

/** Ten minutes of ten requests a second of stable, as the load balancer counts them, and its own. */
function serve(candidate: { readonly requests: number; readonly faulty: number }): void {
  const nowMs = Math.ceil(rig.clock.nowMs() / 1000) * 1000;
  const beganMs = Math.max(nowMs, servedUntilMs.get(version) ?? 0);
  for (let second = 0; second < 600; second += 1) {
    const atMs = beganMs + second * 1000;
    for (const [name, requests, faulty] of [
      [stable, 10, second % 10 === 0 ? 1 : 0],
      [version, candidate.requests, candidate.faulty],
    ] as const) {
      // These seconds may have been recorded before, of stable by another test.
      const isKnown = atMs < (servedUntilMs.get(name) ?? 0);
      for (let one = 0; one < requests && !isKnown; one += 1) {
        rig.router.record({
          ...{ service: SERVICE, version: name, audience: 'live', latencyMs: 5, atMs },
          kind: one < faulty ? 'faulty' : 'good',
        });
      }
    }
  }
  for (const name of [stable, version]) servedUntilMs.set(name, beganMs + 600_000);
}

const compared = (errors: NonNullable<ReleaseDocument['judge']>['errors']) =>
  ({
    ...{ strategy: 'canary', steps: [{ weight: 50, for: '1h' }], watch: { interval: '1s' } },
    judge: { errors },
  }) satisfies Partial<ReleaseDocument>;

test('a version with more errors goes back, although no limit is broken', async () => {
  rig.clock.during('watchRelease', () => serve({ requests: 10, faulty: 1 }));
  const { workflowId } = await rig.deploy(version, compared({}));
  expect(await rig.end(workflowId)).toMatchObject({
    ...{ outcome: 'rolled_back', cause: 'error_rate' },
    reason: expect.stringContaining('errors, compared: worse than stable'),
  });
});

test('it goes one weight down and waits for a person where that is a warning', async () => {
  const before = rig.channel.received.length;
  rig.clock.during('watchRelease', () => serve({ requests: 10, faulty: 1 }));
  const { workflowId } = await rig.deploy(version, compared({ severity: 'warning' }));
  const { text } = await rig.until(workflowId, 'paused');
  expect(text).toContain('paused by the judge: errors, compared: worse than stable');
  expect(await weights()).toEqual({ [stable]: 100, [version]: 0 });
  expect(rig.channel.received.slice(before).map(({ title }) => title)).toContainEqual(
    expect.stringContaining('one weight down, a person must decide'),
  );
  await rig.client.abort(SERVICE, ASKED);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
});

test('a metric without values goes one weight down as well, where it is a warning', async () => {
  rig.clock.during('watchRelease', () => serve({ requests: 10, faulty: 0 }));
  const query = 'heap{version="{version}"}';
  const queries = { memory: query };
  const { workflowId } = await rig.deploy(version, {
    ...compared({}),
    metrics: [{ kind: 'memory' }, { kind: 'prometheus', url: 'http://p:9090', queries }],
    judge: { metrics: [{ name: 'heap', query, severity: 'warning' }] },
  });
  const { text } = await rig.until(workflowId, 'paused');
  expect(text).toContain('paused by the judge: no heap of both versions');
  expect(await weights()).toEqual({ [stable]: 100, [version]: 0 });
  await rig.client.abort(SERVICE, ASKED);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
});

const scored = {
  ...compared({}),
  steps: [{ weight: 50, for: '3m' }],
  judge: { method: 'kayenta' },
} satisfies Partial<ReleaseDocument>;

test('a version that Kayenta’s judge fails goes back once its step is over', async () => {
  rig.clock.during('watchRelease', () => serve({ requests: 10, faulty: 1 }));
  const { workflowId } = await rig.deploy(version, scored);
  expect(await rig.end(workflowId)).toMatchObject({
    ...{ outcome: 'rolled_back', cause: 'error_rate' },
    reason: expect.stringMatching(/Kayenta's judge: score 50, .*outside the error budget/),
  });
});

test('one that it lets pass goes on to all of the traffic', async () => {
  rig.clock.during('watchRelease', () => serve({ requests: 10, faulty: 0 }));
  const { workflowId } = await rig.deploy(version, scored);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  const { timeline } = await rig.client.progress(workflowId);
  expect(timeline.map(({ text }) => text).join('\n')).toMatch(/Kayenta's judge: score 100/);
});

test('an A/B test is over at once where more errors than control has are critical', async () => {
  rig.clock.during('watchRelease', () => serve({ requests: 10, faulty: 1 }));
  const { workflowId } = await rig.deploy(version, {
    ...{ strategy: 'ab_test', watch: { interval: '1s' } },
    ab_test: { min_duration: '1h', max_duration: '2h', min_samples: 100_000 },
  });
  expect(await rig.end(workflowId)).toMatchObject({
    ...{ outcome: 'rolled_back', cause: 'error_rate' },
    reason: expect.stringContaining('errors, compared: worse than stable'),
  });
});

test('a split that nobody intended holds it: that is no verdict on the version', async () => {
  rig.clock.during('watchRelease', () => serve({ requests: 1, faulty: 0 }));
  const { workflowId } = await rig.deploy(version, compared({}));
  const { text } = await rig.until(workflowId, 'held');
  expect(text).toMatch(/inconclusive: traffic split is 9\.09 %, intended 50 %/);
  await rig.client.abort(SERVICE, ASKED);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
});

// The last: of what it serves ahead of the clock the load balancer forgets what is served before.
test('at a barrier it is still the step before that is compared', async () => {
  // The server may be ahead of the clock of the last activity, and the release must have begun.
  const nowMs = await rig.env.currentTimeMs();
  const [from, to] = [6000, 1_800_000].map((afterMs) =>
    new Date(nowMs + afterMs).toISOString().replace(/\.\d+Z/, 'Z'),
  );
  const hasBegun = async (): Promise<true | undefined> => {
    const { active } = await rig.client.history(SERVICE);
    if (active === undefined) return undefined;
    const { timeline } = await rig.client.progress(active.workflowId);
    return timeline.some(({ text }) => text.includes('window fair has begun')) || undefined;
  };
  rig.clock.during('watchRelease', async () => {
    serve({ requests: 10, faulty: 0 });
    await poll(SOON_MS, hasBegun);
  });
  const { workflowId } = await rig.deploy(version, {
    ...compared({}),
    steps: [{ weight: 50, for: '5m' }],
    freeze_windows: [{ name: 'fair', from, to, on_begin: 'hold' }],
  });
  await rig.until(workflowId, 'frozen');
  rig.clock.during('watchRelease', () => serve({ requests: 10, faulty: 5 }));
  expect(await rig.end(workflowId)).toMatchObject({
    ...{ outcome: 'rolled_back', cause: 'error_rate' },
    reason: expect.stringContaining('errors, compared: worse than stable'),
  });
});
