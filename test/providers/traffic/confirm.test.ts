import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { confirmServed } from '../../../src/providers/traffic/confirm.ts';
import { type LocalServer, closedPort, startHttp, startTcp } from '../../support/local-server.ts';

const { signal } = new AbortController();
const EXPECTED = '7 new';

let server: LocalServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A data plane that says this; the number counts the questions from 1. */
async function dataPlane(answer: (response: ServerResponse, count: number) => void) {
  let count = 0;
  server = await startHttp((_request, response) => {
    count += 1;
    answer(response, count);
  });
  return server;
}

function says(response: ServerResponse, served: unknown): void {
  response.end(JSON.stringify({ served }));
}

function confirm(url: string, options: { withinMs?: number; until?: AbortSignal } = {}) {
  const { withinMs = 100, until = signal } = options;
  return confirmServed({ url, service: 'shop', expected: EXPECTED }, until, withinMs);
}

describe('a change counts', () => {
  test('when three connections of their own agree', async () => {
    let connections = 0;
    const { url } = await dataPlane((response) => {
      response.req.socket.once('close', () => (connections += 1));
      says(response, EXPECTED);
    });
    await confirm(url);
    await expect.poll(() => connections).toBe(3);
  });

  test('once the data plane has caught up', async () => {
    const { url, received } = await dataPlane((response, count) =>
      says(response, count <= 5 ? '6 old' : EXPECTED),
    );
    await confirm(url, { withinMs: 20_000 });
    expect(received).toHaveLength(8);
  });

  test('although connections fail meanwhile', async () => {
    const { url } = await dataPlane((response, count) => {
      if (count <= 2) response.destroy();
      else says(response, EXPECTED);
    });
    await expect(confirm(url, { withinMs: 20_000 })).resolves.toBeUndefined();
  });

  test('by the address that users reach, path and all', async () => {
    const { url, received } = await dataPlane((response) => says(response, EXPECTED));
    await confirm(`${url}/base/`);
    expect(new Set(received.map(({ path }) => path))).toEqual(
      new Set(['/base/.well-known/belay/shop']),
    );
  });
});

describe('a change does not count', () => {
  test.each<[string, (response: ServerResponse, count: number) => void, string]>([
    ['while the old state is served', (response) => says(response, '6 old'), 'it says 6 old'],
    [
      'while an old process answers every other connection',
      (response, count) => says(response, count % 2 === 0 ? '6 old' : EXPECTED),
      'it says 6 old',
    ],
    [
      'while an old process answers every third connection',
      (response, count) => says(response, count % 3 === 0 ? '6 old' : EXPECTED),
      'it says 6 old',
    ],
    [
      'where the address is not that of the data plane',
      (response) => response.writeHead(404).end('not here'),
      'it says status 404',
    ],
    ['where the answer is of somebody else', (response) => response.end('{}'), 'another answer'],
    ['where the answer is a list', (response) => response.end('[1]'), 'another answer'],
    ['where the answer is not JSON', (response) => response.end('<html>'), 'is not valid JSON'],
    ['where a number stands for the state', (response) => says(response, 7), 'it says 7'],
    ['where the connection is cut', (response) => response.destroy(), 'other side closed'],
  ])('%s', async (_name, answer, last) => {
    const { url } = await dataPlane(answer);
    await expect(confirm(url)).rejects.toMatchObject({
      code: 'TrafficNotConfirmed',
      message: expect.stringContaining(last),
    });
  });

  test('where nobody listens', async () => {
    await expect(confirm(`http://127.0.0.1:${await closedPort()}`)).rejects.toMatchObject({
      code: 'TrafficNotConfirmed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  // Each of these takes the whole second that one question may take.
  test.each<[string, (response: ServerResponse) => void]>([
    ['where no answer comes', () => undefined],
    ['where an answer begins and never ends', (response) => response.write('{"served":')],
  ])('%s', async (_name, answer) => {
    const { url } = await dataPlane(answer);
    await expect(confirm(url)).rejects.toMatchObject({
      code: 'TrafficNotConfirmed',
      message: expect.stringContaining('timeout'),
    });
  });

  test('where the port speaks another protocol', async () => {
    server = await startTcp((socket) => socket.end('+PONG\r\n'));
    await expect(confirm(server.url)).rejects.toMatchObject({ code: 'TrafficNotConfirmed' });
  });
});

test('a confirmation that is called off throws the reason', async () => {
  const calledOff = new AbortController();
  const { url } = await dataPlane((response) => says(response, '6 old'));
  const confirmed = confirm(url, { withinMs: 60_000, until: calledOff.signal });
  setTimeout(() => calledOff.abort(), 50);
  await expect(confirmed).rejects.toMatchObject({ name: 'AbortError' });
});
