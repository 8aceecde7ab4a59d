import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningBalancer } from '../../../src/dev/balancer.ts';
import { FAILURES, Failure } from '../../../src/domain/failure.ts';
import { userSlot } from '../../../src/providers/traffic/affinity.ts';
import type {
  Route,
  Steering,
  TrafficChange,
  TrafficRouter,
} from '../../../src/providers/traffic/router.ts';
import { type RouterRig, SERVICE, startRouterRig } from '../../support/router-rig.ts';
import { type Mishap, supervised } from '../../support/supervised-balancer.ts';
import type { VersionServer } from '../../support/version-server.ts';

const signal = new AbortController().signal;
const SOON = { timeout: 10_000 };

const STEERING = {
  affinity: { cookie: 'user', maxAgeS: 3600, salt: 'release/checkout/1' },
  matches: [{ version: 'v2', in: 'header', name: 'X-Tester', how: 'exact', value: 'of; "v2"\\' }],
} as const satisfies Steering;

const MISHAPS = {
  embedded: ['SIGTERM', 'SIGKILL'],
  haproxy: ['SIGTERM', 'SIGKILL', 'reload'],
} satisfies Record<string, readonly Mishap[]>;

describe.each(['embedded', 'haproxy'] as const)('the %s router', (kind) => {
  let rig: RouterRig;
  let balancer: RunningBalancer;
  let running: ReturnType<typeof supervised>;
  let router: TrafficRouter;
  let v1: VersionServer;
  let generation = 0;

  beforeAll(async () => {
    rig = await startRouterRig(kind, ['v1', 'v2']);
    const [first] = rig.servers;
    if (rig.balancer === undefined || first === undefined) throw new Error('no data plane');
    ({ balancer, router } = rig);
    v1 = first;
    running = supervised(balancer, SERVICE, rig.folder);
  });

  afterAll(async () => {
    await running.close();
    await rig.close();
  });

  const routes = (first: number): Route[] => rig.routes(first, 100 - first);

  /** Tries again where the table says that it may help, as the workflows do. */
  async function insist(change: Omit<TrafficChange, 'service' | 'key'>) {
    const key = `release/checkout/${change.generation}`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await router.apply({ service: SERVICE, key, ...change }, signal);
      } catch (error) {
        if (!(error instanceof Failure) || !FAILURES[error.code].retry || attempt > 20) throw error;
        await wait(50);
      }
    }
  }

  const apply = (first: number, at = (generation += 10), steering: Steering = {}) =>
    insist({ generation: at, routes: routes(first), ...steering });

  async function weights(): Promise<Record<string, number>> {
    const { routes: all } = await router.read(SERVICE, signal);
    return Object.fromEntries(all.map((route) => [route.version, route.weightPercent]));
  }

  /** A connection of its own each, which an old process does not get any more. */
  async function answer(headers: Record<string, string> = {}): Promise<string> {
    const { body } = await request(balancer.url, { reset: true, headers });
    return body.text();
  }

  async function answers(count: number): Promise<ReadonlySet<string>> {
    const seen = new Set<string>();
    for (let i = 0; i < count; i += 1) seen.add(await answer());
    return seen;
  }

  describe.each(MISHAPS[kind])('after %s', (mishap) => {
    test('serves what it served before, generation, key and effects included', async () => {
      await apply(30);
      await apply(0);
      const before = await router.read(SERVICE, signal);
      await running.meet(mishap);
      await expect.poll(() => router.read(SERVICE, signal), SOON).toEqual(before);
      expect(await answers(10)).toEqual(new Set(['v2']));
      const keys = (await router.effects(SERVICE, signal)).map(({ key }) => key);
      expect(keys.slice(-2)).toEqual([
        `release/checkout/${generation - 10}`,
        `release/checkout/${generation}`,
      ]);
    });

    test('steers by user and by match as before', async () => {
      await apply(50, (generation += 10), STEERING);
      const before = await router.read(SERVICE, signal);
      expect(before).toMatchObject(STEERING);
      await running.meet(mishap);
      await expect.poll(() => router.read(SERVICE, signal), SOON).toEqual(before);
      for (let user = 0; user < 20; user += 1) {
        const { slot } = userSlot(STEERING.affinity.salt, Buffer.from(`u${user}`));
        const version = slot < 50 ? 'v2' : 'v1';
        expect(await answer({ cookie: `user=u${user}` })).toBe(version);
        expect(await answer({ cookie: `user=u${user}`, 'x-tester': 'of; "v2"\\' })).toBe('v2');
      }
    });

    test('refuses a late write of before, and takes the newest again as done', async () => {
      await apply(100);
      await running.meet(mishap);
      await expect(apply(0, generation - 1)).rejects.toMatchObject({ code: 'StaleGeneration' });
      await expect(apply(0, generation)).rejects.toMatchObject({ code: 'GenerationConflict' });
      expect(await apply(100, generation)).toMatchObject({ generation });
      const keys = (await router.effects(SERVICE, signal)).map(({ key }) => key);
      expect(keys.filter((key) => key === `release/checkout/${generation}`)).toHaveLength(1);
      expect(await answers(10)).toEqual(new Set(['v1']));
    });

    test('takes a new write, and every connection follows it', async () => {
      await apply(100);
      await running.meet(mishap);
      await apply(0);
      expect(await answers(10)).toEqual(new Set(['v2']));
      expect(await weights()).toEqual({ v1: 0, v2: 100 });
    });
  });

  test('killed in the middle of writes has the last that it confirmed or a later one, whole', async () => {
    for (let round = 0; round < 2; round += 1) {
      const first = generation + 10;
      let confirmed = first;
      let sent = first;
      await apply(first % 101, (generation = first));
      const writing = (async () => {
        for (;;) {
          sent += 1;
          const change = { service: SERVICE, key: `release/checkout/${sent}`, generation: sent };
          await router.apply({ ...change, routes: routes(sent % 101) }, signal);
          confirmed = sent;
        }
      })().catch((error: unknown) => error);
      await expect.poll(() => confirmed, SOON).toBeGreaterThan(first + 1 + round);
      await running.end('SIGKILL');
      expect(await writing).toMatchObject({ name: 'Failure' });
      await expect(router.read(SERVICE, signal)).rejects.toMatchObject({
        code: 'TrafficUnreachable',
      });
      await running.begin();
      const state = await router.read(SERVICE, signal);
      expect(state.generation).toBeGreaterThanOrEqual(confirmed);
      expect(state.generation).toBeLessThanOrEqual(sent);
      expect(state.key).toBe(`release/checkout/${state.generation}`);
      const share = state.generation % 101;
      expect(await weights()).toEqual({ v1: share, v2: 100 - share });
      const effects = await router.effects(SERVICE, signal);
      expect(effects.at(-1)).toMatchObject({ key: state.key, generation: state.generation });
      generation = sent;
    }
  });

  test('away for a while is unreachable, and a retry then succeeds', async () => {
    await apply(100);
    await running.end('SIGKILL');
    const change = { service: SERVICE, key: 'release/checkout/late', generation: generation + 1 };
    generation += 1;
    await expect(router.apply({ ...change, routes: routes(0) }, signal)).rejects.toMatchObject({
      code: 'TrafficUnreachable',
    });
    await running.begin();
    expect(await router.apply({ ...change, routes: routes(0) }, signal)).toMatchObject({
      generation,
    });
    expect(await answers(5)).toEqual(new Set(['v2']));
  });

  if (kind !== 'haproxy') return;

  test('lets a request that is open over a reload finish, and counts it as open', async () => {
    await apply(100);
    const open = fetch(`${balancer.url}/slow`);
    await expect.poll(() => v1.holding(), SOON).toBe(1);
    await running.meet('reload');
    await apply(0);
    const drained = { service: SERVICE, version: 'v1' };
    expect(await router.drain({ ...drained, deadlineMs: 200 }, signal)).toEqual({ open: 1 });
    v1.letGo();
    expect(await (await open).text()).toBe('v1');
    expect(await router.drain({ ...drained, deadlineMs: 10_000 }, signal)).toEqual({ open: 0 });
  });

  test('counts what is open over a reload at an instance that leaves its route', async () => {
    const [left, stays] = rig.servers;
    if (left === undefined || stays === undefined) throw new Error('two instances are needed');
    const serve = async (...servers: VersionServer[]): Promise<void> => {
      const instances = servers.map(({ instance }) => instance);
      generation += 10;
      await insist({ generation, routes: [{ version: 'v3', weightPercent: 100, instances }] });
    };
    await serve(left);
    const open = fetch(`${balancer.url}/slow`);
    await expect.poll(() => left.holding(), SOON).toBe(1);
    await serve(left, stays);
    await running.meet('reload');
    await serve(stays);
    const drained = { service: SERVICE, version: 'v3', instances: [left.instance] };
    expect(await router.drain({ ...drained, deadlineMs: 200 }, signal)).toEqual({ open: 1 });
    left.letGo();
    expect(await (await open).text()).toBe('v1');
    expect(await router.drain({ ...drained, deadlineMs: 10_000 }, signal)).toEqual({ open: 0 });
  });

  test('follows through several reloads at once while writes go on', async () => {
    for (let round = 0; round < 3; round += 1) {
      await running.meet('reload');
      await apply(round % 2 === 0 ? 100 : 0);
      expect(await answers(5)).toEqual(new Set([round % 2 === 0 ? 'v1' : 'v2']));
    }
  });
});
