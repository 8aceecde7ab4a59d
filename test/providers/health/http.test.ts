import { type Socket, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeHttp } from '../../../src/providers/health/http.ts';
import { type LocalServer, closedPort, startHttp, startTcp } from '../../support/local-server.ts';
import { checkOf } from './checks.ts';

const { signal } = new AbortController();
let server: LocalServer;

beforeAll(async () => {
  server = await startHttp(({ path }, response) => {
    const { pathname, searchParams } = new URL(path, 'http://x');
    response.statusCode = Number(searchParams.get('status') ?? 200);
    response.setHeader('x-build', '42');
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    switch (pathname) {
      case '/json':
        return response.end(
          '{"status":"ok","checks":[{"up":true,"lag":0}],"none":null,"__proto__":{"evil":1}}',
        );
      case '/redirect':
        return response.writeHead(302, { location: '/elsewhere' }).end();
      case '/silent':
        return;
      case '/slow-body':
        return response.write('begins and never ends');
      case '/endless': {
        const more = (): void => {
          if (!response.destroyed) response.write('x'.repeat(16_384), more);
        };
        return more();
      }
      case '/large':
        return response.end(`${' '.repeat(70_000)}{"status":"ok"}needle`);
      case '/cut':
        response.setHeader('content-length', 1000);
        response.write('x');
        return setTimeout(() => response.destroy(), 20);
      default:
        return response.end('all is well');
    }
  });
});
afterAll(() => server.close());

function probe(fields: Readonly<Record<string, unknown>>, until = signal, port = server.port) {
  const check = checkOf('http', fields);
  const instance = { id: 'v1/0', host: '127.0.0.1', port };
  return probeHttp({ check, service: 'shop', version: 'v1', instance }, until);
}

async function whyNot(fields: Readonly<Record<string, unknown>>, port?: number): Promise<string> {
  const result = await probe(fields, signal, port);
  if (result.kind === 'healthy') throw new Error(`${JSON.stringify(fields)} is healthy`);
  return result.why;
}

describe('an instance is healthy', () => {
  test.each([
    ['with any status of the default class', { path: '/?status=204' }],
    ['with the one status that is expected', { path: '/?status=418', status_code: 418 }],
    ['with one of several', { path: '/?status=301', status_code: [200, '3xx', 404] }],
    ['with a class', { path: '/?status=503', status_code: '5xx' }],
    [
      'with the required headers, whatever their case',
      { path: '/', required_headers: { 'X-Build': '42' } },
    ],
    ['with any value of a required header', { path: '/', required_headers: { 'x-build': '*' } }],
    [
      'with one value of a header that comes twice',
      { path: '/', required_headers: { 'Set-Cookie': 'b=2' } },
    ],
    ['with the text in its body', { path: '/', body_contains: 'is well' }],
    ['with a text of JSON', { path: '/json', json: { path: 'status', equals: 'ok' } }],
    [
      'with a truth in a list of JSON',
      { path: '/json', json: { path: 'checks.0.up', equals: true } },
    ],
    ['with a zero of JSON', { path: '/json', json: { path: 'checks.0.lag', equals: 0 } }],
    ['with a null of JSON', { path: '/json', json: { path: 'none', equals: null } }],
    ['within its time', { path: '/', max_response_time: '2s' }],
    ['with a body that never ends, once enough of it has come', { path: '/endless' }],
    ['by its redirect, where that is what is expected', { path: '/redirect', status_code: 302 }],
  ])('%s', async (_name, fields) => {
    expect(await probe(fields)).toEqual({ kind: 'healthy', tookMs: expect.any(Number) });
  });
});

describe('an instance is unhealthy and says what was expected and what came', () => {
  test.each([
    ['another status', { path: '/?status=500' }, 'status 500, expected 2xx'],
    [
      'none of several',
      { path: '/?status=404', status_code: [200, '3xx'] },
      'status 404, expected 200 or 3xx',
    ],
    ['a redirect, which is not followed', { path: '/redirect' }, 'status 302, expected 2xx'],
    ['a missing header', { path: '/', required_headers: { 'x-ready': '*' } }, 'no header x-ready'],
    [
      'another header',
      { path: '/', required_headers: { 'x-build': '41' } },
      'header x-build is "42", expected "41"',
    ],
    ['another body', { path: '/', body_contains: 'ready' }, 'the body does not contain "ready"'],
    [
      'a body without JSON',
      { path: '/', json: { path: 'a', equals: 1 } },
      'a: the body is not JSON',
    ],
    [
      'JSON without the key',
      { path: '/json', json: { path: 'checks.1.up', equals: 1 } },
      'checks.1.up: there is no "1"',
    ],
    [
      'JSON with a key of every object',
      { path: '/json', json: { path: 'constructor', equals: 1 } },
      'there is no "constructor"',
    ],
    [
      'JSON with another value',
      { path: '/json', json: { path: 'status', equals: 'up' } },
      'status is "ok", expected "up"',
    ],
    [
      'JSON with another type',
      { path: '/json', json: { path: 'checks.0.lag', equals: '0' } },
      'checks.0.lag is 0, expected "0"',
    ],
    [
      'JSON that is too long',
      { path: '/large', json: { path: 'status', equals: 'ok' } },
      'the body is longer than 64 KiB',
    ],
    [
      'a text that comes too late in the body',
      { path: '/large', body_contains: 'needle' },
      'the first 64 KiB of the body does not contain',
    ],
    ['no answer in time', { path: '/silent', timeout: '100ms' }, 'no answer within 100 ms'],
    ['half an answer in time', { path: '/slow-body', timeout: '100ms' }, 'no answer within 100 ms'],
    ['an answer that is cut off', { path: '/cut' }, ''],
  ])('%s', async (_name, fields, why) => {
    const told = await whyNot(fields);
    expect(told).toContain(`GET http://127.0.0.1:${server.port}${fields.path}: `);
    expect(told).toContain(why);
  });

  test('everything that is wrong at once', async () => {
    const why = await whyNot({
      path: '/?status=500',
      required_headers: { 'x-ready': '*' },
      body_contains: 'ready',
      max_response_time: '1ms',
      json: { path: 'a', equals: 1 },
    });
    for (const part of ['status 500', 'no header x-ready', 'does not contain', 'not JSON']) {
      expect(why).toContain(part);
    }
  });

  test('a port that nobody listens on', async () => {
    const port = await closedPort();
    expect(await whyNot({ path: '/' }, port)).toContain('ECONNREFUSED');
  });

  test('a connection that is reset', async () => {
    const reset = await startTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await whyNot({ path: '/' }, reset.port)).toMatch(/ECONNRESET|other side closed/);
    await reset.close();
  });

  test('an answer that is not HTTP', async () => {
    const other = await startTcp((socket) => socket.once('data', () => socket.end('+PONG\r\n')));
    expect(await whyNot({ path: '/' }, other.port)).toContain('GET http://127.0.0.1:');
    await other.close();
  });
});

test('an answer after its time is unhealthy although it came', async () => {
  const late = await startHttp((_request, response) => {
    setTimeout(() => response.end('ok'), 60);
  });
  const why = await whyNot({ path: '/', max_response_time: '50ms' }, late.port);
  expect(why).toMatch(/took \d+ ms, at most 50 ms/);
  await late.close();
});

test('the request carries the method and the headers of the check', async () => {
  await probe({ path: '/as-told', method: 'PUT', headers: { 'x-token': 'abc' } });
  expect(server.received.at(-1)).toMatchObject({
    method: 'PUT',
    path: '/as-told',
    headers: { 'x-token': 'abc' },
  });
});

test('an address of its own is asked in the place of the instance, with the version in it', async () => {
  const check = { url: `${server.url}/v/{version}/up` };
  expect(await probe(check, signal, 1)).toMatchObject({ kind: 'healthy' });
  expect(server.received.at(-1)).toMatchObject({ path: '/v/v1/up' });
});

test('a probe that is called off throws, and is no verdict on the instance', async () => {
  const calledOff = new AbortController();
  const result = probe({ path: '/silent' }, calledOff.signal);
  setTimeout(() => calledOff.abort(), 20);
  await expect(result).rejects.toMatchObject({ name: 'AbortError' });
});

test('an instance that comes back at its port is healthy at once', async () => {
  const port = await closedPort();
  for (let time = 0; time < 2; time += 1) {
    const sockets = new Set<Socket>();
    const instance = createServer((socket) => {
      sockets.add(socket);
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
      socket.once('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => {
      instance.listen(port, '127.0.0.1', resolve);
    });
    expect(await probe({ path: '/' }, signal, port)).toMatchObject({ kind: 'healthy' });
    // It dies with the connection open that the next probe would like to use again.
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      instance.close(resolve);
    });
  }
});
