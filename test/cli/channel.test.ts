import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type PretendPagerDuty, startPretendPagerDuty } from '../../src/dev/pretend/pagerduty.ts';
import { type PretendSlack, startPretendSlack } from '../../src/dev/pretend/slack.ts';
import { closedPort } from '../support/local-server.ts';
import { run } from './run-cli.ts';

const TOKEN = 'xoxb-canary-9d1f7c0e52';
const SIGNING = 'canary-signing-77ab03';
const ROUTING = 'canary0routing0canary0routing0ca';
const PATH = '/services/T0CANARY/B0CANARY/canaryPathSecret';
const NOW_MS = Date.parse('2026-01-05T10:00:00Z');

let slack: PretendSlack;
let pagerduty: PretendPagerDuty;
let nowhere: number;

beforeAll(async () => {
  slack = await startPretendSlack({ botToken: TOKEN, signingSecret: SIGNING, webhookPath: PATH });
  pagerduty = await startPretendPagerDuty({ routingKey: ROUTING, webhookSecret: SIGNING });
  nowhere = await closedPort();
});
afterAll(() => Promise.all([slack.close(), pagerduty.close()]));

let before: { readonly slack: number; readonly pagerduty: number };
beforeEach(() => {
  before = { slack: slack.shown.length, pagerduty: pagerduty.shown.length };
});

const pagingFile = (): string => `
people:
  ada: { contacts: { chat: { channel: bot, to: U024BE7LH } } }
channels:
  bot:
    type: slack
    bot_token: { env: TOKEN }
    channel: '#ops'
    signing_secret: { env: SIGNING }
    url: ${slack.apiUrl}
    fallback: pager
  hook: { type: slack, webhook_url: { env: HOOK } }
  pager: { type: pagerduty, routing_key: { env: ROUTING }, url: ${pagerduty.url}/v2/enqueue }
  away: { type: webhook, url: 'http://127.0.0.1:${nowhere}/', signing_secret: { file: /run/none } }
  mail: { type: email, host: mail.example.org, from: belay@example.org }
  out: { type: log }
policies: { p: { levels: [{ targets: [{ channel: bot }] }] } }
last_resort: [out]
`;

/** Runs it, and makes sure that no secret is in what it printed. */
async function channel(args: readonly string[], without: readonly string[] = []) {
  const secrets = { TOKEN, SIGNING, ROUTING, HOOK: slack.webhookUrl };
  const environment = Object.fromEntries(
    Object.entries(secrets).filter(([name]) => !without.includes(name)),
  );
  const files = { '/srv/paging.yaml': pagingFile() };
  const ran = await run(['channel', ...args], { files, environment, nowMs: NOW_MS });
  for (const secret of [TOKEN, SIGNING, ROUTING, PATH]) {
    expect(ran.out + ran.err).not.toContain(secret);
  }
  expect(ran.connected).toBe(0);
  return ran;
}

describe('channel test', () => {
  test('asks a bot of Slack, sends a page, and shows its end in the same message', async () => {
    const { code, out, err } = await channel(['test', 'bot']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')).toEqual([
      'check      ok  Slack knows the bot token; that it may post to the channel, only a page shows',
      expect.stringMatching(/^test page {2}ok {2}ts \d+\.\d+$/),
      expect.stringMatching(/^its end {4}ok {2}ts \d+\.\d+$/),
      'bot took the test page: look whether it has arrived',
      '',
    ]);
    expect(slack.shown.length).toBe(before.slack + 1);
    expect(slack.shown.at(-1)).toMatchObject({ channel: 'C0BYNAME', updates: 1 });
    expect(JSON.stringify(slack.shown.at(-1)?.content)).toContain('Test of the channel bot');
    expect(slack.problems).toEqual([]);
  });

  test('sends the end as a message of its own where none can be changed', async () => {
    const { code } = await channel(['test', 'hook']);
    expect(code).toBe(0);
    expect(slack.shown.length).toBe(before.slack + 2);
  });

  test('leaves no incident open with PagerDuty, and tells the steps as JSON', async () => {
    const { code, out } = await channel(['test', 'pager', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      channel: 'pager',
      type: 'pagerduty',
      steps: [
        { step: 'check', outcome: 'ok' },
        { step: 'page', outcome: 'ok' },
        { step: 'end', outcome: 'ok' },
      ],
    });
    expect(pagerduty.shown.length).toBe(before.pagerduty + 1);
    expect(pagerduty.shown.at(-1)).toMatchObject({ status: 'resolved' });
    expect(pagerduty.problems).toEqual([]);
  });

  test('goes to the address that a person has in the channel, or that is named', async () => {
    await channel(['test', 'bot', '--person', 'ada']);
    expect(slack.shown.at(-1)).toMatchObject({ channel: 'D024BE7LH' });
    await channel(['test', 'bot', '--to', 'C0NIGHT1']);
    expect(slack.shown.at(-1)).toMatchObject({ channel: 'C0NIGHT1' });
  });

  test('with --check sends nothing', async () => {
    const { code, out } = await channel(['test', 'bot', '--check']);
    expect(code).toBe(0);
    expect(out).toContain('bot was only asked: without --check a test page is sent\n');
    expect(slack.shown.length).toBe(before.slack);
  });

  test('writes the lines of a log, which with JSON are no part of it', async () => {
    const text = await channel(['test', 'out']);
    expect(text.out).toContain('"kind":"page"');
    const { out, err } = await channel(['test', 'out', '--json']);
    expect(JSON.parse(out)).toMatchObject({ channel: 'out' });
    expect(err).toContain('"kind":"page"');
  });

  test('says which secret is not there, and sends nothing', async () => {
    const { code, out } = await channel(['test', 'bot'], ['TOKEN']);
    expect(code).toBe(1);
    expect(out).toContain("check  PageRejected  the worker's environment has no TOKEN\n");
    expect(out).toContain('bot cannot page now; nothing was sent\n');
    expect(slack.shown.length).toBe(before.slack);
    const file = await channel(['test', 'away', '--json']);
    expect(JSON.parse(file.out)).toMatchObject({
      steps: [
        { outcome: 'failed', code: 'PageRejected', text: expect.stringContaining('/run/none') },
      ],
    });
  });

  test('says what a provider refuses, although it echoes a secret', async () => {
    slack.misbehave({ kind: 'answer', status: 401, body: `no such token: ${TOKEN}` });
    const { code, out } = await channel(['test', 'bot']);
    expect(code).toBe(1);
    expect(out).toContain('check  PageRejected  Slack answered with status 401');
    expect(out).toContain('[secret]');
  });

  test('says that a page may have arrived whose answer was lost', async () => {
    // The check of PagerDuty asks for nothing that it would have to answer: see its page.
    pagerduty.misbehave({ kind: 'answer', status: 405, body: '' });
    pagerduty.misbehave({ kind: 'cut', when: 'after' });
    const { code, out } = await channel(['test', 'pager']);
    expect(code).toBe(1);
    expect(out).toMatch(/test page +PageUndelivered/);
    expect(out).toContain('pager gave no answer: the page may have arrived, look for it\n');
  });

  test.each([
    [['bott'], /has no channel "bott": did you mean bot\?/],
    [['bot', '--to', 'ops'], /--to: a place in Slack is an id, like U024BE7LH, or #name/],
    [['pager', '--to', 'x'], /--to: a pagerduty channel has one receiver and no addresses/],
    [['mail'], /--to: the channel has no address of its own/],
    [['hook', '--person', 'ada'], /--person: ada has no contact in hook/],
    [['bot', '--person', 'eve'], /--person: eve has no contact in bot/],
    [['bot', '--person', 'ada', '--to', '#x'], /--to and --person exclude each other/],
  ])('%j is a wrong usage', async (args, message) => {
    const { code, err } = await channel(['test', ...args]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

describe('channel list', () => {
  test('has every channel, with the places of its secrets and no value', async () => {
    const { code, out } = await channel(['list']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'channel  type       fallback  budget              answers  secrets',
      'bot      slack      pager     1/s, burst 3        yes      env TOKEN, env SIGNING',
      'hook     slack      –         1/s, burst 3        no       env HOOK',
      'pager    pagerduty  –         1.5/s, burst 30     no       env ROUTING',
      'away     webhook    –         10/s, burst 50      no       /run/none',
      'mail     email      –         5/s, burst 20       no',
      'out      log        –         1000/s, burst 1000  no',
      '',
    ]);
    const json = await channel(['list', '--json']);
    expect(JSON.parse(json.out)).toContainEqual({
      name: 'bot',
      type: 'slack',
      fallback: 'pager',
      rate: { perSecond: 1, burst: 3 },
      can: { dropsRepeats: false, updates: true, answers: true },
      secrets: [
        { kind: 'env', name: 'TOKEN' },
        { kind: 'env', name: 'SIGNING' },
      ],
    });
  });
});
