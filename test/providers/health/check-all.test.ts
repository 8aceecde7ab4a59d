import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Instance } from '../../../src/domain/release/instance.ts';
import { checkOnce } from '../../../src/providers/health/check-all.ts';
import type { HealthProbe } from '../../../src/providers/health/probe.ts';
import { createProbes } from '../../../src/providers/health/registry.ts';
import { type LocalServer, closedPort, startHttp } from '../../support/local-server.ts';
import { checkOf } from './checks.ts';

const { signal } = new AbortController();
const probe = createProbes({ inherited: { PATH: process.env.PATH ?? '' } });

let server: LocalServer;
let waiting = 0;
let mostAtOnce = 0;
/** Answers only when as many requests as this are open. */
let together = 1;
let failures = 0;
const held: (() => void)[] = [];

beforeAll(async () => {
  server = await startHttp(({ path }, response) => {
    if (path === '/fails-at-first' && failures > 0) {
      failures -= 1;
      return response.writeHead(503).end();
    }
    if (path === '/bad') return response.writeHead(500).end();
    if (path === '/silent') return;
    if (path !== '/together') return response.end();
    waiting += 1;
    mostAtOnce = Math.max(mostAtOnce, waiting);
    held.push(() => {
      waiting -= 1;
      response.end();
    });
    if (held.length >= together) for (const letGo of held.splice(0)) letGo();
  });
});
afterAll(() => server.close());

function instances(count: number): readonly Instance[] {
  return Array.from({ length: count }, (_, place) => {
    return { id: `v1/${place}`, host: server.host, port: server.port };
  });
}

function round(
  checks: readonly ReturnType<typeof checkOf>[],
  on: readonly Instance[] = instances(1),
  until = signal,
  by: HealthProbe = probe,
) {
  return checkOnce({ service: 'shop', version: 'v1', instances: on, checks }, until, by);
}

describe('a round', () => {
  test('is healthy when every check of every instance is', async () => {
    const checks = [
      checkOf('http', { path: '/up' }),
      checkOf('tcp', {}),
      checkOf('command', { command: ['true'] }),
      checkOf('hook', { url: `${server.url}/hook` }),
    ];
    expect(await round(checks, instances(3))).toEqual({ kind: 'healthy', checks: 12 });
  });

  test('asks many at once, and no more than twenty', async () => {
    together = 20;
    mostAtOnce = 0;
    const check = checkOf('http', { path: '/together', timeout: '20s' });
    expect(await round([check], instances(40))).toMatchObject({ kind: 'healthy' });
    expect(mostAtOnce).toBe(20);
  });

  test('asks an address of the whole version once', async () => {
    const before = server.received.length;
    const check = checkOf('http', { url: `${server.url}/version` });
    expect(await round([check], instances(5))).toEqual({ kind: 'healthy', checks: 1 });
    expect(server.received.slice(before)).toHaveLength(1);
  });

  test.each([
    ['instances', [], [checkOf('tcp', {})]],
    ['checks', [{ id: 'v1/0', host: '127.0.0.1', port: 1 }], []],
  ] as const)('without %s has proved nothing', async (what, on, checks) => {
    const result = await round(checks, on);
    expect(result).toEqual({ kind: 'unhealthy', failures: 1, report: `v1 has no ${what}` });
  });
});

describe('a check with retries', () => {
  test('is healthy when a later attempt is', async () => {
    failures = 2;
    const check = checkOf('http', { path: '/fails-at-first', retries: 2 });
    expect(await round([check])).toEqual({ kind: 'healthy', checks: 1 });
  });

  test('is made as often as it says and no more', async () => {
    const before = server.received.length;
    const check = checkOf('http', { path: '/bad', retries: 2 });
    expect(await round([check])).toMatchObject({ kind: 'unhealthy', failures: 1 });
    expect(server.received.slice(before)).toHaveLength(3);
  });

  test('tells what its last attempt found', async () => {
    let attempts = 0;
    const failing: HealthProbe = async () => {
      attempts += 1;
      return { kind: 'unhealthy', tookMs: 1, why: `attempt ${attempts}` };
    };
    const result = await round([checkOf('tcp', { retries: 1 })], undefined, undefined, failing);
    expect(result).toMatchObject({ report: '1 of 1 checks failed: v1/0: attempt 2' });
  });
});

describe('the report', () => {
  test('joins every failure with its instance and the name of its check', async () => {
    const dead = { id: 'v1/9', host: '127.0.0.1', port: await closedPort() };
    const checks = [
      checkOf('http', { path: '/bad', name: 'deep' }),
      checkOf('http', { path: '/up' }),
    ];
    const result = await round(checks, [...instances(2), dead]);
    expect(result).toMatchObject({ kind: 'unhealthy', failures: 4 });
    const { report } = { report: '', ...result };
    expect(report.startsWith('4 of 6 checks failed: v1/0: deep: GET ')).toBe(true);
    expect(report).toContain('; v1/1: deep: GET ');
    expect(report.match(/v1\/9: (deep: )?GET [^;]*ECONNREFUSED/g)).toHaveLength(2);
  });

  test('of very many failures stays short and says how many more there are', async () => {
    const long = checkOf('http', { path: `/${'x'.repeat(300)}`, status_code: 404 });
    const result = await round([long], instances(60));
    expect(result).toMatchObject({
      failures: 60,
      report: expect.stringMatching(/; and \d+ more$/),
    });
    expect(JSON.stringify(result).length).toBeLessThan(2200);
  });
});

describe('the deadline of the whole round', () => {
  test('ends it with what is known by then, instead of a failure of its own', async () => {
    const checks = [
      checkOf('http', { path: '/silent', timeout: '60s', name: 'hangs' }),
      checkOf('http', { path: '/bad', retries: 20, name: 'fails' }),
      checkOf('http', { path: '/up' }),
    ];
    const over = new AbortController();
    const before = server.received.length;
    const pending = round(checks, instances(1), over.signal);
    const asked = () => server.received.slice(before).filter(({ path }) => path === '/bad').length;
    await expect.poll(asked).toBeGreaterThan(1);
    over.abort(new DOMException('it is over', 'TimeoutError'));
    const result = await pending;
    expect(result).toMatchObject({ kind: 'unhealthy', failures: 2 });
    const { report } = { report: '', ...result };
    expect(report).toContain('v1/0: hangs: no answer before the deadline');
    expect(report).toContain('status 500, expected 2xx');
  });

  test('counts what had no turn as failed', async () => {
    const check = checkOf('http', { path: '/silent', timeout: '60s' });
    const result = await round([check], instances(50), AbortSignal.timeout(100));
    expect(result).toMatchObject({ kind: 'unhealthy', failures: 50 });
  });

  test('is not mistaken for a round that is called off, which throws', async () => {
    const calledOff = new AbortController();
    const check = checkOf('http', { path: '/silent', timeout: '60s' });
    const result = round([check], instances(1), calledOff.signal);
    setTimeout(() => calledOff.abort(), 20);
    await expect(result).rejects.toMatchObject({ name: 'AbortError' });
  });
});
