import { type Socket, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, SECRETS, pagerDutySigned, slackSigned, startRig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const PATHS = ['/slack', '/pagerduty'];
const signed = (path: string, rawBody: string) =>
  path === '/slack'
    ? slackSigned(rawBody, SECRETS.SLACK_SIGNING)
    : pagerDutySigned(rawBody, SECRETS.PD_WEBHOOK);

async function statusOf(path: string, sent: Parameters<Rig['post']>[1]): Promise<number> {
  const answer = await rig.post(path, sent);
  await answer.text();
  return answer.status;
}

test.each(PATHS)('%s refuses what nobody of ours has signed', async (path) => {
  const { rawBody, headers } = signed(path, 'payload={}');
  const other =
    path === '/slack' ? slackSigned(rawBody, 'other') : pagerDutySigned(rawBody, 'other');
  const swapped =
    path === '/slack'
      ? pagerDutySigned(rawBody, SECRETS.PD_WEBHOOK)
      : slackSigned(rawBody, SECRETS.SLACK_SIGNING);
  for (const sent of [
    { rawBody },
    { rawBody: '' },
    { rawBody: `${rawBody} `, headers },
    other,
    swapped,
  ]) {
    expect(await statusOf(path, sent)).toBe(401);
  }
});

test.each([-301, 301, 86_400])('a click of %i s ago is refused', async (ago) => {
  const atMs = Date.now() - ago * 1000;
  const sent = slackSigned('payload={}', SECRETS.SLACK_SIGNING, atMs);
  expect(await statusOf('/slack', sent)).toBe(401);
});

test.each([
  ['/slack', 'payload=%7Bnot+json', 400],
  ['/slack', '', 400],
  ['/slack', '\u0000\u0001', 400],
  ['/slack', 'payload=[]', 200],
  ['/slack', 'payload={"type":"block_actions","actions":[{}],"user":7}', 200],
  ['/pagerduty', 'not json', 400],
  ['/pagerduty', '', 400],
  ['/pagerduty', 'null', 400],
  ['/pagerduty', '{"event":{"event_type":"pagey.ping"}}', 200],
  ['/pagerduty', `${'['.repeat(100_000)}`, 400],
  ['/pagerduty', '{"__proto__":{"event":1}}', 200],
])('%s that is signed but says %j is answered with %i', async (path, rawBody, status) => {
  expect(await statusOf(path, signed(path, rawBody))).toBe(status);
});

test.each(PATHS)('%s takes no more than 512 KB', async (path) => {
  expect(await statusOf(path, signed(path, 'x'.repeat(512 * 1024)))).toBe(400);
  expect(await statusOf(path, signed(path, 'x'.repeat(512 * 1024 + 1)))).toBe(413);
});

/** Writes what `begin` writes and gives back what the server says until it closes. */
async function raw(begin: (socket: Socket) => void): Promise<string> {
  const { port } = new URL(rig.answers.url);
  const socket = connect(Number(port), '127.0.0.1');
  let said = '';
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => (said += chunk.toString()));
    socket.once('error', () => resolve());
    socket.once('close', () => resolve());
    socket.once('connect', () => begin(socket));
  });
  return said;
}

const HEAD = 'POST /slack HTTP/1.1\r\nhost: x\r\n';

test('a body that does not say its length is cut all the same', async () => {
  const part = 'x'.repeat(64 * 1024);
  const chunk = `${part.length.toString(16)}\r\n${part}\r\n`;
  const said = await raw((socket) => {
    socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
    for (let sent = 0; sent < 9; sent += 1) socket.write(chunk);
  });
  expect(said).toMatch(/^HTTP\/1\.1 413 /);
  expect(said).toMatch(/connection: close/i);
});

test('a sender that goes away in the middle harms nobody', async () => {
  await raw((socket) => {
    socket.write(`${HEAD}content-length: 100\r\n\r\nhalf`);
    setImmediate(() => socket.destroy());
  });
  await expect.poll(() => rig.metrics()).toContain('result="cut"} 1');
});

test.each([
  ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['another path', 'GET /admin HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', / 404 /],
  [
    'a path of Object',
    'POST /constructor HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    / 404 /,
  ],
  ['no path', 'GET //[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', / 404 /],
  ['a star', 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', / 404 /],
  ['headers without end', `${HEAD}a: ${'b'.repeat(20_000)}\r\n\r\n`, / 431 /],
])('%s is refused', async (_, text, status) => {
  expect(await raw((socket) => socket.write(text))).toMatch(status);
});

test.each(PATHS)('%s takes POST alone', async (path) => {
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
    const answer = await fetch(`${rig.answers.url}${path}`, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  }
});

test('after all of that it still answers, and nothing has been said to any incident', async () => {
  expect((await fetch(`${rig.answers.url}/healthz`)).status).toBe(200);
  expect(rig.asked).toEqual([]);
  expect(await statusOf('/slack', await rig.click())).toBe(200);
  expect(rig.asked).toHaveLength(1);
});

test('metrics stand at an address of their own', async () => {
  expect((await fetch(`${rig.answers.url}/metrics`)).status).toBe(404);
  expect((await fetch(`${rig.answers.metricsUrl}/slack`)).status).toBe(404);
  expect(await rig.metrics()).toContain('belay_answers_total');
});
