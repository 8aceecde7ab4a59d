import { mkdtempSync, rmSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningTap, startTap } from '../../src/tap/tap.ts';

const AT = '2026-11-23T18:43:30.500000+00:00';
const AT_MS = Date.parse('2026-11-23T18:43:30.500Z');
const ANY = { host: '127.0.0.1', port: 0 };

let folder: string;
let tap: RunningTap;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belay-tap-'));
  tap = await start();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await tap.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(): Promise<RunningTap> {
  return startTap({ listen: ANY, control: ANY, stateDir: folder });
}

async function haproxy(): Promise<Socket> {
  const [host = '', port] = tap.listen.split(':');
  const socket = connect(Number(port), host);
  sockets.push(socket);
  socket.on('error', () => undefined);
  await new Promise((resolve) => {
    socket.once('connect', resolve);
  });
  return socket;
}

function frame(text: string): string {
  const line = `<134>1 ${AT} - haproxy 3930 - - ${text}`;
  return `${Buffer.byteLength(line)} ${line}`;
}

interface Counts {
  readonly requests: number;
  readonly faulty: number;
  readonly failed: number;
  readonly latency: { readonly total: number };
  readonly countedUntilMs: number;
}

async function counts(query = 'version=v1&audience=live'): Promise<Counts> {
  const url = `${tap.control}/services/shop/counts?${query}&from=${AT_MS - 1000}&to=${AT_MS + 1000}`;
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return JSON.parse(await answer.text());
}

describe('the tap', () => {
  test('counts what HAProxy logs, by version and audience', async () => {
    const socket = await haproxy();
    socket.write(frame('shop v1 live 200 -- 1000') + frame('shop v1 live 500 -- 2000'));
    socket.write(frame('shop v1 live 503 SC 10') + frame('shop v2 preview 200 -- 10'));
    await expect.poll(async () => (await counts()).requests).toBe(3);
    expect(await counts()).toMatchObject({ faulty: 1, failed: 1, latency: { total: 2 } });
    expect(await counts('version=v2&audience=preview')).toMatchObject({ requests: 1 });
    expect(await counts('version=v2&audience=live')).toMatchObject({ requests: 0 });
  });

  test('counts lines of several connections, as after a reload of HAProxy', async () => {
    const [one, other] = [await haproxy(), await haproxy()];
    one.write(frame('shop v1 live 200 -- 10').slice(0, 30));
    other.write(frame('shop v1 live 200 -- 10'));
    one.write(frame('shop v1 live 200 -- 10').slice(30));
    await expect.poll(async () => (await counts()).requests).toBe(2);
  });

  test('passes over lines that are no requests', async () => {
    const socket = await haproxy();
    socket.write(frame('Server shop.a/s1 is UP') + '5 hello' + frame('shop v1 live 200 -- 10'));
    await expect.poll(async () => (await counts()).requests).toBe(1);
  });

  test('closes a connection that is no stream of lines, and goes on with others', async () => {
    const [stranger, socket] = [await haproxy(), await haproxy()];
    const closed = new Promise((resolve) => {
      stranger.once('close', resolve);
    });
    stranger.write('GET / HTTP/1.1\r\nhost: tap\r\n\r\n');
    await closed;
    socket.write(frame('shop v1 live 200 -- 10'));
    await expect.poll(async () => (await counts()).requests).toBe(1);
  });

  test('knows up to now while HAProxy is connected, and up to the last line when it is not', async () => {
    expect((await counts()).countedUntilMs).toBe(0);
    const socket = await haproxy();
    socket.write(frame('shop v1 live 200 -- 10'));
    await expect.poll(async () => (await counts()).requests).toBe(1);
    expect((await counts()).countedUntilMs).toBeGreaterThan(Date.now() - 60_000);
    socket.destroy();
    await expect.poll(async () => (await counts()).countedUntilMs).toBe(AT_MS);
  });

  test('counts the users of each version by affinity, also over a restart', async () => {
    const socket = await haproxy();
    const users = async (affinity: string): Promise<unknown> => {
      const answer = await fetch(`${tap.control}/services/shop/assignments?affinity=${affinity}`);
      return answer.json();
    };
    const line = (version: string, user: string): string =>
      frame(`shop ${version} live 200 -- 10 ${user}`);
    socket.write(line('v1', 'aaaaaaaa.0000000000000001') + line('v1', 'aaaaaaaa.0000000000000001'));
    socket.write(line('v2', 'aaaaaaaa.0000000000000002') + line('v1', 'bbbbbbbb.0000000000000001'));
    socket.write(line('v1', '-') + frame('shop v1 live 200 -- 10'));
    await expect.poll(async () => (await counts()).requests).toBe(5);
    const expected = [
      { version: 'v1', users: 1 },
      { version: 'v2', users: 1 },
    ];
    expect(await users('aaaaaaaa')).toEqual(expected);
    await tap.close();
    tap = await start();
    expect(await users('aaaaaaaa')).toEqual(expected);
    expect(await users('bbbbbbbb')).toEqual([{ version: 'v1', users: 1 }]);
    expect(await users('cccccccc')).toEqual([]);
  });

  test('keeps its counts over a restart', async () => {
    const socket = await haproxy();
    socket.write(frame('shop v1 live 200 -- 1000') + frame('shop v1 live 500 -- 1000'));
    await expect.poll(async () => (await counts()).requests).toBe(2);
    const before = await counts();
    await tap.close();
    tap = await start();
    expect(await counts()).toEqual({ ...before, countedUntilMs: 0 });
  });

  test('says who is connected', async () => {
    await haproxy();
    const health = async () => JSON.parse(await (await fetch(`${tap.control}/healthz`)).text());
    await expect.poll(health).toEqual({ haproxy: 1, lastSeenMs: 0 });
  });
});

describe('a question that makes no sense is answered with how to ask', () => {
  test.each([
    '/',
    '//',
    '/services/shop/counts',
    '/services/shop/counts?version=v1&audience=all&from=0&to=1',
    '/services/shop/counts?version=v1&audience=live&from=x&to=1',
    '/services/shop/assignments',
    '/services/shop/assignments?affinity=../x',
    '/services/%zz/counts?version=v1&audience=live&from=0&to=1',
    '/services/../counts?version=v1&audience=live&from=0&to=1',
  ])('%s', async (path) => {
    const [host = '', port] = new URL(tap.control).host.split(':');
    const socket = connect(Number(port), host);
    sockets.push(socket);
    // By hand: a client library would tidy the path up.
    socket.write(`GET ${path} HTTP/1.1\r\nhost: tap\r\nconnection: close\r\n\r\n`);
    const answer = await new Response(ReadableStream.from(socket)).text();
    expect(answer).toContain('404 Not Found');
    expect(answer).toContain('GET /services/<service>/counts');
    expect((await counts()).requests).toBe(0);
  });
});
