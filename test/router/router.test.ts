import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Instance } from '../../src/domain/release/instance.ts';
import type { Route } from '../../src/providers/traffic/router.ts';
import { type RunningRouter, startRouter } from '../../src/router/router.ts';
import { type LocalServer, closedPort, startHttp, startTcp } from '../support/local-server.ts';

const ANY = { host: '127.0.0.1', port: 0 };
const SOON = { timeout: 5000 };

let folder: string;
let router: RunningRouter;
const servers: LocalServer[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belay-router-'));
  router = await startRouter({ listen: ANY, control: ANY, stateDir: folder });
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await router.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An instance that answers like this; by default with its name and the body it got. */
async function instance(
  id: string,
  handle: Parameters<typeof startHttp>[0] = (got, response) => response.end(`${id}:${got.body}`),
): Promise<Instance & { readonly server: LocalServer }> {
  const server = await startHttp(handle);
  servers.push(server);
  return { id, host: server.host, port: server.port, server };
}

async function deadInstance(id: string): Promise<Instance> {
  return { id, host: '127.0.0.1', port: await closedPort() };
}

let generation = 0;

function route(version: string, weightPercent: number, ...instances: Instance[]): Route {
  const plain = instances.map(({ id, host, port }) => ({ id, host, port }));
  return { version, weightPercent, instances: plain };
}

async function put(body: unknown, service = 'shop') {
  const answer = await request(`${router.control}/services/${service}/traffic`, {
    method: 'PUT',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const { code }: { code?: string } = JSON.parse(await answer.body.text());
  return { status: answer.statusCode, code };
}

async function serve(routes: readonly Route[], service = 'shop'): Promise<void> {
  generation += 1;
  const key = `release/${service}/${generation}`;
  expect(await put({ service, key, generation, routes }, service)).toMatchObject({ status: 200 });
}

interface Ask {
  readonly path?: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function ask({ path = '/', method = 'GET', headers = {}, body }: Ask = {}) {
  const answer = await request(`${router.url}${path}`, {
    method,
    headers: { ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: await answer.body.text().catch(() => 'cut off'),
  };
}

async function counts(version: string, audience = 'live') {
  const query = `version=${version}&audience=${audience}&from=0&to=${Date.now() + 1000}`;
  const answer = await request(`${router.control}/services/shop/counts?${query}`);
  const all: { requests: number; faulty: number; failed: number } = JSON.parse(
    await answer.body.text(),
  );
  return { requests: all.requests, faulty: all.faulty, failed: all.failed };
}

async function open(version: string): Promise<unknown> {
  const answer = await request(`${router.control}/services/shop/open?version=${version}`);
  return JSON.parse(await answer.body.text());
}

describe('a request', () => {
  test('goes through whole, and so does its answer', async () => {
    const one = await instance('a', (_got, response) => {
      response
        .writeHead(207, { 'x-one': '1', 'set-cookie': ['a=1', 'b=2'] })
        .end('ä'.repeat(50_000));
    });
    await serve([route('v1', 100, one)]);
    const body = 'ö'.repeat(50_000);
    const answer = await ask({
      path: '/a/b?c=d%20e',
      method: 'PUT',
      headers: { 'x-two': '2' },
      body,
    });
    expect(answer).toMatchObject({
      status: 207,
      text: 'ä'.repeat(50_000),
      headers: { 'x-one': '1', 'set-cookie': ['a=1', 'b=2'] },
    });
    expect(one.server.received[0]).toMatchObject({
      method: 'PUT',
      path: '/a/b?c=d%20e',
      body,
      headers: { 'x-two': '2', host: new URL(router.url).host },
    });
  });

  test('says where it comes from, and takes nobody’s word away', async () => {
    const one = await instance('a');
    await serve([route('v1', 100, one)]);
    await ask();
    await ask({ headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(one.server.received.map(({ headers }) => headers['x-forwarded-for'])).toEqual([
      '127.0.0.1',
      '203.0.113.9, 127.0.0.1',
    ]);
  });

  test('loses the headers that are meant for this connection alone', async () => {
    const one = await instance('a', (_got, response) => {
      response.writeHead(200, { 'proxy-authenticate': 'x', 'x-kept': '1' }).end();
    });
    await serve([route('v1', 100, one)]);
    const { headers } = await ask({ headers: { te: 'gzip', 'proxy-authorization': 'secret' } });
    expect(headers['x-kept']).toBe('1');
    expect(headers['proxy-authenticate']).toBeUndefined();
    expect(one.server.received[0]?.headers['proxy-authorization']).toBeUndefined();
    expect(one.server.received[0]?.headers.te).toBeUndefined();
  });

  test('goes to the instances in turn', async () => {
    await serve([route('v1', 100, await instance('a'), await instance('b'))]);
    const texts = [];
    for (let i = 0; i < 4; i += 1) texts.push((await ask()).text);
    expect(texts).toEqual(['a:', 'b:', 'a:', 'b:']);
  });

  test('goes to the service by its host where there are several', async () => {
    await serve([route('v1', 100, await instance('shop'))]);
    await serve([route('v1', 100, await instance('cart'))], 'cart');
    expect((await ask({ headers: { host: 'cart.example.com:80' } })).text).toBe('cart:');
    expect((await ask({ headers: { 'x-belay-service': 'shop' } })).text).toBe('shop:');
    expect(await ask({ headers: { host: 'other.example.com' } })).toMatchObject({ status: 503 });
  });

  test('reaches a version on purpose, and is counted apart', async () => {
    await serve([route('v1', 100, await instance('a')), route('v2', 0, await instance('b'))]);
    expect((await ask({ headers: { 'x-belay-version': 'v2' } })).text).toBe('b:');
    expect(await counts('v2', 'preview')).toMatchObject({ requests: 1 });
    expect(await counts('v2')).toMatchObject({ requests: 0 });
  });

  test.each([
    ['a version that is not there', { 'x-belay-version': 'v9' }, 'shop: no version v9'],
    ['a service that is not there', { 'x-belay-service': 'none' }, 'none: no version has traffic'],
  ])('for %s is answered by the router itself', async (_name, headers, text) => {
    await serve([route('v1', 100, await instance('a'))]);
    const answer = await ask({ headers });
    expect(answer).toMatchObject({ status: 503, headers: { 'x-belay-answered': 'router' } });
    expect(answer.text).toContain(text);
  });

  test('before anything is released is answered as well', async () => {
    expect(await ask()).toMatchObject({ status: 503 });
  });

  test('for another protocol is refused', async () => {
    await serve([route('v1', 100, await instance('a'))]);
    const [host = '', port] = new URL(router.url).host.split(':');
    const socket = connect(Number(port), host);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n');
    const text = await new Response(ReadableStream.from(socket)).text();
    expect(text).toContain('501 Not Implemented');
  });
});

describe('where an instance does not answer', () => {
  test('another one does, also for a request with a body that has not been read', async () => {
    await serve([route('v1', 100, await deadInstance('a'), await instance('b'))]);
    for (let i = 0; i < 4; i += 1) {
      expect(await ask({ method: 'POST', body: 'x' })).toMatchObject({ status: 200, text: 'b:x' });
    }
    expect(await counts('v1')).toEqual({ requests: 4, faulty: 0, failed: 0 });
  });

  test('and there is no other one, it is a failure and not an answer of the version', async () => {
    await serve([route('v1', 100, await deadInstance('a'))]);
    const answer = await ask();
    expect(answer).toMatchObject({ status: 502, headers: { 'x-belay-answered': 'router' } });
    expect(answer.text).toContain('ECONNREFUSED');
    await expect.poll(() => counts('v1')).toEqual({ requests: 1, faulty: 0, failed: 1 });
  });

  test('after it may have begun, only what may be repeated is asked again', async () => {
    let begun = 0;
    const reset = await startTcp((socket) =>
      socket.once('data', () => {
        begun += 1;
        socket.resetAndDestroy();
      }),
    );
    servers.push(reset);
    const dying = { id: 'a', host: reset.host, port: reset.port };
    await serve([route('v1', 100, dying, await instance('b'))]);
    expect(await ask()).toMatchObject({ status: 200, text: 'b:' });
    await ask();
    expect(await ask({ method: 'POST', body: 'pay' })).toMatchObject({ status: 502 });
    expect(begun).toBe(2);
  });

  test('and has left the route meanwhile, one that is in it answers', async () => {
    const other = await instance('b');
    const leaving = await instance('a', (_got, response) => {
      void serve([route('v1', 100, other)]).then(() => response.destroy());
    });
    await serve([route('v1', 100, leaving, await deadInstance('c'))]);
    expect(await ask()).toMatchObject({ status: 200, text: 'b:' });
    expect(leaving.server.received).toHaveLength(1);
  });

  test('to the end, the user sees that it was cut off, and it counts as failed', async () => {
    const cut = await instance('a', (_got, response) => {
      response.setHeader('content-length', 100);
      response.write('half', () => response.destroy());
    });
    await serve([route('v1', 100, cut)]);
    expect(await ask()).toMatchObject({ text: 'cut off' });
    await expect.poll(() => counts('v1')).toEqual({ requests: 1, faulty: 0, failed: 1 });
  });
});

test('bad answers of a version are passed on and counted as its own', async () => {
  const bad = await instance('a', (got, response) => {
    response.writeHead(Number(got.path.slice(1))).end();
  });
  await serve([route('v1', 100, bad)]);
  for (const status of [500, 503, 404, 301]) {
    expect(await ask({ path: `/${status}` })).toMatchObject({ status });
  }
  await expect.poll(() => counts('v1')).toEqual({ requests: 4, faulty: 2, failed: 0 });
});

test('a user who leaves has waited so long at least, and no request stays open for it', async () => {
  const silent = await instance('a', () => undefined);
  await serve([route('v1', 100, silent)]);
  const leaving = new AbortController();
  const asked = request(router.url, { signal: leaving.signal }).catch((error: unknown) => error);
  await expect.poll(() => open('v1'), SOON).toEqual({ open: 1 });
  leaving.abort();
  await asked;
  await expect.poll(() => open('v1'), SOON).toEqual({ open: 0 });
  await expect.poll(() => counts('v1')).toEqual({ requests: 1, faulty: 0, failed: 0 });
});

describe('the control address', () => {
  const change = { service: 'shop', key: 'k', generation: 1, routes: [] };
  const version = { version: 'v1', weightPercent: 100, instances: [] };

  test.each([
    ['what is not JSON', '{', 'TrafficRefused'],
    ['nothing', '', 'TrafficRefused'],
    ['a list', [], 'TrafficRefused'],
    ['another service', { ...change, service: 'cart', routes: [version] }, 'TrafficRefused'],
    ['no routes', change, 'TrafficRefused'],
    ['no generation', { ...change, generation: undefined }, 'TrafficRefused'],
    ['a generation of parts', { ...change, generation: 1.5, routes: [version] }, 'TrafficRefused'],
    ['a generation of zero', { ...change, generation: 0, routes: [version] }, 'TrafficRefused'],
    [
      'a weight of parts',
      { ...change, routes: [{ ...version, weightPercent: 99.5 }] },
      'TrafficRefused',
    ],
    [
      'a version twice',
      { ...change, routes: [version, { ...version, weightPercent: 0 }] },
      'TrafficRefused',
    ],
    [
      'a cookie that would be two headers',
      {
        ...{ ...change, routes: [version] },
        affinity: { cookie: 'a\r\nset-cookie: b', maxAgeS: 1, salt: 'x' },
      },
      'TrafficRefused',
    ],
    [
      'a port that is none',
      { ...change, routes: [{ ...version, instances: [{ id: 'a', host: 'h', port: 0 }] }] },
      'TrafficRefused',
    ],
    ['an unknown key', { ...change, routes: [version], mirrored: true }, 'TrafficRefused'],
    ['more than a mebibyte', `"${'x'.repeat(1024 * 1024)}"`, 'TrafficRefused'],
  ])('refuses %s', async (_name, body, code) => {
    expect(await put(body)).toEqual({ status: 422, code });
    const answer = await request(`${router.control}/services/shop/traffic`);
    expect(JSON.parse(await answer.body.text())).toMatchObject({ generation: 0, routes: [] });
  });

  test.each([
    ['GET', '/services/shop/nothing', 404],
    ['DELETE', '/services/shop/traffic', 404],
    ['GET', '/services/shop/counts?version=v1&audience=all&from=0&to=1', 422],
    ['GET', '/services/shop/open?version=v1&instance=nowhere', 422],
    ['GET', '/services/shop/open?version=v1&instance=127.0.0.1:80', 200],
    ['GET', '/services/shop/assignments', 200],
    ['GET', '/elsewhere', 404],
    ['GET', '/healthz', 200],
  ] as const)('answers %s %s with status %d', async (method, path, status) => {
    const answer = await request(router.control + path, { method });
    await answer.body.dump();
    expect(answer.statusCode).toBe(status);
  });

  test('is no part of what users reach', async () => {
    await serve([route('v1', 100, await instance('a'))]);
    expect((await ask({ path: '/services/shop/traffic' })).text).toBe('a:');
  });
});

describe('what the data plane says of itself', () => {
  test('names the generation and the routes in force', async () => {
    const one = await instance('a');
    await serve([route('v1', 100, one)]);
    const { text } = await ask({ path: '/.well-known/belay/shop' });
    expect(JSON.parse(text)).toEqual({
      served: `${generation} [["v1",100,["127.0.0.1:${one.port}"]]]`,
    });
  });

  test.each(['none', '%zz', ''])(
    'of the service "%s" is that it serves nothing',
    async (service) => {
      const { status, text } = await ask({ path: `/.well-known/belay/${service}` });
      expect(status).toBe(200);
      expect(JSON.parse(text)).toEqual({ served: '0 []' });
    },
  );
});

/** What a raw connection is answered, from its first byte until it closes or falls silent. */
async function raw(text: string): Promise<string> {
  const { hostname: host, port } = new URL(router.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port) });
    let answer = '';
    socket.setEncoding('utf8').setTimeout(500, () => socket.destroy());
    socket.on('data', (part) => (answer += part));
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
    socket.write(text);
  });
}

describe('a request that is odd', () => {
  beforeEach(() => instance('a').then((one) => serve([route('v1', 100, one)])));

  test('goes through where it only waits to be told to go on', async () => {
    const answer = await raw(
      'POST / HTTP/1.1\r\nhost: shop\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\nx',
    );
    expect(answer).toContain('100 Continue');
    expect(answer).toContain('200 OK');
    await expect.poll(() => counts('v1')).toEqual({ requests: 1, faulty: 0, failed: 0 });
  });

  test.each([
    ['OPTIONS * HTTP/1.1\r\nhost: shop\r\n\r\n', '400 Bad Request'],
    ['GET / HTTP/1.1\r\nhost: shop\r\nhost: other\r\n\r\n', '400 Bad Request'],
  ])('is never counted against the version: %j', async (text, status) => {
    const answer = await raw(text);
    expect(answer).toContain(status);
    expect(await counts('v1')).toMatchObject({ faulty: 0, failed: 0 });
  });
});
