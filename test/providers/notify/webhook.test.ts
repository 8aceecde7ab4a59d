import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Notification } from '../../../src/domain/release/notification.ts';
import { createWebhookChannel } from '../../../src/providers/notify/webhook.ts';
import { type LocalServer, closedPort, startHttp, startTcp } from '../../support/local-server.ts';

const { signal } = new AbortController();

const NOTIFICATION: Notification = {
  dedupKey: 'release/shop/7/ended',
  severity: 'critical',
  title: 'shop v2 was rolled back',
  text: 'error rate is 9 % – “limit” 5 %\nsecond line',
  service: 'shop',
  version: 'v2',
  workflowId: 'release/shop/7',
  outcome: 'rolled_back',
  durationMs: 61_000,
  atMs: 1_700_000_000_000,
};

let server: LocalServer;
/** What the server answers next. */
let answer: { status: number; headers?: Readonly<Record<string, string>>; hangs?: 'all' | 'body' };

beforeAll(async () => {
  server = await startHttp((_request, response) => {
    if (answer.hangs === 'all') return;
    response.writeHead(answer.status, answer.headers);
    if (answer.hangs === 'body') return response.write('begins');
    response.end(answer.status === 204 ? undefined : 'thank you');
  });
});
afterAll(() => server.close());

function send(
  options: {
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly secrets?: Readonly<Record<string, string>>;
    readonly withinMs?: number;
    readonly until?: AbortSignal;
  } = {},
) {
  const { url = `${server.url}/hooks/T0K3N`, headers = {}, secrets = {}, until = signal } = options;
  const spec = { kind: 'webhook' as const, url, on: [], headersFromEnv: headers };
  const channel = createWebhookChannel(spec, (name) => secrets[name], options.withinMs);
  return channel.send(NOTIFICATION, until);
}

async function failureOf(options: Parameters<typeof send>[0] = {}): Promise<object> {
  const failure: unknown = await send(options).then(
    () => new Error('it was taken'),
    (error: unknown) => error,
  );
  if (typeof failure !== 'object' || failure === null) throw new Error('it failed with nothing');
  return failure;
}

describe('what is sent', () => {
  test('is the notification as JSON, with its key for the receiver to drop a repeat by', async () => {
    answer = { status: 200 };
    await send();
    await send();
    const [first, second] = server.received.slice(-2);
    expect(first).toMatchObject({
      method: 'POST',
      path: '/hooks/T0K3N',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': 'release/shop/7/ended',
        'user-agent': 'belay',
      },
    });
    expect(JSON.parse(first?.body ?? '')).toEqual(NOTIFICATION);
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
  });

  test('carries the secrets that the file names, and cannot change what Belay says of itself', async () => {
    answer = { status: 200 };
    await send({
      headers: { Authorization: 'HOOK_TOKEN', 'Idempotency-Key': 'OTHER' },
      secrets: { HOOK_TOKEN: 'Bearer abc', OTHER: 'mine' },
    });
    expect(server.received.at(-1)?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'idempotency-key': 'release/shop/7/ended',
    });
  });
});

test.each([200, 201, 202, 204, 299])('status %d is taken', async (status) => {
  answer = { status };
  expect(await send()).toEqual({ receipt: `status ${status}` });
});

test('an answer whose text never ends is taken: its status has come', async () => {
  answer = { status: 200, hangs: 'body' };
  expect(await send({ withinMs: 200 })).toEqual({ receipt: 'status 200' });
});

describe('is refused for good', () => {
  test.each([400, 401, 403, 404, 410, 413, 422])('by status %d', async (status) => {
    answer = { status };
    expect(await failureOf()).toMatchObject({
      code: 'NotificationRejected',
      message: `the webhook at ${server.host}:${server.port} answered with status ${status}`,
    });
  });

  test.each([301, 302, 307, 308])('by the redirect %d, which no secret follows', async (status) => {
    answer = { status, headers: { location: `${server.url}/elsewhere` } };
    const secrets = { HOOK_TOKEN: 'abc' };
    const failure = await failureOf({ headers: { 'x-token': 'HOOK_TOKEN' }, secrets });
    expect(failure).toMatchObject({ code: 'NotificationRejected' });
    expect(server.received.map(({ path }) => path)).not.toContain('/elsewhere');
  });

  test('where the variable of a header is missing, before anything is sent', async () => {
    const before = server.received.length;
    expect(await failureOf({ headers: { Authorization: 'HOOK_TOKEN' } })).toMatchObject({
      code: 'NotificationRejected',
      message: "the worker's environment has no HOOK_TOKEN, which the header Authorization needs",
    });
    expect(server.received).toHaveLength(before);
  });

  test.each(['abc\ndef', 'abc\0', 'abc\r\nx-other: 1'])(
    'where a secret is no value of a header: %j, and is not told',
    async (secret) => {
      const before = server.received.length;
      const options = { headers: { 'x-token': 'HOOK_TOKEN' }, secrets: { HOOK_TOKEN: secret } };
      const failure = await failureOf(options);
      expect(failure).toMatchObject({ code: 'NotificationRejected' });
      expect(String(failure)).not.toContain('abc');
      expect(server.received).toHaveLength(before);
    },
  );
});

describe('is not delivered and may be sent again', () => {
  test.each([408, 425, 429, 500, 502, 503, 504])('after status %d', async (status) => {
    answer = { status };
    expect(await failureOf()).toMatchObject({
      code: 'NotificationUndelivered',
      retryAfterMs: undefined,
    });
  });

  test.each([429, 503])('after status %d at the time that the receiver names', async (status) => {
    answer = { status, headers: { 'retry-after': '7' } };
    expect(await failureOf()).toMatchObject({
      code: 'NotificationUndelivered',
      retryAfterMs: 7000,
    });
    const date = new Date(Date.now() + 60_000).toUTCString();
    answer = { status, headers: { 'retry-after': date } };
    const failure = { retryAfterMs: Number.NaN, ...(await failureOf()) };
    expect(failure.retryAfterMs).toBeGreaterThan(0);
    expect(failure.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test('when no answer comes in time', async () => {
    answer = { status: 200, hangs: 'all' };
    expect(await failureOf({ withinMs: 100 })).toMatchObject({
      code: 'NotificationUndelivered',
      message: expect.stringContaining('TimeoutError'),
    });
  });

  test('when the connection is refused or reset, and the path of the webhook stays secret', async () => {
    const reset = await startTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const nobody = `http://127.0.0.1:${await closedPort()}`;
    for (const url of [reset.url, nobody]) {
      const failure = await failureOf({ url: `${url}/hooks/T0K3N?key=T0K3N` });
      expect(failure).toMatchObject({ code: 'NotificationUndelivered' });
      expect(String(failure)).not.toContain('T0K3N');
    }
    await reset.close();
  });
});

test('a delivery that is called off throws the reason', async () => {
  answer = { status: 200, hangs: 'all' };
  const calledOff = new AbortController();
  const sent = send({ until: calledOff.signal });
  setTimeout(() => calledOff.abort(), 20);
  await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
});
