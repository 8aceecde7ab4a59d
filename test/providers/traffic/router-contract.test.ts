import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route, TrafficRouter } from '../../../src/providers/traffic/router.ts';
import { undoOf } from '../../../src/providers/traffic/switch-handle.ts';
import { ROUTERS, type RouterRig, SERVICE, startRouterRig } from '../../support/router-rig.ts';
import type { VersionServer } from '../../support/version-server.ts';

const signal = new AbortController().signal;

describe.each(ROUTERS)('the %s router', (kind) => {
  let rig: RouterRig;
  let router: TrafficRouter;
  let v1: VersionServer | undefined;

  beforeAll(async () => {
    rig = await startRouterRig(kind, ['v1', 'v2']);
    [v1] = rig.servers;
    ({ router } = rig);
  });

  afterAll(() => rig.close());

  const routes = (first: number, second: number): Route[] => rig.routes(first, second);
  const apply = (to: Route[], generation?: number) =>
    rig.apply(to, generation === undefined ? {} : { generation });

  function weights(all: readonly Route[]): Record<string, number> {
    return Object.fromEntries(all.map((route) => [route.version, route.weightPercent]));
  }

  test('has no routes and generation 0 before anything is written', async () => {
    expect(await router.read(SERVICE, signal)).toMatchObject({ generation: 0, routes: [] });
  });

  test('answers with what it serves, and reads it back', async () => {
    const state = await apply(routes(70, 30));
    expect(weights(state.routes)).toEqual({ v1: 70, v2: 30 });
    const read = await router.read(SERVICE, signal);
    expect(weights(read.routes)).toEqual({ v1: 70, v2: 30 });
    expect(read).toMatchObject({
      generation: rig.generation(),
      key: `release/checkout/${rig.generation()}`,
    });
  });

  test('gives a handle that undoes the switch, steering included', async () => {
    const affinity = { cookie: 'user', maxAgeS: 60, salt: 'undo' };
    const before = await rig.apply(routes(80, 20), { affinity });
    const generation = rig.generation() + 1;
    const change = { service: SERVICE, key: 'switch', generation, routes: routes(0, 100) };
    const handle = {
      before: await router.read(SERVICE, signal),
      after: await router.apply(change, signal),
    };
    expect(weights(handle.after.routes)).toEqual({ v1: 0, v2: 100 });

    const undo = undoOf(handle, { key: 'undo', generation: generation + 1 });
    if (undo === undefined) throw new Error('there was something before');
    const back = await router.apply(undo, signal);
    const { routes: were, affinity: was } = before;
    expect(back).toMatchObject({ key: 'undo', routes: were, affinity: was });
    // Once more, and after anybody else, it is refused.
    const late = { ...undo, key: 'late', generation: generation + 2 };
    await expect(router.apply(late, signal)).rejects.toMatchObject({ code: 'TrafficTakenBack' });
    expect(await router.read(SERVICE, signal)).toMatchObject({ key: 'undo', routes: were });
  });

  test('takes the same change twice and logs it once', async () => {
    await apply(routes(50, 50));
    await apply(routes(50, 50), rig.generation());
    const effects = await router.effects(SERVICE, signal);
    const keys = effects.map(({ key }) => key);
    expect(keys.filter((key) => key === `release/checkout/${rig.generation()}`)).toHaveLength(1);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('refuses a late write of a lower generation and stays as it is', async () => {
    await apply(routes(0, 100));
    await expect(apply(routes(100, 0), rig.generation() - 1)).rejects.toMatchObject({
      code: 'StaleGeneration',
    });
    expect(weights((await router.read(SERVICE, signal)).routes)).toEqual({ v1: 0, v2: 100 });
  });

  test('refuses another value under a generation that is taken', async () => {
    await expect(apply(routes(100, 0), rig.generation())).rejects.toMatchObject({
      code: 'GenerationConflict',
    });
  });

  test.each([
    ['that do not add up to 100', 50, 40],
    ['with parts of percents', 50.5, 49.5],
    ['below zero', -1, 101],
  ])('refuses weights %s', async (_name, first, second) => {
    await expect(apply(routes(first, second))).rejects.toMatchObject({ code: 'TrafficRefused' });
  });

  test('refuses traffic to a version that accepts no connections, and changes nothing', async () => {
    const before = await router.read(SERVICE, signal);
    const dead = { id: 'v9/0', host: '127.0.0.1', port: 1 };
    const to = [{ version: 'v9', weightPercent: 100, instances: [dead] }];
    await expect(apply(to)).rejects.toMatchObject({ code: 'TargetNotReady' });
    expect(await router.read(SERVICE, signal)).toEqual(before);
  });

  test('tells that nothing is open at a version without requests', async () => {
    await apply(routes(100, 0));
    const drained = await router.drain(
      { service: SERVICE, version: 'v2', deadlineMs: 1000 },
      signal,
    );
    expect(drained).toEqual({ open: 0 });
  });

  // The memory router has no sockets that a request could reach.
  if (kind === 'memory') return;

  describe('with its data plane', () => {
    const url = (path = '/'): string => rig.url(path);

    test('splits requests by weight and never sends one to weight 0', async () => {
      await apply(routes(80, 20));
      const seen: Record<string, number> = { v1: 0, v2: 0 };
      for (let i = 0; i < 400; i += 1) {
        const version = await (await fetch(url())).text();
        seen[version] = (seen[version] ?? 0) + 1;
      }
      // Six standard deviations of 400 throws at 20 % are 48.
      expect(seen.v2).toBeGreaterThan(80 - 48);
      expect(seen.v2).toBeLessThan(80 + 48);
      await apply(routes(100, 0));
      for (let i = 0; i < 50; i += 1) expect(await (await fetch(url())).text()).toBe('v1');
    });

    test('reaches a version on purpose, whatever its weight', async () => {
      await apply(routes(100, 0));
      const preview = router.preview(SERVICE, 'v2');
      const answer = await fetch(`${preview.url}/`, { headers: preview.headers });
      expect(await answer.text()).toBe('v2');
    });

    test('finishes an open request where it began, and drains by it', async () => {
      await apply(routes(100, 0));
      const open = fetch(url('/slow'));
      await expect.poll(() => v1?.holding()).toBe(1);
      await apply(routes(0, 100));
      const request = { service: SERVICE, version: 'v1' };
      expect(await router.drain({ ...request, deadlineMs: 300 }, signal)).toEqual({ open: 1 });
      v1?.letGo();
      expect(await (await open).text()).toBe('v1');
      expect(await router.drain({ ...request, deadlineMs: 5000 }, signal)).toEqual({ open: 0 });
    });

    test('counts requests, faults and latencies by version', async () => {
      await apply(routes(0, 100));
      const fromMs = Date.now() + 1000;
      await expect.poll(() => Date.now() > fromMs, { timeout: 3000 }).toBe(true);
      for (let i = 0; i < 10; i += 1) await (await fetch(url(i < 3 ? '/bad' : '/'))).text();
      const query = { service: SERVICE, version: 'v2', audience: 'live' as const, fromMs };
      const counts = () => router.counts({ ...query, toMs: Date.now() + 1000 }, signal);
      await expect.poll(async () => (await counts()).requests).toBe(10);
      const { faulty, failed, latency } = await counts();
      expect({ faulty, failed, total: latency.total }).toEqual({ faulty: 3, failed: 0, total: 10 });
    });
  });
});
