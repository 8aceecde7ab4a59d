import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallAnswer } from '../../../src/providers/call/call.ts';
import { createWebhookCall } from '../../../src/providers/call/webhook-call.ts';
import { type LocalServer, closedPort, startHttp, startTcp } from '../../support/local-server.ts';

const { signal } = new AbortController();
const KEY = 'release/shop/7/on-expand-migrate';
const INPUT = { service: 'shop', version: 'v2', name: 'migrate', when: 'on expand', key: KEY };

let server: LocalServer;
let host: string;
/** What the server answers next. */
let answer: {
  status: number;
  text?: string | Buffer;
  headers?: Readonly<Record<string, string>>;
  hangs?: 'all' | 'body';
};

beforeAll(async () => {
  server = await startHttp((_request, response) => {
    if (answer.hangs === 'all') return;
    response.writeHead(answer.status, answer.headers);
    if (answer.hangs === 'body') return response.write(answer.text ?? '');
    response.end(answer.status === 204 ? undefined : answer.text);
  });
  host = `the webhook at ${server.host}:${server.port}`;
});
afterAll(() => server.close());

async function call(
  options: {
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly secrets?: Readonly<Record<string, string>>;
    readonly timeoutMs?: number;
    readonly until?: AbortSignal;
  } = {},
): Promise<CallAnswer> {
  const { url = `${server.url}/hooks/T0K3N`, headers = {}, secrets = {}, until = signal } = options;
  const post = createWebhookCall({ secret: (name) => secrets[name] });
  const { timeoutMs = 10_000 } = options;
  return post({ url, headersFromEnv: headers, timeoutMs, key: KEY, body: INPUT }, until);
}

describe('what is sent', () => {
  test('is the input as JSON, with the same key in each attempt', async () => {
    answer = { status: 200 };
    await call();
    await call();
    const [first, second] = server.received.slice(-2);
    expect(first).toMatchObject({
      method: 'POST',
      path: '/hooks/T0K3N',
      headers: { 'content-type': 'application/json', 'idempotency-key': KEY },
    });
    expect(JSON.parse(first?.body ?? '')).toEqual(INPUT);
    expect(second?.headers['idempotency-key']).toBe(KEY);
  });

  test('carries the secrets that the file names, and cannot have another key', async () => {
    answer = { status: 200 };
    await call({
      headers: { Authorization: 'HOOK_TOKEN', 'Idempotency-Key': 'OTHER' },
      secrets: { HOOK_TOKEN: 'Bearer abc', OTHER: 'mine' },
    });
    expect(server.received.at(-1)?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'idempotency-key': KEY,
    });
  });
});

describe('2xx is done, with a line for a person', () => {
  test.each([200, 201, 202, 204, 299])('status %d', async (status) => {
    answer = { status };
    expect(await call()).toEqual({ kind: 'done', text: '' });
  });

  test.each([
    ['text', 'three tables', 'three tables'],
    ['the text of a JSON object', '{"text":"three tables","rows":7}', 'three tables'],
    ['a JSON text', '"three tables"', 'three tables'],
    ['JSON without a text, as it is', '{"rows":7}', '{"rows":7}'],
    ['JSON whose text is none', '{"text":7}', '{"text":7}'],
    ['several lines, as one', 'three\r\n\ttables\n', 'three tables'],
    ['what would paint a terminal, without it', 'red \u001b[31mtables', 'red [31mtables'],
    ['500 characters of more', 'x'.repeat(9000), 'x'.repeat(500)],
    [
      'the beginning of too much JSON',
      `{"text":"${'x'.repeat(90_000)}"}`,
      `{"text":"${'x'.repeat(491)}`,
    ],
    ['JSON nested too deep', '['.repeat(60_000), '['.repeat(500)],
    ['garbage', Buffer.from([0xff, 0xfe, 0x00, 0x41]), '\ufffd\ufffd A'],
    ['half a character at the end', `${'x'.repeat(499)}😀`, `${'x'.repeat(499)}\ufffd`],
  ])('%s', async (_name, text, shown) => {
    answer = { status: 200, text };
    expect(await call()).toEqual({ kind: 'done', text: shown });
  });

  test('a page of HTML is not for a person', async () => {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    answer = { status: 200, text: '<html>fine</html>', headers };
    expect(await call()).toEqual({ kind: 'done', text: '' });
  });

  test('also where the text never ends: its status has come', async () => {
    answer = { status: 200, text: 'begins', hangs: 'body' };
    expect(await call({ timeoutMs: 300 })).toEqual({ kind: 'done', text: '' });
  });
});

describe('a refusal is for good', () => {
  test.each([400, 401, 403, 404, 409, 410, 413, 422, 451])('status %d', async (status) => {
    answer = { status, text: '{"text":"not on a Friday"}' };
    const why = `${host} answered with status ${status}: not on a Friday`;
    expect(await call()).toEqual({ kind: 'refused', text: 'not on a Friday', why });
  });

  test('without a text it says the status alone', async () => {
    answer = { status: 403 };
    const why = `${host} answered with status 403`;
    expect(await call()).toEqual({ kind: 'refused', text: '', why });
  });

  test('a variable that is missing is one, before anything is sent', async () => {
    const before = server.received.length;
    expect(await call({ headers: { Authorization: 'HOOK_TOKEN' } })).toEqual({
      kind: 'refused',
      text: '',
      why: "the worker's environment has no HOOK_TOKEN, which the header Authorization needs",
    });
    expect(server.received).toHaveLength(before);
  });

  test('a secret that is no value of a header is one, and is not told', async () => {
    const before = server.received.length;
    const answered = await call({ headers: { 'x-t': 'T' }, secrets: { T: 'abc\ndef' } });
    expect(answered).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(answered)).not.toContain('abc');
    expect(server.received).toHaveLength(before);
  });
});

describe('anything else is no answer', () => {
  test.each([408, 425, 429, 500, 502, 503, 504, 599])('status %d', async (status) => {
    answer = { status, text: 'busy' };
    const why = `${host} answered with status ${status}: busy`;
    expect(await call()).toEqual({ kind: 'unanswered', why, retryAfterMs: undefined });
  });

  test.each([429, 503])('status %d, to be asked again when it says', async (status) => {
    answer = { status, headers: { 'retry-after': '7' } };
    expect(await call()).toMatchObject({ kind: 'unanswered', retryAfterMs: 7000 });
  });

  test.each([301, 302, 307, 308])('the redirect %d, which no secret follows', async (status) => {
    answer = { status, headers: { location: `${server.url}/elsewhere` } };
    const secrets = { HOOK_TOKEN: 'abc' };
    const answered = await call({ headers: { 'x-token': 'HOOK_TOKEN' }, secrets });
    expect(answered).toMatchObject({ kind: 'unanswered' });
    expect(server.received.map(({ path }) => path)).not.toContain('/elsewhere');
  });

  test('silence until the time-out', async () => {
    answer = { status: 200, hangs: 'all' };
    const why = `${host}: no answer within 100ms`;
    expect(await call({ timeoutMs: 100 })).toEqual({
      kind: 'unanswered',
      why,
      retryAfterMs: undefined,
    });
  });

  test.each([
    ['what is no HTTP', (text: string) => `${text.length} bytes were fine\r\n\r\n`],
    ['half an answer', () => 'HTTP/1.1 200 OK\r\ncontent-le'],
  ])('%s', async (_name, says) => {
    const odd = await startTcp((socket) =>
      socket.once('data', (chunk) => socket.end(says(chunk.toString()))),
    );
    expect(await call({ url: odd.url })).toMatchObject({ kind: 'unanswered' });
    await odd.close();
  });

  test('a connection that is refused, or reset after the request was taken', async () => {
    let taken = 0;
    const reset = await startTcp((socket) =>
      socket.once('data', () => {
        taken += 1;
        socket.resetAndDestroy();
      }),
    );
    const nobody = `http://127.0.0.1:${await closedPort()}`;
    for (const url of [reset.url, nobody]) {
      const answered = await call({ url: `${url}/hooks/T0K3N?key=T0K3N` });
      expect(answered).toMatchObject({ kind: 'unanswered' });
      expect(JSON.stringify(answered)).not.toContain('T0K3N');
    }
    // Nothing below repeats it: whether and when it is sent again is for its caller to say.
    expect(taken).toBe(1);
    await reset.close();
  });
});

test('a call that is called off throws the reason', async () => {
  answer = { status: 200, hangs: 'all' };
  const calledOff = new AbortController();
  const sent = call({ until: calledOff.signal });
  setTimeout(() => calledOff.abort(), 20);
  await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
});
