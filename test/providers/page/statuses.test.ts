import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChannelSpec, channel } from '../../../src/domain/paging/channel.schema.ts';
import { createPageChannels } from '../../../src/providers/page/registry.ts';
import { type LocalServer, startTcp } from '../../support/local-server.ts';
import { pageOf } from '../../support/pages.ts';

type Outcome = 'taken' | 'rejected' | 'undelivered' | 'unknown';

const { signal } = new AbortController();
const STATUSES = Array.from({ length: 500 }, (_, at) => 100 + at);
const BUSY = new Set([408, 425, 429, 503]);

/** What would be taken with the right status: so only the status decides. */
const BODIES = {
  ok: 'ok',
  slack: JSON.stringify({ ok: true, channel: 'C0OPS', ts: '1.2' }),
  discord: JSON.stringify({ id: '1100000' }),
  other: JSON.stringify({ status: 'success', requestId: '1' }),
};

let server: LocalServer;
let status = 200;
let body = '';

beforeAll(async () => {
  server = await startTcp((socket: Socket) => {
    let request = '';
    socket.on('data', (chunk) => {
      request += chunk.toString('utf8');
      const length = Number(/^content-length: (\d+)/im.exec(request)?.[1] ?? 0);
      const [head = '', rest] = request.split('\r\n\r\n');
      if (rest === undefined || Buffer.byteLength(request) < head.length + 4 + length) return;
      const hasBody = status >= 200 && status !== 204 && status !== 304;
      const length2 = hasBody ? `content-length: ${body.length}\r\n` : '';
      socket.end(`HTTP/1.1 ${status} Any\r\n${length2}\r\n${hasBody ? body : ''}`);
    });
  });
});
afterAll(() => server.close());

const URL_SECRET = { env: 'URL' };
const CHANNELS: readonly (readonly [string, object, string, (status: number) => boolean])[] = [
  ['slack by a webhook', { type: 'slack', webhook_url: URL_SECRET }, BODIES.ok, (is) => is === 200],
  [
    'slack by a bot',
    { type: 'slack', bot_token: { env: 'KEY' }, channel: '#ops' },
    BODIES.slack,
    (is) => is === 200,
  ],
  [
    'pagerduty',
    { type: 'pagerduty', routing_key: { env: 'KEY' } },
    BODIES.other,
    (is) => is === 202,
  ],
  ['webhook', { type: 'webhook', url: URL_SECRET }, BODIES.other, (is) => is >= 200 && is < 300],
  ['opsgenie', { type: 'opsgenie', api_key: { env: 'KEY' } }, BODIES.other, (is) => is === 202],
  ['discord', { type: 'discord', webhook_url: URL_SECRET }, BODIES.discord, (is) => is === 200],
  ['teams', { type: 'teams', webhook_url: URL_SECRET }, BODIES.other, (is) => is === 202],
];

function outcomeFor(one: number, isTaken: (status: number) => boolean): Outcome {
  if (isTaken(one)) return 'taken';
  if (BUSY.has(one)) return 'undelivered';
  // No answer has come after 1xx; another 2xx comes from some other program; 5xx does not say.
  if (one < 300 || one >= 500) return 'unknown';
  return 'rejected';
}

async function outcomeOf(spec: ChannelSpec): Promise<Outcome> {
  const create = createPageChannels({
    secret: (name) => (name === 'URL' ? `${server.url}/hook` : 'k'.repeat(32)),
    write: () => undefined,
    nowMs: () => 0,
    newId: () => 'id',
    answerWithinMs: 5000,
  });
  return create('ops', spec)
    .send(pageOf(), signal)
    .then(
      () => 'taken' as const,
      (error: { readonly code?: unknown; readonly isUnknown?: unknown }) => {
        if (error.code === 'PageRejected') return 'rejected';
        if (error.code !== 'PageUndelivered') throw error;
        return error.isUnknown === true ? 'unknown' : 'undelivered';
      },
    );
}

describe('every status from 100 to 599 has one meaning', () => {
  test.each(CHANNELS)('for %s', async (_, written, wanted, isTaken) => {
    const hasUrl = 'routing_key' in written || 'api_key' in written || 'bot_token' in written;
    const spec = channel.parse({ ...written, ...(hasUrl ? { url: server.url } : {}) });
    const seen: Record<number, Outcome> = {};
    for (const one of STATUSES) {
      [status, body] = [one, wanted];
      seen[one] = await outcomeOf(spec);
    }
    expect(seen).toEqual(
      Object.fromEntries(STATUSES.map((one) => [one, outcomeFor(one, isTaken)])),
    );
  });
});
