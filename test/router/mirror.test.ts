import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmbeddedRouter } from '../../src/providers/traffic/embedded.ts';
import type { Mirror, TrafficRouter } from '../../src/providers/traffic/router.ts';
import { COPIES_MAX } from '../../src/router/mirror.ts';
import { type RunningRouter, startRouter } from '../../src/router/router.ts';
import { type LocalServer, closedPort, startHttp } from '../support/local-server.ts';

const ANY = { host: '127.0.0.1', port: 0 };
const SERVICE = 'shop';
const { signal } = new AbortController();

let folder: string;
let running: RunningRouter;
let router: TrafficRouter;
let live: LocalServer;
let shadow: LocalServer;
let dice: number;
let held: (() => void)[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belay-mirror-'));
  dice = 0;
  held = [];
  const random = (): number => dice;
  running = await startRouter({ listen: ANY, control: ANY, stateDir: folder, random });
  router = createEmbeddedRouter({ kind: 'embedded', control: running.control, url: running.url });
  live = await startHttp((_got, response) => response.end('live'));
  shadow = await startHttp((got, response) => {
    if (got.path === '/held') held.push(() => response.end());
    else if (got.path === '/bad') response.writeHead(500).end('bad');
    else if (got.path === '/cut') response.destroy();
    else response.end('shadow');
  });
});
afterEach(async () => {
  await Promise.all([live.close(), shadow.close()]);
  await running.close();
  rmSync(folder, { recursive: true, force: true });
});

let generation = 0;

async function mirror(to: Partial<Mirror> = {}, port = shadow.port): Promise<void> {
  generation += 1;
  const at = (version: string, weightPercent: number, from: number) => {
    const instances = [{ id: version, host: '127.0.0.1', port: from }];
    return { version, weightPercent, instances };
  };
  await router.apply(
    {
      ...{ service: SERVICE, key: `k${generation}`, generation },
      routes: [at('v1', 100, live.port), at('v2', 0, port)],
      mirror: { version: 'v2', percent: 100, ...to },
    },
    signal,
  );
}

async function ask(path = '/', options: { method?: 'GET' | 'POST' | 'HEAD'; body?: string } = {}) {
  const answer = await request(running.url + path, { method: 'GET', ...options });
  return { status: answer.statusCode, text: await answer.body.text() };
}

async function counts(audience: 'live' | 'mirror', version = 'v2') {
  const query = { service: SERVICE, version, audience, fromMs: 0, toMs: Date.now() + 1000 };
  const { requests, faulty, failed } = await router.counts(query, signal);
  return { requests, faulty, failed };
}

describe('a mirrored request', () => {
  test('is copied whole, marked, and answered by the live version alone', async () => {
    await mirror();
    const answer = await request(`${running.url}/a?b=c`, { headers: { 'x-one': '1' } });
    expect(await answer.body.text()).toBe('live');
    await expect.poll(() => shadow.received.length).toBe(1);
    expect(shadow.received[0]).toMatchObject({
      method: 'GET',
      path: '/a?b=c',
      headers: { 'x-one': '1', 'x-belay-mirror': '1', 'x-forwarded-for': '127.0.0.1' },
    });
    expect(live.received[0]?.headers['x-belay-mirror']).toBeUndefined();
  });

  test('is counted apart, by the answers that nobody saw', async () => {
    await mirror();
    for (const path of ['/', '/bad', '/cut'])
      expect(await ask(path)).toMatchObject({ status: 200 });
    await expect.poll(() => counts('mirror')).toEqual({ requests: 3, faulty: 1, failed: 1 });
    expect(await counts('live')).toEqual({ requests: 0, faulty: 0, failed: 0 });
    expect(await counts('live', 'v1')).toEqual({ requests: 3, faulty: 0, failed: 0 });
  });

  test.each([
    ['a POST', () => ask('/', { method: 'POST', body: 'x' })],
    ['a GET with a body', () => ask('/', { body: 'x' })],
    [
      'a request for a version',
      () => request(running.url, { headers: { 'x-belay-version': 'v1' } }),
    ],
  ])('is never %s', async (_name, send) => {
    await mirror();
    await send();
    await ask('/last', { method: 'HEAD' });
    await expect.poll(() => shadow.received.length).toBe(1);
    expect(shadow.received[0]).toMatchObject({ method: 'HEAD', path: '/last' });
  });

  test('is one of as many as the percent says', async () => {
    await mirror({ percent: 30 });
    dice = 0.3;
    await ask('/not');
    dice = 0.29;
    await ask('/copied');
    await expect.poll(() => shadow.received.map(({ path }) => path)).toEqual(['/copied']);
  });

  test('goes nowhere where its version is not there or does not answer', async () => {
    await mirror({ version: 'v9' });
    expect(await ask()).toMatchObject({ status: 200 });
    await mirror({}, await closedPort());
    expect(await ask()).toMatchObject({ status: 200, text: 'live' });
    await expect.poll(() => counts('mirror')).toEqual({ requests: 1, faulty: 0, failed: 1 });
  });

  test('keeps no user waiting, and is not made while too many are open', async () => {
    await mirror();
    for (let at = 0; at < COPIES_MAX + 20; at += 1) {
      expect(await ask('/held')).toMatchObject({ status: 200, text: 'live' });
    }
    await expect.poll(() => held.length).toBe(COPIES_MAX);
    expect(await router.drain({ service: SERVICE, version: 'v2', deadlineMs: 1 }, signal)).toEqual({
      open: COPIES_MAX,
    });
    for (const answer of held) answer();
    await expect.poll(async () => (await counts('mirror')).requests).toBe(COPIES_MAX);
    await ask('/held');
    await expect.poll(() => held.length).toBe(COPIES_MAX + 1);
    held.at(-1)?.();
  });
});
