import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { channel } from '../../../src/domain/paging/channel.schema.ts';
import type { Page } from '../../../src/domain/paging/page.ts';
import { type PretendSlack, startPretendSlack } from '../../../src/dev/pretend/slack.ts';
import type { PageChannel } from '../../../src/providers/page/page-channel.ts';
import { createSlackChannel } from '../../../src/providers/page/slack.ts';
import { HOSTILE, acknowledged, pageOf, resolved } from '../../support/pages.ts';

const { signal } = new AbortController();
const SECRETS: Readonly<Record<string, string>> = { TOKEN: 'xoxb-1', SIGNING: 'sign' };

let slack: PretendSlack;
beforeAll(async () => {
  slack = await startPretendSlack({ botToken: 'xoxb-1', signingSecret: 'sign' });
});
afterAll(() => slack.close());

function slackChannel(written: object): PageChannel {
  const spec = channel.parse({ type: 'slack', ...written });
  if (spec.type !== 'slack') throw new Error('it is no slack channel');
  const environment: Readonly<Record<string, string>> = { ...SECRETS, URL: slack.webhookUrl };
  return createSlackChannel(spec, { secret: (name) => environment[name] });
}

const bot = (more: object = {}): PageChannel =>
  slackChannel({ bot_token: { env: 'TOKEN' }, channel: '#ops', url: slack.apiUrl, ...more });
const hook = (more: object = {}): PageChannel =>
  slackChannel({ webhook_url: { env: 'URL' }, ...more });
const BUTTONS = { signing_secret: { env: 'SIGNING' } };

const bodyOf = (): Record<string, unknown> => JSON.parse(slack.requests.at(-1)?.body ?? '{}');

test('a page is this message', async () => {
  await bot({ ...BUTTONS, username: 'Belay', icon_emoji: ':fire:' }).send(pageOf(), signal);
  expect(slack.requests.at(-1)).toMatchObject({
    method: 'POST',
    path: '/api/chat.postMessage',
    headers: { authorization: 'Bearer xoxb-1', 'content-type': 'application/json; charset=utf-8' },
  });
  const plain = (text: string): object => ({ type: 'plain_text', text, emoji: false });
  expect(bodyOf()).toEqual({
    channel: '#ops',
    username: 'Belay',
    icon_emoji: ':fire:',
    text: 'CRITICAL: checkout answers slowly',
    blocks: [
      {
        type: 'header',
        block_id: 'incident/3f9a/1/1/ops-slack',
        text: plain('CRITICAL: checkout answers slowly'),
      },
      { type: 'section', text: plain('p95 is 900 ms, limit 250 ms\nsince 12:04') },
      {
        type: 'context',
        elements: [
          {
            type: 'mrkdwn',
            text: '<https://belay.example.org/release/checkout/6|Release 6>',
          },
        ],
      },
      {
        type: 'actions',
        elements: [
          {
            type: 'button',
            action_id: 'belay_acknowledge',
            text: plain('Acknowledge'),
            style: 'primary',
            value: 'incident/3f9a',
          },
          {
            type: 'button',
            action_id: 'belay_resolve',
            text: plain('Resolve'),
            value: 'incident/3f9a',
          },
        ],
      },
    ],
    attachments: [
      {
        color: '#a30200',
        fallback: 'CRITICAL: checkout answers slowly',
        fields: [
          { title: 'Severity', value: 'critical', short: true },
          { title: 'Status', value: 'triggered', short: true },
          { title: 'Source', value: 'checkout', short: true },
          { title: 'For', value: 'Ada', short: true },
          { title: 'Policy', value: 'checkout', short: true },
          { title: 'Level', value: '1, round 1', short: true },
          { title: 'Incident', value: 'incident/3f9a', short: true },
          { title: 'service', value: 'checkout', short: true },
          { title: 'version', value: 'v5', short: true },
        ],
        footer: 'Belay · incident/3f9a',
        ts: 1_795_519_904,
        mrkdwn_in: [],
      },
    ],
    unfurl_links: false,
    unfurl_media: false,
  });
});

describe('the buttons', () => {
  test.each([
    ['triggered', pageOf, ['belay_acknowledge', 'belay_resolve']],
    ['acknowledged', acknowledged, ['belay_resolve']],
    ['resolved', resolved, []],
  ] as const)('of what is %s are those that still make sense', async (_, make, actions) => {
    await bot(BUTTONS).send(make(), signal);
    const shown = slack.shown.at(-1)?.content.blocks ?? [];
    const buttons = shown.flatMap((block) => (block.type === 'actions' ? block.elements : []));
    expect(buttons.map((one) => one.action_id)).toEqual(actions);
  });

  test('are not there where nobody could verify a click', async () => {
    await bot().send(pageOf(), signal);
    const blocks = slack.shown.at(-1)?.content.blocks ?? [];
    expect(blocks.filter(({ type }) => type === 'actions')).toEqual([]);
    expect(bot().can.answers).toBe(false);
    expect(bot(BUTTONS).can.answers).toBe(true);
  });
});

describe('what others wrote', () => {
  test.each(HOSTILE)('can mention nobody and link nowhere: %s', async (_, incident) => {
    await bot().send(pageOf({ who: incident.title }, incident), signal);
    const { text, blocks, attachments } = slack.shown.at(-1)?.content ?? {
      text: '<',
      blocks: [],
      attachments: [],
    };
    const read = [
      text,
      ...attachments.flatMap(({ fallback, footer, fields }) => [
        fallback,
        footer,
        ...fields.flatMap(({ title, value }) => [title, value]),
      ]),
    ];
    // In blocks of `plain_text` Slack reads no markup; only links stand in others.
    for (const one of read) expect(one).not.toMatch(/[<>]/);
    const links = blocks.flatMap((block) =>
      block.type === 'context' ? block.elements.filter(({ type }) => type === 'mrkdwn') : [],
    );
    for (const one of links)
      expect(one.text).toMatch(/^<https:\/\/(?:belay\.)?example\.org[^<>|]*\|[^<>]*>$/);
  });

  test('is cut where it is too long, and never within a character', async () => {
    await bot().send(pageOf({}, { title: '💥'.repeat(200) }), signal);
    const [header] = slack.shown.at(-1)?.content.blocks ?? [];
    const shown = header?.type === 'header' ? header.text.text : '';
    expect(shown).toMatch(/^CRITICAL: (?:💥)+…$/u);
    expect(shown.length).toBeGreaterThan(145);
  });
});

describe('where it goes', () => {
  const to = (place: string): Partial<Page> => ({ to: place });

  test.each(['U024BE7LH', 'C024BE7LR', '#night-shift'])('a bot posts to %s', async (place) => {
    await bot().send(pageOf(to(place)), signal);
    expect(bodyOf().channel).toBe(place);
  });

  test('a webhook mentions a user in its own channel', async () => {
    await hook().send(pageOf(to('U024BE7LH')), signal);
    expect(bodyOf().text).toBe('<@U024BE7LH> CRITICAL: checkout answers slowly');
    expect(bodyOf().channel).toBeUndefined();
  });

  test.each([
    [bot, '<!channel>'],
    [bot, 'ada@example.org'],
    [hook, 'C024BE7LR'],
    [hook, '#ops'],
    [hook, 'U1> <!channel'],
  ] as const)('refuses what is no place, before anything is sent', async (make, place) => {
    const before = slack.requests.length;
    await expect(make().send(pageOf(to(place)), signal)).rejects.toMatchObject({
      code: 'PageRejected',
    });
    expect(slack.requests).toHaveLength(before);
  });
});

describe('the Web API, which says no with status 200,', () => {
  const answer = (body: object): void =>
    slack.misbehave({ kind: 'answer', status: 200, body: JSON.stringify(body) });

  test.each([
    ['invalid_auth', 'PageRejected', false],
    ['channel_not_found', 'PageRejected', false],
    ['not_in_channel', 'PageRejected', false],
    ['msg_too_long', 'PageRejected', false],
    ['what nobody knows', 'PageRejected', false],
    ['ratelimited', 'PageUndelivered', false],
    ['service_unavailable', 'PageUndelivered', false],
    ['internal_error', 'PageUndelivered', true],
    ['fatal_error', 'PageUndelivered', true],
  ])('fails with %s', async (error, code, isUnknown) => {
    answer({ ok: false, error });
    await expect(bot().send(pageOf(), signal)).rejects.toMatchObject({
      code,
      isUnknown,
      message: `Slack answered ${error}`,
    });
  });

  test.each([{ ok: true }, { ok: true, channel: 'C1' }, { ok: true, channel: '../x', ts: '1.2' }])(
    'has taken a page without a place: %j',
    async (body) => {
      answer(body);
      await expect(bot().send(pageOf(), signal)).rejects.toMatchObject({
        code: 'PageUndelivered',
        isUnknown: true,
      });
    },
  );

  test('knows a wrong token before any page is sent', async () => {
    slack.misbehave({
      kind: 'answer',
      status: 200,
      body: JSON.stringify({ ok: false, error: 'token_revoked' }),
    });
    await expect(bot().check(signal)).rejects.toMatchObject({ code: 'PageRejected' });
  });
});

describe('an update', () => {
  beforeEach(() => expect(slack.problems).toEqual([]));

  test('changes the message, its colour and its buttons', async () => {
    const { handle = '' } = await bot(BUTTONS).send(pageOf(), signal);
    expect(handle).toMatch(/^C0BYNAME\/\d+\.\d+$/);
    await bot(BUTTONS).update(resolved(), handle, signal);
    const shown = slack.shown.at(-1);
    expect(shown).toMatchObject({ updates: 1, content: { attachments: [{ color: '#2eb67d' }] } });
    expect(shown?.content.text).toBe('RESOLVED: checkout answers slowly');
  });

  test('of a message that is gone is rejected', async () => {
    await expect(bot().update(resolved(), 'C0GONE/1.2', signal)).rejects.toMatchObject({
      code: 'PageRejected',
      message: 'Slack answered message_not_found',
    });
  });
});

test('a repeat says that it may be one', async () => {
  await bot().send(pageOf({ maybeRepeated: true }), signal);
  expect(JSON.stringify(bodyOf().blocks)).toContain('This may have arrived before');
  await bot().send(pageOf(), signal);
  expect(JSON.stringify(bodyOf().blocks)).not.toContain('This may have arrived before');
});

test('the pretended Slack tells who saw a page twice', async () => {
  const page = pageOf({ dedupKey: 'incident/twice/1' });
  await bot().send(page, signal);
  expect(slack.duplicates()).not.toContain(page.dedupKey);
  await bot().send(page, signal);
  expect(slack.duplicates()).toContain(page.dedupKey);
});

test('a webhook whose address Slack does not know is rejected by the check', async () => {
  slack.misbehave({ kind: 'answer', status: 404, body: 'no_service' });
  await expect(hook().check(signal)).rejects.toMatchObject({ code: 'PageRejected' });
  expect(await hook().check(signal)).toBe('Slack knows the incoming webhook');
});
