import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeHook } from '../../../src/providers/health/hook.ts';
import { type LocalServer, closedPort, startHttp } from '../../support/local-server.ts';
import { checkOf } from './checks.ts';

const { signal } = new AbortController();
let server: LocalServer;

beforeAll(async () => {
  server = await startHttp(({ path }, response) => {
    if (path === '/silent') return;
    if (path === '/endless') {
      const more = (): void => {
        if (!response.destroyed) response.write('no '.repeat(10_000), more);
      };
      response.writeHead(500);
      return more();
    }
    if (path === '/redirect') response.setHeader('location', `${server.url}/200`);
    response.statusCode = path === '/redirect' ? 307 : Number(path.slice(1));
    response.end('because of the tests');
  });
});
afterAll(() => server.close());

function probe(url: string, until = signal) {
  const check = checkOf('hook', { url, timeout: url.endsWith('/silent') ? '100ms' : '2s' });
  const instance = { id: 'v1/0', host: '127.0.0.1', port: 4321 };
  return probeHook({ check, service: 'shop', version: 'v1', instance }, until);
}

test.each([200, 201, 204])('status %d is healthy', async (status) => {
  expect(await probe(`${server.url}/${status}`)).toMatchObject({ kind: 'healthy' });
});

test('it is told which instance is asked for', async () => {
  await probe(`${server.url}/200`);
  const { method, headers, body } = server.received.at(-1) ?? {};
  expect({ method, type: headers?.['content-type'] }).toEqual({
    method: 'POST',
    type: 'application/json',
  });
  expect(JSON.parse(body ?? '')).toEqual({
    service: 'shop',
    version: 'v1',
    instance: { id: 'v1/0', host: '127.0.0.1', port: 4321 },
  });
});

test.each([
  ['/400', 'status 400 (because of the tests)'],
  ['/500', 'status 500 (because of the tests)'],
  ['/redirect', 'status 307'],
  ['/silent', 'no answer within 100 ms'],
  ['/endless', 'status 500 (no no no'],
])('%s is unhealthy and says why', async (path, why) => {
  const result = await probe(server.url + path);
  expect(result).toMatchObject({ kind: 'unhealthy' });
  expect(JSON.stringify(result)).toContain(`hook ${server.url}${path}: ${why}`);
  expect(JSON.stringify(result).length).toBeLessThan(500);
});

test('a hook that nobody answers is unhealthy', async () => {
  const result = await probe(`http://127.0.0.1:${await closedPort()}/`);
  expect(result).toMatchObject({ why: expect.stringContaining('ECONNREFUSED') });
});

test('a probe that is called off throws', async () => {
  await expect(probe(`${server.url}/200`, AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
});
