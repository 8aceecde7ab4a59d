import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channel } from '../../../src/domain/paging/channel.schema.ts';
import type { Page } from '../../../src/domain/paging/page.ts';
import type { PageChannel } from '../../../src/providers/page/page-channel.ts';
import { createPageChannels } from '../../../src/providers/page/registry.ts';
import { HOSTILE, acknowledged, pageOf, resolved } from '../../support/pages.ts';
import { type PretendDiscord, startPretendDiscord } from '../../support/pretend-discord.ts';
import { type PretendOpsgenie, startPretendOpsgenie } from '../../support/pretend-opsgenie.ts';
import { type PretendTeams, startPretendTeams } from '../../support/pretend-teams.ts';

const { signal } = new AbortController();

let opsgenie: PretendOpsgenie;
let discord: PretendDiscord;
let teams: PretendTeams;
beforeAll(async () => {
  opsgenie = await startPretendOpsgenie('key');
  discord = await startPretendDiscord('/api/webhooks/1/token');
  teams = await startPretendTeams('/workflows/1');
});
afterAll(async () => {
  for (const server of [opsgenie, discord, teams]) await server.close();
});

function channelOf(written: object, secret: string): PageChannel {
  const create = createPageChannels({
    secret: () => secret,
    write: () => undefined,
    nowMs: () => 0,
    newId: () => 'id',
  });
  return create('ops', channel.parse(written));
}

describe('opsgenie', () => {
  const genie = (key = 'key'): PageChannel =>
    channelOf(
      {
        type: 'opsgenie',
        api_key: { env: 'KEY' },
        responders: [
          { type: 'team', name: 'platform' },
          { type: 'user', name: 'ada@example.org' },
        ],
        url: opsgenie.url,
      },
      key,
    );

  test('gets a page as this alert', async () => {
    const { receipt, handle } = await genie().send(pageOf(), signal);
    expect(receipt).toBe('request 43a29c5c-3dbf-4fa4-9c26-f4f71023e120');
    expect(handle).toBe('3f9ac0ffee');
    expect(opsgenie.shown.at(-1)).toMatchObject({
      status: 'open',
      count: 1,
      created: {
        message: 'checkout answers slowly',
        alias: '3f9ac0ffee',
        description:
          'p95 is 900 ms, limit 250 ms\nsince 12:04\n\n' +
          'Release 6: https://belay.example.org/release/checkout/6',
        responders: [
          { type: 'team', name: 'platform' },
          { type: 'user', username: 'ada@example.org' },
        ],
        details: { Severity: 'critical', service: 'checkout', Incident: 'incident/3f9a' },
        tags: ['belay'],
        source: 'checkout',
        priority: 'P1',
      },
    });
  });

  test.each([
    ['critical', 'P1'],
    ['error', 'P2'],
    ['warning', 'P3'],
    ['info', 'P5'],
  ] as const)('shows what is %s as %s', async (severity, priority) => {
    await genie().send(pageOf({}, { severity, key: severity }), signal);
    expect(opsgenie.shown.at(-1)?.created.priority).toBe(priority);
  });

  test('calls the person that a page is for', async () => {
    await genie().send(pageOf({ to: 'bob@example.org' }, { key: 'bob' }), signal);
    expect(opsgenie.shown.at(-1)?.created.responders).toEqual([
      { type: 'user', username: 'bob@example.org' },
    ]);
  });

  test('counts a repeat, is acknowledged and closed by the alias, whatever is in it', async () => {
    const key = 'a/b?c d';
    const of = (page: Page): Page => ({ ...page, incident: { ...page.incident, key } });
    await genie().send(of(pageOf()), signal);
    await genie().send(of(pageOf()), signal);
    expect(opsgenie.shown.at(-1)).toMatchObject({ alias: key, count: 2 });
    await genie().update(of(acknowledged()), key, signal);
    expect(opsgenie.shown.at(-1)?.status).toBe('acknowledged');
    expect(JSON.parse(opsgenie.requests.at(-1)?.body ?? '')).toEqual({
      source: 'Belay',
      user: 'ada',
      note: 'ACKNOWLEDGED: checkout answers slowly',
    });
    await genie().send(of(resolved()), signal);
    expect(opsgenie.shown.at(-1)?.status).toBe('closed');
  });

  test('says whether it knows the key', async () => {
    expect(await genie().check(signal)).toBe('Opsgenie knows the API key');
    await expect(genie('wrong').check(signal)).rejects.toMatchObject({ code: 'PageRejected' });
    opsgenie.misbehave({ kind: 'answer', status: 403, body: '' });
    expect(await genie().check(signal)).toContain('may not read alerts');
  });
});

describe('discord', () => {
  const chat = (): PageChannel =>
    channelOf({ type: 'discord', webhook_url: { env: 'URL' } }, discord.webhookUrl);

  test('gets a page as this message', async () => {
    const { handle } = await chat().send(pageOf(), signal);
    expect(handle).toBe(discord.shown.at(-1)?.id);
    expect(discord.requests.at(-1)?.path).toBe('/api/webhooks/1/token?wait=true');
    expect(JSON.parse(discord.requests.at(-1)?.body ?? '')).toMatchObject({
      username: 'Belay',
      content: '',
      allowed_mentions: { parse: [] },
      embeds: [
        {
          title: String.raw`CRITICAL\: checkout answers slowly`,
          description: 'p95 is 900 ms, limit 250 ms\nsince 12\\:04',
          color: 0xa3_02_00,
          url: 'https://belay.example.org/release/checkout/6',
          timestamp: '2026-11-24T11:31:44.254Z',
          footer: { text: 'Belay · incident/3f9a' },
        },
      ],
    });
  });

  test.each([
    [
      '123456789',
      { content: '<@123456789>', allowed_mentions: { parse: [], users: ['123456789'] } },
    ],
    ['role:123456', { content: '<@&123456>', allowed_mentions: { parse: [], roles: ['123456'] } }],
  ])('mentions %s, and nobody else', async (to, expected) => {
    await chat().send(pageOf({ to }, { text: '@everyone <@987654321>' }), signal);
    expect(JSON.parse(discord.requests.at(-1)?.body ?? '')).toMatchObject(expected);
    expect(discord.shown.at(-1)?.embed.description).toBe(String.raw`\@everyone \<\@987654321\>`);
  });

  test('changes a message, and keeps the thread that the address names', async () => {
    const threaded = channelOf(
      { type: 'discord', webhook_url: { env: 'URL' } },
      `${discord.webhookUrl}?thread_id=5`,
    );
    const { handle = '' } = await threaded.send(pageOf(), signal);
    expect(discord.requests.at(-1)?.path).toBe('/api/webhooks/1/token?thread_id=5&wait=true');
    await threaded.update(resolved(), handle, signal);
    expect(discord.requests.at(-1)).toMatchObject({
      method: 'PATCH',
      path: `/api/webhooks/1/token/messages/${handle}?thread_id=5`,
    });
    expect(discord.shown.at(-1)).toMatchObject({
      updates: 1,
      embed: { title: String.raw`RESOLVED\: checkout answers slowly`, color: 0x2e_b6_7d },
    });
  });

  test.each(['', '../../../secrets', '1/2', '12345?x=y'])(
    'takes %j for no handle',
    async (handle) => {
      const before = discord.requests.length;
      await expect(chat().update(resolved(), handle, signal)).rejects.toMatchObject({
        code: 'PageRejected',
      });
      expect(discord.requests).toHaveLength(before);
    },
  );
});

describe('teams', () => {
  const chat = (): PageChannel =>
    channelOf({ type: 'teams', webhook_url: { env: 'URL' } }, teams.webhookUrl);
  const card = () => teams.shown.at(-1)?.attachments[0]?.content;

  test('gets a page as this card', async () => {
    await chat().send(pageOf(), signal);
    expect(card()?.body.slice(0, 3)).toEqual([
      {
        type: 'RichTextBlock',
        inlines: [
          {
            type: 'TextRun',
            text: 'CRITICAL: checkout answers slowly',
            weight: 'bolder',
            size: 'large',
            color: 'attention',
          },
        ],
      },
      {
        type: 'RichTextBlock',
        inlines: [{ type: 'TextRun', text: 'p95 is 900 ms, limit 250 ms\nsince 12:04' }],
      },
      {
        type: 'RichTextBlock',
        inlines: [
          { type: 'TextRun', text: 'Severity: ', weight: 'bolder' },
          { type: 'TextRun', text: 'critical' },
        ],
      },
    ]);
    expect(card()?.actions).toEqual([
      {
        type: 'Action.OpenUrl',
        title: 'Release 6',
        url: 'https://belay.example.org/release/checkout/6',
      },
    ]);
    expect(card()?.msteams.entities).toEqual([]);
  });

  test('mentions the person that a page is for', async () => {
    await chat().send(pageOf({ to: 'ada@example.org', who: 'Ada </at><at>Everyone' }), signal);
    const [mention] = card()?.msteams.entities ?? [];
    expect(mention?.mentioned.id).toBe('ada@example.org');
    expect(mention?.text).toBe(`<at>${mention?.mentioned.name}</at>`);
  });

  test.each(HOSTILE)('gets %s only as runs of rich text, in 28 KB', async (_, incident) => {
    const page = pageOf({ to: 'ada@example.org', who: incident.title }, incident);
    await chat().send(page, signal);
    expect(teams.problems).toEqual([]);
    const [first, ...rest] = card()?.body ?? [];
    expect(first?.type).toBe('TextBlock');
    expect(rest.every(({ type }) => type === 'RichTextBlock')).toBe(true);
  });

  test('says no more than that it is reachable', async () => {
    expect(await chat().check(signal)).toContain('reachable');
    expect(teams.requests.at(-1)?.method).toBe('HEAD');
  });
});
