import { beforeEach, describe, expect, test } from 'vitest';
import type { WatchRequest } from '../../src/activities/requests.ts';
import { createWatchActivities } from '../../src/activities/watch.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { Reading } from '../../src/domain/judge/measurement.ts';
import {
  type ActivityRig,
  GOOD,
  SERVICE,
  START_MS,
  createActivityRig,
  specOf,
  targetOf,
  unhealthy,
} from '../support/activity-rig.ts';

const SLOW: Reading = { ...GOOD, latency_p95: { kind: 'value', value: 999, samples: 1000 } };
const BACK = [
  { ...targetOf('v1'), weightPercent: 100 },
  { ...targetOf('v2'), weightPercent: 0 },
];
const AT_HALF = BACK.map((route) => ({ ...route, weightPercent: 50 }));
const KEY = 'release/shop/7/take-back-1';
const { signal } = new AbortController();

let rig: ActivityRig;
beforeEach(async () => {
  rig = createActivityRig();
  rig.metrics.set('v1', GOOD);
  rig.metrics.set('v2', GOOD);
  await rig.router.apply(
    { service: SERVICE, key: 'half', generation: 70, routes: AT_HALF },
    signal,
  );
});

const { service, traffic, environment, metrics, thresholds, watch: watching, health } = specOf();
const WITHOUT_TAKE_BACK: WatchRequest = {
  ...{ service, traffic, environment, metrics, thresholds, watch: watching, health },
  limits: specOf().validation,
  target: targetOf('v2'),
  weightPercent: 50,
  fromMs: START_MS,
  untilMs: START_MS + 120_000,
  baseline: null,
};

function watch(changes: Partial<WatchRequest> = {}) {
  const takeBack = { key: KEY, generation: 75, after: 70, routes: BACK };
  return plainWatch({ takeBack, ...changes });
}

function plainWatch(changes: Partial<WatchRequest> = {}) {
  const { watchRelease } = createWatchActivities(rig.deps);
  return rig.run(watchRelease, { ...WITHOUT_TAKE_BACK, ...changes });
}

async function weights(): Promise<Record<string, number>> {
  const { routes } = await rig.router.read(SERVICE, signal);
  return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
}

const effects = async () => (await rig.router.effects(SERVICE, signal)).map(({ key }) => key);
const temporalIsAway = (): void => {
  rig.isReachable = async () => false;
};

describe('a breach while Temporal is away', () => {
  beforeEach(() => {
    temporalIsAway();
    rig.after(20_000, () => rig.metrics.set('v2', SLOW));
  });

  test('is acted on by the watch itself, with its evidence', async () => {
    expect(await watch()).toMatchObject({
      kind: 'judged',
      takenBack: true,
      verdict: {
        kind: 'fail',
        findings: [{ measured: 999 }, {}],
        summary: expect.stringMatching(/999 ms on v2.*the watch has taken traffic back to v1$/),
      },
    });
    expect(await weights()).toEqual({ v1: 100, v2: 0 });
    expect(rig.elapsedMs()).toBe(20_000);
  });

  test('is acted on once: a later attempt learns of it by reading back', async () => {
    await watch();
    rig.metrics.set('v2', GOOD);
    const elapsedMs = rig.elapsedMs();
    for (const purpose of ['guard', 'judge'] as const) {
      expect(await watch({ purpose })).toMatchObject({
        kind: 'judged',
        takenBack: true,
        verdict: { kind: 'fail', summary: expect.stringContaining('generation 75') },
      });
    }
    expect(rig.elapsedMs()).toBe(elapsedMs);
    expect(await effects()).toEqual(['half', KEY]);
  });

  test('is acted on again where the first attempt was cut off before it acted', async () => {
    rig.isReachable = async () => {
      temporalIsAway();
      throw new Error('the worker died');
    };
    await expect(watch()).rejects.toThrow('the worker died');
    expect(await watch()).toMatchObject({ takenBack: true });
    expect(await effects()).toEqual(['half', KEY]);
  });

  test('never undoes what a newer generation has decided', async () => {
    const newer = { service: SERVICE, key: 'newer', generation: 80, routes: AT_HALF };
    rig.after(10_000, () => void rig.router.apply(newer, signal));
    const result = await watch();
    expect(result).toMatchObject({ verdict: { kind: 'fail' } });
    expect(result).not.toHaveProperty('takenBack');
    expect(await weights()).toEqual({ v1: 50, v2: 50 });
  });

  test('nor what has been decided after the generation that it watches', async () => {
    const step = { service: SERVICE, key: 'step', generation: 71, routes: AT_HALF };
    rig.after(10_000, () => void rig.router.apply(step, signal));
    expect(await watch()).not.toHaveProperty('takenBack');
    expect(await effects()).toEqual(['half', 'step']);
  });

  test('is acted on as soon as the load balancer can be reached', async () => {
    rig.router.failNext(new Failure('TrafficUnreachable', 'away as well'), 5);
    expect(await watch()).toMatchObject({ takenBack: true });
    expect(rig.elapsedMs()).toBe(25_000);
  });

  test('is left to the workflow once Temporal is back', async () => {
    rig.router.failNext(new Failure('TrafficUnreachable', 'away as well'), 1000);
    rig.after(25_000, () => (rig.isReachable = async () => true));
    expect(await watch()).not.toHaveProperty('takenBack');
    expect(rig.elapsedMs()).toBe(25_000);
  });

  test('is only told where the router never answers, or nobody can be gone back to', async () => {
    rig.router.failNext(new Failure('TargetNotReady', 'v1 is down'), 1);
    expect(await watch()).toMatchObject({ verdict: { kind: 'fail' } });
    rig.router.failNext(new Failure('TrafficUnreachable', 'away'), 10_000);
    const result = await watch();
    expect(result).not.toHaveProperty('takenBack');
    expect(await weights()).toEqual({ v1: 50, v2: 50 });
  });

  test('is only told by a watch that may not act', async () => {
    expect(await plainWatch()).not.toHaveProperty('takenBack');
    expect(await effects()).toEqual(['half']);
  });
});

test('unhealthy instances are taken out of the traffic while Temporal is away', async () => {
  temporalIsAway();
  rig.checkHealth = async () => unhealthy('503');
  expect(await watch({ purpose: 'guard' })).toEqual({
    kind: 'unhealthy',
    report: '503; Temporal could not be reached: the watch has taken traffic back to v1',
    takenBack: true,
  });
  expect(await weights()).toEqual({ v1: 100, v2: 0 });
});

test('a breach that can be reported does not touch the traffic', async () => {
  rig.metrics.set('v2', SLOW);
  const result = await watch();
  expect(result).toMatchObject({ verdict: { kind: 'fail' } });
  expect(result).not.toHaveProperty('takenBack');
  expect(await effects()).toEqual(['half']);
});

describe('no data while Temporal is away', () => {
  beforeEach(() => {
    temporalIsAway();
    rig.metrics.set('v2', {});
  });

  test('is a reason to go back where the version was to be judged', async () => {
    expect(await watch()).toMatchObject({ verdict: { kind: 'no_data' }, takenBack: true });
    expect(await weights()).toEqual({ v1: 100, v2: 0 });
  });

  test('never is one for a guard', async () => {
    const result = await watch({ purpose: 'guard' });
    expect(result).toMatchObject({ verdict: { kind: 'no_data' } });
    expect(result).not.toHaveProperty('takenBack');
    expect(rig.elapsedMs()).toBe(120_000);
    expect(await effects()).toEqual(['half']);
  });
});

test('a good version is watched to its end without asking for Temporal', async () => {
  let asked = 0;
  rig.isReachable = async () => {
    asked += 1;
    return false;
  };
  expect(await watch()).toMatchObject({ verdict: { kind: 'pass' } });
  expect(asked).toBe(0);
});

describe('traffic that somebody else has moved', () => {
  const byHand = { service: SERVICE, key: 'break-glass/ann', generation: 71, routes: BACK };

  test.each([
    ['a good version', GOOD],
    ['a bad version', SLOW],
    ['nothing known of the version', {}],
  ])('ends the watch with who moved it, whatever its figures say: %s', async (_, reading) => {
    rig.metrics.set('v2', reading);
    rig.after(0, () => void rig.router.apply(byHand, signal));
    await expect(plainWatch({ standsAt: 70 })).rejects.toMatchObject({
      code: 'TrafficTakenBack',
      message: expect.stringContaining('break-glass/ann (generation 71)'),
    });
  });

  test('is not looked for by a watch of an older release', async () => {
    await rig.router.apply(byHand, signal);
    expect(await plainWatch()).toMatchObject({ verdict: { kind: 'pass' } });
  });

  test('keeps no breach from being told where the load balancer cannot be asked', async () => {
    rig.metrics.set('v2', SLOW);
    const read = async () => Promise.reject(new Failure('TrafficUnreachable', 'away'));
    const { watchRelease } = createWatchActivities({
      ...rig.deps,
      router: () => ({ ...rig.router, read }),
    });
    const request = { ...WITHOUT_TAKE_BACK, standsAt: 70 };
    expect(await rig.run(watchRelease, request)).toMatchObject({ verdict: { kind: 'fail' } });
    rig.metrics.set('v2', GOOD);
    await expect(rig.run(watchRelease, request)).rejects.toMatchObject({
      code: 'TrafficUnreachable',
    });
  });
});
