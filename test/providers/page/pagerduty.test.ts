import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channel } from '../../../src/domain/paging/channel.schema.ts';
import {
  type PretendPagerDuty,
  startPretendPagerDuty,
} from '../../../src/dev/pretend/pagerduty.ts';
import type { PageChannel } from '../../../src/providers/page/page-channel.ts';
import { createPagerDutyChannel } from '../../../src/providers/page/pagerduty.ts';
import { HOSTILE, acknowledged, pageOf, resolved } from '../../support/pages.ts';

const { signal } = new AbortController();
const ROUTING_KEY = 'a1B2'.repeat(8);

let pagerDuty: PretendPagerDuty;
beforeAll(async () => {
  pagerDuty = await startPretendPagerDuty({ routingKey: ROUTING_KEY, webhookSecret: 's' });
});
afterAll(() => pagerDuty.close());

function pagerDutyChannel(routingKey = ROUTING_KEY): PageChannel {
  const spec = channel.parse({
    type: 'pagerduty',
    routing_key: { env: 'KEY' },
    url: pagerDuty.enqueueUrl,
  });
  if (spec.type !== 'pagerduty') throw new Error('it is no pagerduty channel');
  return createPagerDutyChannel(spec, { secret: () => routingKey });
}

const bodyOf = (): unknown => JSON.parse(pagerDuty.requests.at(-1)?.body ?? '{}');

test('a page is this event', async () => {
  const { handle } = await pagerDutyChannel().send(pageOf(), signal);
  expect(handle).toBe('3f9ac0ffee');
  expect(bodyOf()).toEqual({
    routing_key: ROUTING_KEY,
    event_action: 'trigger',
    dedup_key: '3f9ac0ffee',
    client: 'Belay',
    links: [{ href: 'https://belay.example.org/release/checkout/6', text: 'Release 6' }],
    payload: {
      summary: 'checkout answers slowly',
      source: 'checkout',
      severity: 'critical',
      timestamp: '2026-11-24T11:31:44.254Z',
      group: 'checkout',
      custom_details: {
        Severity: 'critical',
        Status: 'triggered',
        Source: 'checkout',
        For: 'Ada',
        Policy: 'checkout',
        Level: '1, round 1',
        Incident: 'incident/3f9a',
        service: 'checkout',
        version: 'v5',
        text: 'p95 is 900 ms, limit 250 ms\nsince 12:04',
      },
    },
  });
});

test.each([
  ['acknowledge', acknowledged],
  ['resolve', resolved],
] as const)('%s is the key and nothing more', async (action, make) => {
  await pagerDutyChannel().send(make(), signal);
  expect(bodyOf()).toEqual({
    routing_key: ROUTING_KEY,
    event_action: action,
    dedup_key: '3f9ac0ffee',
  });
});

test('an incident is shown once until it is resolved, then anew', async () => {
  const incident = { key: 'once' };
  const shown = () => pagerDuty.shown.filter(({ dedupKey }) => dedupKey === 'once');
  const channelNow = pagerDutyChannel();
  await channelNow.send(pageOf({ level: 1 }, incident), signal);
  await channelNow.send(pageOf({ level: 2 }, incident), signal);
  expect(shown()).toMatchObject([{ status: 'triggered', repeats: 1 }]);
  const ended = resolved();
  await channelNow.update(
    { ...ended, incident: { ...ended.incident, ...incident } },
    'once',
    signal,
  );
  expect(shown()).toMatchObject([{ status: 'resolved' }]);
  await channelNow.send(pageOf({}, incident), signal);
  expect(shown()).toMatchObject([{ status: 'resolved' }, { status: 'triggered', repeats: 0 }]);
});

test('paged again after an acknowledgement it is another alert, as nobody hears of that one', async () => {
  const incident = { key: 'reopened' };
  const channelNow = pagerDutyChannel();
  const first = pageOf({}, incident);
  await channelNow.send(first, signal);
  const ended = acknowledged();
  await channelNow.update(
    { ...ended, incident: { ...ended.incident, ...incident } },
    'reopened',
    signal,
  );
  const again = pageOf({ alert: 1 }, incident);
  const { handle } = await channelNow.send(again, signal);
  expect([first, again].map((page) => channelNow.handleOf?.(page))).toEqual(['reopened', handle]);
  const shown = pagerDuty.shown.filter(({ dedupKey }) => dedupKey.startsWith('reopened'));
  expect(shown).toMatchObject([
    { dedupKey: 'reopened', status: 'acknowledged', repeats: 0 },
    { dedupKey: 'reopened-again1', status: 'triggered', repeats: 0 },
  ]);
});

test.each(HOSTILE)('an event of %s keeps the limits', async (_, incident) => {
  const page = pageOf({ who: incident.title }, { ...incident, key: 'k'.repeat(1000) });
  await pagerDutyChannel().send(page, signal);
  expect(pagerDuty.problems).toEqual([]);
  const body = pagerDuty.requests.at(-1)?.body ?? '';
  expect(Buffer.byteLength(body)).toBeLessThan(512_000);
});

describe('a routing key that cannot be one', () => {
  test.each(['short', `${ROUTING_KEY}a`, `${ROUTING_KEY.slice(1)}-`])(
    'is refused before anything is sent: %s',
    async (key) => {
      const before = pagerDuty.requests.length;
      await expect(pagerDutyChannel(key).send(pageOf(), signal)).rejects.toMatchObject({
        code: 'PageRejected',
        message: 'PagerDuty: a routing key has 32 letters and digits',
      });
      await expect(pagerDutyChannel(key).check(signal)).rejects.toMatchObject({
        code: 'PageRejected',
      });
      expect(pagerDuty.requests).toHaveLength(before);
    },
  );
});

test('what PagerDuty finds wrong with an event is told', async () => {
  pagerDuty.misbehave({
    kind: 'answer',
    status: 400,
    body: '{"status":"invalid event","message":"Event object is invalid","errors":["x"]}',
  });
  await expect(pagerDutyChannel().send(pageOf(), signal)).rejects.toMatchObject({
    code: 'PageRejected',
    message: expect.stringContaining('Event object is invalid'),
  });
});

test('a person within PagerDuty cannot be named', async () => {
  await expect(pagerDutyChannel().send(pageOf({ to: 'ada' }), signal)).rejects.toMatchObject({
    code: 'PageRejected',
  });
});
