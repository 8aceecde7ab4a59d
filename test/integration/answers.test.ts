import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Child } from '../../src/dev/children.ts';
import { type PretendPagerDuty, startPretendPagerDuty } from '../../src/dev/pretend/pagerduty.ts';
import { type PretendSlack, startPretendSlack } from '../../src/dev/pretend/slack.ts';
import type { IncidentView } from '../../src/domain/escalation/incident.ts';
import { pagerDutySigned } from '../answers/rig.ts';
import { type PagingStack, startPagingStack } from '../support/paging-stack.ts';
import { poll } from '../support/poll.ts';

const SECRETS = {
  SLACK_BOT: 'xoxb-of-a-test',
  SLACK_SIGNING: 'signing-of-a-test',
  PD_ROUTING: 'a'.repeat(32),
  PD_WEBHOOK: 'webhook-of-a-test',
};
const WITHIN_MS = 60_000;
const BY = { who: 'monitor', why: 'its alert fires' };

let slack: PretendSlack;
let pagerDuty: PretendPagerDuty;
let stack: PagingStack;
let worker: Child;
let answers: Awaited<ReturnType<PagingStack['startAnswers']>>;

beforeAll(async () => {
  slack = await startPretendSlack({
    botToken: SECRETS.SLACK_BOT,
    signingSecret: SECRETS.SLACK_SIGNING,
  });
  pagerDuty = await startPretendPagerDuty({
    routingKey: SECRETS.PD_ROUTING,
    webhookSecret: SECRETS.PD_WEBHOOK,
  });
  stack = await startPagingStack(
    {
      people: { bob: { contacts: { chat: { channel: 'chat', to: 'U0BOB' } } } },
      channels: {
        chat: {
          ...{ type: 'slack', channel: '#ops', url: slack.apiUrl },
          ...{ bot_token: { env: 'SLACK_BOT' }, signing_secret: { env: 'SLACK_SIGNING' } },
        },
        pager: {
          ...{ type: 'pagerduty', url: pagerDuty.enqueueUrl },
          ...{ routing_key: { env: 'PD_ROUTING' }, webhook_secret: { env: 'PD_WEBHOOK' } },
        },
        siren: { type: 'log' },
      },
      policies: {
        night: { levels: [{ wait: '1h', targets: [{ person: 'bob' }, { channel: 'pager' }] }] },
      },
      last_resort: ['siren'],
    },
    SECRETS,
  );
  worker = await stack.startWorker();
  answers = await stack.startAnswers();
}, 240_000);
afterAll(async () => {
  await stack?.close();
  await slack?.close();
  await pagerDuty?.close();
});

async function open(key: string): Promise<string> {
  const { id } = await stack.client.incidents.open({ ...BY, policy: 'night', title: key, key });
  return id;
}

const accepted = ({ ledger }: IncidentView): boolean =>
  ledger.length === 2 && ledger.every(({ state }) => state === 'accepted');

async function openAndPaged(key: string): Promise<string> {
  const id = await open(key);
  await stack.until(id, accepted);
  return id;
}

/** Somebody clicks on the newest message about it. */
function click(id: string, button: string, user: { id: string; username?: string }) {
  return slack.click({ ts: messageOf(id).ts, button, user, nowMs: Date.now() });
}

function messageOf(id: string) {
  const message = slack.shown.findLast(({ content }) => JSON.stringify(content).includes(id));
  if (message === undefined) throw new Error(`no message is about ${id}`);
  return message;
}

const post = (path: string, { rawBody, headers }: ReturnType<PretendSlack['click']>) =>
  fetch(`${answers.url}${path}`, { method: 'POST', body: rawBody, headers });

const said = (view: IncidentView, word: string): readonly string[] =>
  view.timeline.map(({ text }) => text).filter((text) => text.includes(word));

describe('from Slack', () => {
  test('a click acknowledges once, the message shows it, and a second person is told', async () => {
    const id = await openAndPaged('a click');
    const sent = click(id, 'belay_acknowledge', { id: 'U0BOB', username: 'robert' });
    const late = click(id, 'belay_acknowledge', { id: 'U0EVE', username: 'eve' });
    expect((await post('/slack', sent)).status).toBe(200);
    // Slack does not repeat; whatever stands in between may.
    expect((await post('/slack', sent)).status).toBe(200);
    const view = await stack.until(id, ({ status }) => status === 'acknowledged');
    expect(view.acknowledgedBy).toMatchObject({ by: 'bob', why: 'clicked acknowledge in Slack' });
    expect(said(view, 'bob: acknowledge')).toHaveLength(1);
    await poll(WITHIN_MS, async () => (messageOf(id).updates > 0 ? true : undefined));
    expect((await post('/slack', late)).status).toBe(200);
    const whisper = await poll(WITHIN_MS, async () => slack.whispers.at(-1));
    expect(whisper.text).toMatch(/^bob was first at .*: clicked acknowledge in Slack$/);
    const resolve = click(id, 'belay_resolve', { id: 'U0EVE', username: 'eve' });
    expect((await post('/slack', resolve)).status).toBe(200);
    expect((await stack.client.incidents.result(id)).resolvedBy).toMatchObject({ by: 'eve' });
    expect(slack.problems).toEqual([]);
  });

  test('without a worker a click is kept, told as that, and applied once when one is there', async () => {
    const id = await openAndPaged('no worker');
    worker.kill('SIGKILL');
    await worker.exited;
    const before = slack.whispers.length;
    const sent = click(id, 'belay_acknowledge', { id: 'U0BOB' });
    const startedMs = performance.now();
    expect((await post('/slack', sent)).status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect((await post('/slack', sent)).status).toBe(200);
    const whisper = await poll(WITHIN_MS, async () => slack.whispers[before]);
    expect(whisper.text).toContain('kept, but not applied yet: no worker');
    worker = await stack.startWorker();
    const view = await stack.until(id, ({ status }) => status === 'acknowledged');
    expect(said(view, 'bob: acknowledge')).toHaveLength(1);
    expect(said(view, 'too late')).toEqual([]);
    await stack.client.incidents.answer(id, 'resolve', BY);
  });
});

describe('from PagerDuty', () => {
  const wordOf = (view: IncidentView, kind: 'acknowledged' | 'resolved') =>
    pagerDuty.answerAs({ dedupKey: view.key, kind, who: 'Ada Lovelace' });

  test('what a person says there counts, once however often it comes', async () => {
    const id = await openAndPaged('a webhook');
    const view = await stack.client.incidents.show(id);
    const sent = wordOf(view, 'acknowledged');
    for (let time = 0; time < 3; time += 1) {
      const answer = await post('/pagerduty', sent);
      expect([answer.status, await answer.text()]).toEqual([200, 'applied']);
    }
    const acknowledged = await stack.until(id, ({ status }) => status === 'acknowledged');
    expect(said(acknowledged, 'Ada Lovelace: acknowledge')).toHaveLength(1);
    expect((await post('/pagerduty', wordOf(view, 'resolved'))).status).toBe(200);
    expect(await stack.client.incidents.result(id)).toMatchObject({
      acknowledgedBy: { by: 'Ada Lovelace', why: 'acknowledged in PagerDuty' },
      resolvedBy: { by: 'Ada Lovelace', why: 'resolved in PagerDuty' },
    });
    const over = await post('/pagerduty', wordOf(view, 'acknowledged'));
    expect([over.status, await over.text()]).toEqual([200, 'unknown']);
    expect(pagerDuty.problems).toEqual([]);
  });

  test('what was said of an incident before counts for none that has the same key', async () => {
    const id = await openAndPaged('the same key');
    const { rawBody } = wordOf(await stack.client.incidents.show(id), 'acknowledged');
    const old = JSON.parse(rawBody);
    old.event.occurred_at = new Date(Date.now() - 3_600_000).toISOString();
    const sent = pagerDutySigned(JSON.stringify(old), SECRETS.PD_WEBHOOK);
    const answer = await post('/pagerduty', sent);
    expect([answer.status, await answer.text()]).toEqual([200, 'refused']);
    expect(await stack.client.incidents.show(id)).toMatchObject({ status: 'triggered' });
    await stack.client.incidents.answer(id, 'resolve', BY);
  });
});

describe('by the client', () => {
  test('without a worker an acknowledgement becomes a signal of the same request id', async () => {
    worker.kill('SIGKILL');
    await worker.exited;
    const id = await open('by a signal');
    const request = { who: 'ada', why: 'I look at it', requestId: 'ack-1' };
    const answer = () => stack.client.incidents.answer(id, 'acknowledge', request, 1500);
    expect(await answer()).toEqual({ kind: 'signalled' });
    expect(await answer()).toEqual({ kind: 'signalled' });
    worker = await stack.startWorker();
    const view = await stack.until(id, ({ status }) => status === 'acknowledged');
    expect(view.acknowledgedBy).toMatchObject({ by: 'ada', why: 'I look at it' });
    expect(said(view, 'ada: acknowledge')).toHaveLength(1);
    // It was acknowledged before anybody could be paged.
    expect(view.ledger).toEqual([]);
    expect(await answer()).toMatchObject({ kind: 'applied', status: 'acknowledged' });
    await expect(
      stack.client.incidents.acknowledge(id, { who: 'bob', why: 'me too' }),
    ).rejects.toMatchObject({
      code: 'AlreadyAcknowledged',
      message: expect.stringContaining('ada was first'),
    });
    await stack.client.incidents.answer(id, 'resolve', BY);
  });

  test('an incident is found by the first digits of its id', async () => {
    const id = await openAndPaged('found');
    const beginsWith = id.slice('incident/'.length).slice(0, 12);
    const found = await poll(WITHIN_MS, async () => {
      const list = await stack.client.incidents.list({ beginsWith });
      return list.length > 0 ? list : undefined;
    });
    expect(found).toMatchObject([{ id, title: 'found', severity: 'critical', isOpen: true }]);
    await expect(stack.client.incidents.list({ beginsWith: "' OR" })).rejects.toMatchObject({
      code: 'NotFound',
    });
    await stack.client.incidents.answer(id, 'resolve', BY);
  });
});

test('without Temporal nothing is taken: PagerDuty says it again, the person in Slack is told', async () => {
  const id = await openAndPaged('no Temporal');
  const view = await stack.client.incidents.show(id);
  const sent = click(id, 'belay_acknowledge', { id: 'U0BOB' });
  await stack.endTemporal();
  const before = slack.whispers.length;
  const webhook = pagerDuty.answerAs({ dedupKey: view.key, kind: 'acknowledged', who: 'Ada' });
  const startedMs = performance.now();
  expect((await post('/slack', sent)).status).toBe(503);
  expect(performance.now() - startedMs).toBeLessThan(3000);
  expect((await post('/pagerduty', webhook)).status).toBe(503);
  const whisper = await poll(WITHIN_MS, async () => slack.whispers[before]);
  expect(whisper.text).toContain('Your click is NOT kept');
  const { metrics, child } = answers;
  const counted = await (await fetch(`${metrics}/metrics`)).text();
  expect(counted).toContain('belay_answers_total{source="slack",result="unavailable"} 1');
  await child.stop();
  await expect(fetch(`${answers.url}/healthz`)).rejects.toThrow('fetch failed');
});
