import { mkdtempSync, rmSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHaproxyRouter } from '../../../src/providers/traffic/haproxy.ts';
import { askHaproxy, listOldProcesses } from '../../../src/providers/traffic/haproxy-cli.ts';
import { closedPort, startHttp, startTcp } from '../../support/local-server.ts';

const { signal } = new AbortController();

let folder: string;
let server: Server | undefined;
let lines: string[];
const sockets = new Set<Socket>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-haproxy-'));
  lines = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => {
    if (server === undefined) resolve(undefined);
    else server.close(resolve);
  });
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** A Runtime API that answers what the test says: what no HAProxy of ours would. */
async function runtimeApi(answer: (line: string, socket: Socket) => void): Promise<string> {
  const path = join(folder, 'api.sock');
  const api = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('error', () => socket.destroy());
    socket.once('data', (data) => {
      const line = data.toString().trim();
      lines.push(line);
      answer(line, socket);
    });
  });
  server = api;
  await new Promise<void>((resolve) => {
    api.listen(path, resolve);
  });
  return path;
}

function routerAt(socket: string, tap = 'http://127.0.0.1:1') {
  const url = 'http://127.0.0.1:1';
  return createHaproxyRouter({ kind: 'haproxy', socket, masterSocket: undefined, url, tap });
}

describe('an answer of HAProxy', () => {
  test('is read to its end, in however many parts it comes', async () => {
    const socket = await runtimeApi((_line, to) => {
      to.write('ok 7 mark release/shop/7/switch\na v1 70 127.');
      setTimeout(() => to.end('0.0.1:80,[::1]:81\nb v2 30 \n\n'), 20);
    });
    expect(await routerAt(socket).read('shop', signal)).toMatchObject({
      service: 'shop',
      generation: 7,
      key: 'release/shop/7/switch',
      routes: [
        {
          version: 'v1',
          weightPercent: 70,
          instances: [
            { host: '127.0.0.1', port: 80 },
            { host: '[::1]', port: 81 },
          ],
        },
        { version: 'v2', weightPercent: 30, instances: [] },
      ],
    });
    expect(lines).toEqual(['belay show shop']);
  });

  test.each([
    ['StaleGeneration generation 1 comes after 2', 'StaleGeneration', 'generation 1 comes after 2'],
    ['Unknown command: belay', 'TrafficRefused', 'is belay.lua loaded?'],
    ['Permission denied', 'TrafficRefused', 'HAProxy answered: Permission denied'],
  ])('of %j is told by its code', async (text, code, message) => {
    const socket = await runtimeApi((_line, to) => to.end(`${text}\n`));
    await expect(routerAt(socket).read('shop', signal)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test.each(['', 'ok 7 mark release/shop/7/switch\na v1 70 127.0'])(
    'that breaks off after %j is none, and a retry may help',
    async (text) => {
      const socket = await runtimeApi((_line, to) => to.end(text));
      await expect(routerAt(socket).read('shop', signal)).rejects.toMatchObject({
        code: 'TrafficUnreachable',
        message: expect.stringContaining('broke off'),
      });
    },
  );

  test('that never ends is given up', async () => {
    const socket = await runtimeApi((_line, to) => {
      const more = (): void => {
        if (!to.destroyed) to.write('x'.repeat(1_000_000), more);
      };
      more();
    });
    await expect(askHaproxy(socket, 'show stat', signal)).rejects.toMatchObject({
      code: 'TrafficUnreachable',
      message: expect.stringContaining('too long'),
    });
  });

  test('that is cut by a reset is unreachable', async () => {
    const reset = await startTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await expect(askHaproxy(`127.0.0.1:${reset.port}`, 'x', signal)).rejects.toMatchObject({
      code: 'TrafficUnreachable',
    });
    await reset.close();
  });
});

test.each([
  ['a socket that is not there', async () => join(folder, 'none.sock')],
  ['a port that nobody listens on', async () => `127.0.0.1:${await closedPort()}`],
])('%s is unreachable', async (_name, at) => {
  const socket = await at();
  await expect(routerAt(socket).read('shop', signal)).rejects.toMatchObject({
    code: 'TrafficUnreachable',
    message: expect.stringContaining(`HAProxy at ${socket}: `),
  });
});

test('a question that is called off throws the reason', async () => {
  const calledOff = new AbortController();
  const socket = await runtimeApi(() => undefined);
  const asked = askHaproxy(socket, 'show stat', calledOff.signal);
  setTimeout(() => calledOff.abort(), 20);
  await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  await expect(askHaproxy(socket, 'x', calledOff.signal)).rejects.toMatchObject({
    name: 'AbortError',
  });
});

test.each(['shop;quit', 'shop\nquit', 'shop quit', '', 'shop\\', 'shop<<', '@1', '"shop"'])(
  'the name %j never reaches HAProxy',
  async (service) => {
    const socket = await runtimeApi((_line, to) => to.end('ok 0\n'));
    await expect(routerAt(socket).read(service, signal)).rejects.toMatchObject({
      code: 'TrafficRefused',
      message: expect.stringContaining('cannot be told'),
    });
    expect(lines).toEqual([]);
  },
);

test('the processes that a reload has left behind are those under their heading', async () => {
  const answer = [
    '#<PID>          <type>          <reloads>       <uptime>        <version>',
    '100             master          2               0d00h01m        2.6.12',
    '# workers',
    '103             worker          0               0d00h00m        2.6.12',
    '# old workers',
    '101             worker          2               0d00h01m        2.6.12',
    '102             worker          1               0d00h01m        2.6.12',
    '# programs',
    '99              worker          0               0d00h01m        2.6.12',
  ].join('\n');
  const socket = await runtimeApi((_line, to) => to.end(`${answer}\n\n`));
  expect(await listOldProcesses(socket, signal)).toEqual(['101', '102']);
  expect(lines).toEqual(['show proc']);
});

describe('the tap', () => {
  const query = { service: 'shop', version: 'v1', audience: 'live', fromMs: 1, toMs: 2 } as const;

  test.each([
    ['that is away', async () => `http://127.0.0.1:${await closedPort()}`, 'ECONNREFUSED'],
    [
      'that refuses',
      async () => {
        const tap = await startHttp((_request, response) => response.writeHead(404).end('no'));
        return tap.url;
      },
      ': no',
    ],
  ])('%s is unreachable', async (_name, at, message) => {
    const tap = await at();
    await expect(routerAt('/none', tap).counts(query, signal)).rejects.toMatchObject({
      code: 'TrafficUnreachable',
      message: expect.stringContaining(message),
    });
  });
});
