import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channel } from '../../../src/domain/paging/channel.schema.ts';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import type { PageChannel } from '../../../src/providers/page/page-channel.ts';
import { createWebhookChannel } from '../../../src/providers/page/webhook.ts';
import { acknowledged, pageOf, resolved } from '../../support/pages.ts';
import { type PretendReceiver, startPretendReceiver } from '../../support/pretend-receiver.ts';

const { signal } = new AbortController();
const NOW_MS = 1_795_520_000_999;

let receiver: PretendReceiver;
beforeAll(async () => {
  receiver = await startPretendReceiver('/hooks/T0K3N');
});
afterAll(() => receiver.close());

function webhookChannel(written: object = {}): PageChannel {
  const spec = channel.parse({ type: 'webhook', url: receiver.webhookUrl, ...written });
  if (spec.type !== 'webhook') throw new Error('it is no webhook channel');
  let ids = 0;
  const secrets: Readonly<Record<string, string>> = { SIGNING: 'sh-h', TOKEN: 'Bearer abc' };
  return createWebhookChannel(spec, {
    name: 'ops-hook',
    secret: (name) => secrets[name],
    nowMs: () => NOW_MS,
    newId: () => `delivery-${(ids += 1)}`,
  });
}

const last = () => receiver.requests.at(-1);

test('a page is the body of Alertmanager, version 4', async () => {
  await webhookChannel({ external_url: 'https://belay.example.org' }).send(pageOf(), signal);
  const labels = {
    alertname: 'checkout answers slowly',
    service: 'checkout',
    version: 'v5',
    severity: 'critical',
    source: 'checkout',
    incident: '3f9ac0ffee',
  };
  const annotations = {
    summary: 'checkout answers slowly',
    incident_id: 'incident/3f9a',
    incident_status: 'triggered',
    action: 'trigger',
    policy: 'checkout',
    level: '1',
    round: '1',
    who: 'Ada',
    description: 'p95 is 900 ms, limit 250 ms\nsince 12:04',
  };
  expect(receiver.shown.at(-1)?.body).toEqual({
    receiver: 'ops-hook',
    status: 'firing',
    alerts: [
      {
        status: 'firing',
        labels,
        annotations,
        startsAt: '2026-11-24T11:31:44.254Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: 'https://belay.example.org/release/checkout/6',
        fingerprint: fingerprint(labels),
      },
    ],
    groupLabels: { incident: '3f9ac0ffee' },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'https://belay.example.org',
    version: '4',
    groupKey: '{}:{incident="3f9ac0ffee"}',
    truncatedAlerts: 0,
  });
});

test('what is acknowledged still fires, what is resolved has an end', async () => {
  await webhookChannel().send(acknowledged(), signal);
  expect(receiver.shown.at(-1)?.body).toMatchObject({
    status: 'firing',
    commonAnnotations: { incident_status: 'acknowledged', by: 'ada' },
  });
  await webhookChannel().send(resolved(), signal);
  expect(receiver.shown.at(-1)?.body).toMatchObject({
    status: 'resolved',
    alerts: [{ status: 'resolved', endsAt: new Date(NOW_MS).toISOString() }],
  });
});

test('an alert keeps its fingerprint while its incident lives', async () => {
  for (const make of [pageOf, acknowledged, resolved]) await webhookChannel().send(make(), signal);
  const prints = receiver.shown.slice(-3).map(({ body }) => body.alerts[0]?.fingerprint);
  expect(new Set(prints).size).toBe(1);
});

test('a group of alerts is told as Alertmanager tells it, each alert of it', async () => {
  const common = { alertname: 'Down', job: 'api' };
  const fires = { ...common, host: '1' };
  const isOver = { ...common, host: '2' };
  const times = { generatorUrl: null, startsAtMs: NOW_MS - 60_000, endsAtMs: NOW_MS - 1000 };
  const alerts = [
    { isFiring: true, labels: fires, annotations: { runbook: 'r', summary: 'one' }, ...times },
    { isFiring: false, labels: isOver, annotations: { runbook: 'r', summary: 'two' }, ...times },
  ];
  const page = pageOf({ maybeRepeated: true });
  await webhookChannel().send(
    { ...page, alerts: { groupLabels: { alertname: 'Down' }, alerts, truncated: 3 } },
    signal,
  );
  const startsAt = new Date(NOW_MS - 60_000).toISOString();
  const { body } = receiver.shown.at(-1) ?? {};
  expect(body).toMatchObject({
    status: 'firing',
    alerts: [
      {
        ...{ status: 'firing', labels: fires, annotations: { runbook: 'r', summary: 'one' } },
        ...{ startsAt, endsAt: '0001-01-01T00:00:00Z', fingerprint: fingerprint(fires) },
      },
      {
        ...{ status: 'resolved', labels: isOver, annotations: { runbook: 'r', summary: 'two' } },
        ...{ startsAt, endsAt: new Date(NOW_MS - 1000).toISOString() },
      },
    ],
    groupLabels: { alertname: 'Down' },
    commonLabels: common,
    groupKey: '{}:{incident="3f9ac0ffee"}',
    truncatedAlerts: 3,
  });
  expect(body?.commonAnnotations).toEqual({
    runbook: 'r',
    belay_summary: 'checkout answers slowly',
    belay_note: expect.stringMatching(/./),
  });
});

describe('the fingerprint', () => {
  test.each([
    // Captured from Alertmanager 0.31.1.
    [{ alertname: 'A', severity: 'page' }, 'f2f95d02269594eb'],
    [{ severity: 'page', alertname: 'A' }, 'f2f95d02269594eb'],
    // The offset of FNV-1a itself.
    [{}, 'cbf29ce484222325'],
  ])('of %j is that of Alertmanager', (labels, expected) => {
    expect(fingerprint(labels)).toBe(expected);
  });
});

describe('the headers', () => {
  test('sign the time and the body, and name the page and the attempt', async () => {
    const signing = webhookChannel({
      signing_secret: { env: 'SIGNING' },
      headers: { Authorization: { env: 'TOKEN' }, 'Idempotency-Key': { env: 'TOKEN' } },
    });
    const page = pageOf();
    await signing.send(page, signal);
    const first = last();
    const expected = createHmac('sha256', 'sh-h').update(`1795520000.${first?.body}`).digest('hex');
    expect(first?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'content-type': 'application/json',
      'user-agent': 'belay',
      'idempotency-key': page.dedupKey,
      'x-belay-timestamp': '1795520000',
      'x-belay-delivery': 'delivery-1',
      'x-belay-signature': `v1=${expected}`,
    });
    await signing.send(page, signal);
    expect(last()?.headers).toMatchObject({
      'idempotency-key': page.dedupKey,
      'x-belay-delivery': 'delivery-2',
    });
  });

  test('have no signature without a secret', async () => {
    await webhookChannel().send(pageOf(), signal);
    expect(last()?.headers['x-belay-signature']).toBeUndefined();
    expect(last()?.headers['x-belay-timestamp']).toBe('1795520000');
  });
});

test('a redirect is not followed', async () => {
  receiver.misbehave({
    kind: 'answer',
    status: 307,
    headers: { location: '/elsewhere' },
    body: '',
  });
  await expect(webhookChannel().send(pageOf(), signal)).rejects.toMatchObject({
    code: 'PageRejected',
  });
  expect(receiver.requests.map(({ path }) => path)).not.toContain('/elsewhere');
});

test('an answer whose text never ends is taken: its status has come', async () => {
  const spec = channel.parse({ type: 'webhook', url: receiver.webhookUrl });
  if (spec.type !== 'webhook') throw new Error('it is no webhook channel');
  const impatient = createWebhookChannel(spec, {
    name: 'ops-hook',
    secret: () => undefined,
    nowMs: () => NOW_MS,
    newId: () => 'id',
    answerWithinMs: 300,
  });
  receiver.misbehave({ kind: 'endless' });
  expect(await impatient.send(pageOf(), signal)).toEqual({ receipt: 'status 200' });
});
