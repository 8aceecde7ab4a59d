import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RouterRig, SERVICE, startRouterRig } from '../../support/router-rig.ts';

const UPLOAD_BYTES = 2 * 1024 * 1024;
const SOON = { timeout: 5000 };

/** What users do that no version is to be blamed for, and what they may expect. */
describe.each(['embedded', 'haproxy'] as const)('behind the %s router', (kind) => {
  let rig: RouterRig;
  let fromMs = 0;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    rig = await startRouterRig(kind, ['v1']);
    await rig.apply(rig.routes(100));
  });
  afterAll(() => rig.close());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    // Counts are kept by the second: each test begins with one of its own.
    fromMs = (Math.floor(Date.now() / 1000) + 1) * 1000;
    await expect.poll(() => Date.now() >= fromMs, SOON).toBe(true);
  });

  /** Sends it as it stands; what comes back is in `answer`. */
  async function send(text: string) {
    const { hostname, port } = new URL(rig.url());
    const socket = connect(Number(port), hostname).setEncoding('latin1');
    sockets.push(socket);
    const answer = { text: '' };
    socket.on('data', (part) => (answer.text += part));
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(text);
    return { socket, answer };
  }

  async function counts() {
    const query = { service: SERVICE, version: 'v1', audience: 'live' as const, fromMs };
    const all = await rig.router.counts({ ...query, toMs: Date.now() + 1000 }, rig.signal);
    const { requests, faulty, failed, givenUp } = all;
    return { requests, faulty, failed, givenUp };
  }

  /** Whatever was logged before it has been counted as well. */
  async function countedAfterOneMore() {
    await (await fetch(rig.url())).text();
    await expect.poll(async () => (await counts()).requests, SOON).toBeGreaterThan(0);
    return counts();
  }

  test('an upload of 2 MB that waits to be told to go on arrives whole', async () => {
    const { socket, answer } = await send(
      `POST /upload HTTP/1.1\r\nhost: ${SERVICE}\r\nexpect: 100-continue\r\n` +
        `content-length: ${UPLOAD_BYTES}\r\n\r\n`,
    );
    await expect.poll(() => answer.text, SOON).toContain('100 Continue');
    socket.write(Buffer.alloc(UPLOAD_BYTES, 'x'));
    await expect.poll(() => answer.text, SOON).toContain(`v1 got ${UPLOAD_BYTES}`);
    await expect.poll(counts, SOON).toEqual({ requests: 1, faulty: 0, failed: 0, givenUp: 0 });
  });

  test('a user who leaves while the version is slow is seen at once, and holds up no drain', async () => {
    const { socket } = await send(`GET /slow HTTP/1.1\r\nhost: ${SERVICE}\r\n\r\n`);
    await expect.poll(() => rig.servers[0]?.holding()).toBe(1);
    socket.destroy();
    await expect.poll(counts, SOON).toEqual({ requests: 1, faulty: 0, failed: 0, givenUp: 1 });
    rig.servers[0]?.letGo();
  });

  test('a user who leaves in the middle of an upload says nothing of the version', async () => {
    const { socket } = await send(
      `POST /upload HTTP/1.1\r\nhost: ${SERVICE}\r\ncontent-length: ${UPLOAD_BYTES}\r\n\r\nhalf`,
    );
    await expect.poll(() => rig.servers[0]?.uploading(), SOON).toBe(1);
    socket.destroy();
    await expect.poll(() => rig.servers[0]?.uploading(), SOON).toBe(0);
    expect(await countedAfterOneMore()).toMatchObject({ requests: 1, failed: 0, givenUp: 0 });
  });

  test('a request that names two hosts is refused, and counts for no version', async () => {
    const { answer } = await send(`GET / HTTP/1.1\r\nhost: ${SERVICE}\r\nhost: other\r\n\r\n`);
    await expect.poll(() => answer.text, SOON).toContain('400 Bad');
    expect(await countedAfterOneMore()).toMatchObject({ requests: 1, failed: 0 });
  });
});
