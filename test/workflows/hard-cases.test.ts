import { setTimeout as wait } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';
import { poll } from '../support/poll.ts';
import {
  BROKEN,
  GOOD,
  SERVICE,
  type WorkflowRig,
  startWorkflowRig,
} from '../support/workflow-rig.ts';

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

describe('observing a rolling update', () => {
  const observed: Partial<ReleaseDocument> = {
    ...FOUR,
    ...{ strategy: 'rolling', mode: 'observe', rolling: { batch: 1 }, rollout_duration: '8m' },
  };

  test('judges each batch before it goes on to the next', async () => {
    const { workflowId } = await rig.deploy(version, observed);
    const report = await rig.end(workflowId);
    expect(report).toMatchObject({ outcome: 'observed', reason: 'would have succeeded' });
    const { timeline } = await rig.client.progress(workflowId);
    const looks = timeline.filter(({ text }) => /^would now: update|^verdict/.test(text));
    expect(looks.map(({ text }) => text.split(' ').slice(0, 2).join(' '))).toEqual([
      ...[1, 2, 3, 4].flatMap(() => ['would now:', 'verdict pass:']),
      'verdict pass:',
    ]);
  });

  test('says at which batch it would have gone back', async () => {
    let looks = 0;
    const breakLater = (): void => {
      looks += 1;
      if (looks === 40) rig.metrics.set(version, BROKEN);
      else rig.clock.during('watchRelease', breakLater);
    };
    rig.clock.during('watchRelease', breakLater);
    const { workflowId } = await rig.deploy(version, observed);
    const report = await rig.end(workflowId);
    expect(report.outcome).toBe('observed');
    expect(report.reason).toMatch(/^would have gone back at batch-\d: error_rate/);
  });
});

test('called off while stable is being removed, traffic comes back to instances that live', async () => {
  let free = (): void => undefined;
  rig.environment.holdRemoval(
    new Promise((resolve) => {
      free = resolve;
    }),
  );
  const { workflowId } = await rig.deploy(version, {
    ...{ strategy: 'canary', steps: [{ weight: 50, for: '1m' }], cleanup_delay: '1m' },
  });
  const isRemoved = async () => {
    const { routes } = await rig.router.read(SERVICE, signal);
    return routes.some((route) => route.version === stable) ? undefined : true;
  };
  const skipping = rig.env.client.workflow.getHandle(workflowId).result();
  await poll(SOON_MS, isRemoved);
  await rig.client.abort(SERVICE, ASKED);
  free();
  expect(await skipping).toMatchObject({ outcome: 'aborted', serving: { version: stable } });
  await rig.client.untilFree(workflowId);
  expect(await weights()).toEqual({ [stable]: 100 });
  const { routes } = await rig.router.read(SERVICE, signal);
  const live = await rig.environment.find(SERVICE, stable);
  expect(live.map(({ id }) => id)).toEqual(routes[0]?.instances.map(({ id }) => id));
  expect(live.length).toBeGreaterThan(0);
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
