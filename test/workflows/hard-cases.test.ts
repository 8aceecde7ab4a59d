import { setTimeout as wait } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';
import { poll } from '../support/poll.ts';
import { GOOD, SERVICE, type WorkflowRig, startWorkflowRig } from '../support/workflow-rig.ts';

const ASKED = { who: 'ada', why: 'a hard case' };
const SOON_MS = 20_000;
const signal = new AbortController().signal;

let rig: WorkflowRig;
let server: LocalServer;
let count = 0;
let version: string;
let stable: string;
/** What the webhook answers to the next calls; then 200. */
let statuses: number[] = [];

beforeAll(async () => {
  rig = await startWorkflowRig({ maxCachedWorkflows: 500 });
  server = await startHttp((_request, response) => {
    response.writeHead(statuses.shift() ?? 200).end();
  });
  rig.metrics.set('v0', GOOD);
  const { workflowId } = await rig.deploy('v0', { environment: { kind: 'memory', instances: 4 } });
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
});

afterAll(async () => {
  await rig?.close();
  await server?.close();
});

beforeEach(async () => {
  count += 1;
  version = `v${count}`;
  statuses = [];
  rig.metrics.set(version, GOOD);
  stable = (await rig.client.history(SERVICE)).stable ?? '';
});

async function weights(): Promise<Record<string, number>> {
  const { routes } = await rig.router.read(SERVICE, signal);
  return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
}

async function running(workflowId: string, step: string): Promise<void> {
  await poll(SOON_MS, async () => {
    const { steps, at, verbs } = await rig.client.progress(workflowId);
    return steps[at]?.name === step && verbs.includes('promote') ? true : undefined;
  });
}

const FOUR = { environment: { kind: 'memory', instances: 4 } } as const;

test('observing removes nothing, also where another tool has moved all of the traffic', async () => {
  const { generation, routes } = await rig.router.read(SERVICE, signal);
  const others = await rig.environment.deploy(
    {
      ...{ service: SERVICE, version: 'other', key: 'other', generation: 1 },
      spec: { kind: 'memory', instances: 4, stopGraceMs: 0 },
    },
    signal,
  );
  const moved = [
    ...routes.map((route) => ({ ...route, weightPercent: 0 })),
    { version, instances: others, weightPercent: 100 },
  ];
  await rig.router.apply(
    { service: SERVICE, key: 'another tool', generation: generation + 1, routes: moved },
    signal,
  );
  const { workflowId } = await rig.deploy(version, {
    ...{ strategy: 'canary', mode: 'observe', cleanup_delay: '2m', rollout_duration: '6m' },
  });
  await rig.end(workflowId);
  expect(await rig.environment.find(SERVICE, stable)).toHaveLength(4);
  const { timeline } = await rig.client.progress(workflowId);
  expect(timeline.map(({ text }) => text).join()).not.toContain(`${stable} removed`);
  await rig.router.apply(
    { service: SERVICE, key: 'back', generation: generation + 2, routes },
    signal,
  );
});

describe('a guard that cannot be carried out any more', () => {
  const gated: Partial<ReleaseDocument> = {
    strategy: 'canary',
    steps: [{ weight: 25, for: '1h' }],
  };
  /** Its source answers what nobody can read, from now on. */
  const blind = (): void =>
    rig.metrics.set(version, () => {
      throw new Failure('MetricsInvalid', 'the answer is HTML');
    });

  test('at a gate for a person holds, and never answers in their place', async () => {
    const { workflowId } = await rig.deploy(version, {
      ...gated,
      steps: [{ weight: 25 }, { gate: { name: 'go', person: { on_timeout: 'approve' } } }],
    });
    await rig.until(workflowId, 'gate');
    blind();
    const { text } = await rig.until(workflowId, 'held');
    expect(text).toContain('the answer is HTML');
    expect(await weights()).toEqual({ [stable]: 75, [version]: 25 });
    await rig.client.abort(SERVICE, ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
  });

  test('in a pause holds, passes no step, and takes every verb', async () => {
    const { workflowId } = await rig.deploy(version, gated);
    await running(workflowId, 'weight-25');
    await rig.client.pause(SERVICE, ASKED);
    await rig.until(workflowId, 'paused');
    blind();
    await rig.until(workflowId, 'held');
    const { steps, at } = await rig.client.progress(workflowId);
    expect(steps[at]?.name).toBe('weight-25');
    await rig.client.abort(SERVICE, ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
    const { events } = await rig.env.client.workflow.getHandle(workflowId).fetchHistory();
    expect(events?.length).toBeLessThan(150);
  });
});

describe('capacity', () => {
  test('promote --full starts the instances that the steps between would have', async () => {
    const { workflowId } = await rig.deploy(version, {
      ...FOUR,
      strategy: 'canary',
      steps: [
        { weight: 25, for: '1h' },
        { scale: '100%' },
        { hold: '1h' },
        { weight: 50, for: '1h' },
      ],
    });
    await running(workflowId, 'weight-25');
    expect(await rig.environment.find(SERVICE, version)).toHaveLength(1);
    await rig.client.promoteFull(SERVICE, ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
    expect(await rig.environment.find(SERVICE, version)).toHaveLength(4);
  });

  test('a baseline grows with the candidate', async () => {
    const { workflowId } = await rig.deploy(version, {
      environment: { kind: 'memory', instances: 8 },
      strategy: 'canary',
      baseline: true,
      steps: [{ scale: '25%' }, { weight: 25, for: '1h' }],
    });
    await running(workflowId, 'weight-25');
    const { routes } = await rig.router.read(SERVICE, signal);
    const [own, beside] = [version, `${stable}-baseline`].map((name) =>
      routes.find((route) => route.version === name),
    );
    expect(own?.weightPercent).toBe(25);
    expect(beside?.weightPercent).toBe(25);
    expect(own?.instances.length).toBeGreaterThanOrEqual(2);
    expect(beside?.instances.length).toBeGreaterThanOrEqual(2);
    await rig.client.abort(SERVICE, ASKED);
    expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted', left: [] });
  });
});

test('a hook that is tried again is called under another key, and undone once', async () => {
  statuses = [400, 400];
  const { workflowId } = await rig.deploy(version, {
    ...{ strategy: 'canary', auto_rollback_enabled: false, steps: [{ weight: 50 }] },
    hooks: [
      {
        ...{ name: 'check', after: 'traffic' },
        webhook: { url: `${server.url}/check`, attempts: 1 },
        undo: { webhook: { url: `${server.url}/undo`, attempts: 1 } },
      },
    ],
  });
  await rig.until(workflowId, 'held');
  await rig.client.retry(SERVICE, ASKED);
  await poll(SOON_MS, async () => (server.received.length > 1 ? true : undefined));
  await rig.until(workflowId, 'held');
  await rig.client.abort(SERVICE, ASKED);
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'aborted' });
  const calls = server.received.map(({ path, body }) => {
    const { key, name }: { key: string; name: string } = JSON.parse(body);
    return [path, name, key.split('/').at(-1)];
  });
  expect(calls).toEqual([
    ['/check', 'check', 'after-traffic-check'],
    ['/check', 'check', 'after-traffic-check-2'],
    ['/undo', 'check', 'undo-check'],
  ]);
});

test('what breaks the glass in the middle of a rolling update is not overwritten', async () => {
  let broken = 0;
  const strike = async (): Promise<void> => {
    const state = await rig.router.read(SERVICE, signal);
    const own = state.routes.find((route) => route.version === version)?.weightPercent ?? 0;
    if (own < 25) {
      rig.clock.during('rollBatch', strike);
      return;
    }
    broken += 1;
    const routes = state.routes.map((route) => ({
      ...route,
      weightPercent: route.version === stable ? 100 : 0,
    }));
    const { generation } = state;
    await rig.router.apply(
      { service: SERVICE, key: 'break-glass/ann', generation: generation + 1, routes },
      signal,
    );
  };
  rig.clock.during('rollBatch', strike);
  const { workflowId } = await rig.deploy(version, {
    ...FOUR,
    ...{ strategy: 'rolling', rolling: { batch: 1 }, rollout_duration: '6m' },
  });
  expect(await rig.end(workflowId)).toMatchObject({ outcome: 'rolled_back' });
  expect(broken).toBe(1);
  expect(await weights()).toEqual({ [stable]: 100 });
});

test('a new release does not overtake one that waits and is being asked whether it may begin', async () => {
  const later = { from: '2099-01-01T00:00', to: '2099-01-02T00:00', timezone: 'UTC' };
  const windows = { freeze_windows: [{ name: 'later', ...later }] };
  const waits = { supersede: 'queue' } as const;
  const { workflowId } = await rig.deploy(version, {
    ...{ strategy: 'canary', steps: [{ weight: 25 }, { gate: { name: 'go', person: {} } }] },
  });
  await rig.until(workflowId, 'gate');
  const [second, third] = [`${version}-b`, `${version}-c`];
  for (const name of [second, third]) rig.metrics.set(name, GOOD);
  await rig.client.deploy({ release: rig.specOf(second, { ...waits, ...windows }), ...ASKED });
  // To look into the calendar takes a while: so long the place is free.
  const { currentTimeMs } = rig.env;
  rig.env.currentTimeMs = async () => {
    if (activityInfo().activityType === 'findFreezes') await wait(1500);
    return currentTimeMs.call(rig.env);
  };
  await rig.client.approve(SERVICE, 'go', ASKED);
  await rig.env.client.workflow.getHandle(workflowId).result();
  await poll(SOON_MS, async () => {
    const { active } = await rig.client.history(SERVICE);
    return active === undefined ? true : undefined;
  });
  const last = await rig.client.deploy({ release: rig.specOf(third, waits), ...ASKED });
  rig.env.currentTimeMs = currentTimeMs;
  expect(last.kind).toBe('queued');
  for (const name of [second, third]) {
    const run = await poll(SOON_MS, async () => {
      const { active } = await rig.client.history(SERVICE);
      return active?.version === name ? active : undefined;
    });
    await rig.end(run.workflowId);
  }
  const { runs, stable: now } = await rig.client.history(SERVICE);
  expect(now).toBe(third);
  expect(runs.slice(0, 2).map((run) => run.version)).toEqual([third, second]);
});

describe('compared with stable', () => {
  let servedUntilMs = 0;

  /** Ten minutes of ten requests a second of stable, as the load balancer counts them, and its own. */
  function serve(candidate: { readonly requests: number; readonly faulty: number }): void {
    const beganMs = Math.ceil(rig.clock.nowMs() / 1000) * 1000;
    for (let second = 0; second < 600; second += 1) {
      const atMs = beganMs + second * 1000;
      for (const [name, requests, faulty] of [
        [stable, 10, second % 10 === 0 ? 1 : 0],
        [version, candidate.requests, candidate.faulty],
      ] as const) {
        // Of stable the tests before may have recorded these seconds.
        const isKnown = name === stable && atMs < servedUntilMs;
        for (let one = 0; one < requests && !isKnown; one += 1) {
          rig.router.record({
            ...{ service: SERVICE, version: name, audience: 'live', latencyMs: 5, atMs },
            kind: one < faulty ? 'faulty' : 'good',
          });
        }
      }
    }
    servedUntilMs = beganMs + 600_000;
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
});
