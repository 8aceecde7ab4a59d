import { expect, test } from 'vitest';
import { probeTcp } from '../../../src/providers/health/tcp.ts';
import { closedPort, startTcp } from '../../support/local-server.ts';
import { checkOf } from './checks.ts';

const { signal } = new AbortController();

function probe(fields: Readonly<Record<string, unknown>>, host: string, port: number) {
  const check = checkOf('tcp', fields);
  const instance = { id: 'v1/0', host, port };
  return probeTcp({ check, service: 'shop', version: 'v1', instance }, signal);
}

test('a port that accepts a connection is healthy, also when it says nothing', async () => {
  const server = await startTcp(() => undefined);
  expect(await probe({}, server.host, server.port)).toMatchObject({ kind: 'healthy' });
  await server.close();
});

test('a port of its own wins over that of the instance', async () => {
  const server = await startTcp(() => undefined);
  const result = await probe({ port: server.port }, server.host, await closedPort());
  expect(result).toMatchObject({ kind: 'healthy' });
  await server.close();
});

test('a port that nobody listens on is unhealthy and named', async () => {
  const port = await closedPort();
  const result = await probe({}, '127.0.0.1', port);
  expect(result).toMatchObject({ kind: 'unhealthy' });
  expect(JSON.stringify(result)).toContain(`tcp 127.0.0.1:${port}: connect ECONNREFUSED`);
});

test('a host that does not answer is unhealthy when its time is over', async () => {
  // 192.0.2.0/24 is for documents (RFC 5737): either nobody answers or there is no way there.
  const result = await probe({ timeout: '100ms' }, '192.0.2.1', 81);
  expect(JSON.stringify(result)).toMatch(/no connection within 100 ms|UNREACH|ECONNREFUSED|EACCES/);
  expect(result.kind).toBe('unhealthy');
});

test('a host that does not exist is unhealthy', async () => {
  const result = await probe({}, 'no-such-host.invalid', 80);
  expect(result.kind).toBe('unhealthy');
  expect(JSON.stringify(result)).toContain('tcp no-such-host.invalid:80: ');
});

test('a probe that is called off throws', async () => {
  const check = checkOf('tcp', {});
  const instance = { id: 'v1/0', host: '127.0.0.1', port: await closedPort() };
  const request = { check, service: 'shop', version: 'v1', instance };
  await expect(probeTcp(request, AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
});
