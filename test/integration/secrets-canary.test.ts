import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { runCli } from '../../src/cli/program.ts';
import { createBelayClient } from '../../src/client/client.ts';
import { type PretendPagerDuty, startPretendPagerDuty } from '../../src/dev/pretend/pagerduty.ts';
import { type PretendSlack, startPretendSlack } from '../../src/dev/pretend/slack.ts';
import type { IncidentView } from '../../src/domain/escalation/incident.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';
import { type PagingStack, startPagingStack } from '../support/paging-stack.ts';
import { poll } from '../support/poll.ts';
import { type PretendDiscord, startPretendDiscord } from '../support/pretend-discord.ts';
import { unpacked } from '../support/unpacked.ts';
import { SMTP_USER, type SmtpServer, startSmtpServer } from '../support/smtp-server.ts';

/** What each secret has in it; `word` is found nowhere else. */
const CANARIES = {
  SLACK_BOT: 'xoxb-kolibri-bot',
  SLACK_SIGNING: 'kolibri-slack-signing',
  SLACK_HOOK: 'kolibri-slack-hook',
  PD_ROUTING: 'kolibriRoutingKey0123456789abcde',
  PD_WEBHOOK: 'kolibri-pagerduty-webhook',
  PD_REFUSED: 'kolibriRefusedKey0123456789abcde',
  MAIL: 'kolibri-mail-password',
  MAIL_WRONG: 'kolibri-wrong-password',
  HOOK_PATH: 'kolibri-webhook-path',
  HOOK_SIGNING: 'kolibri-webhook-signing',
  HOOK_HEADER: 'kolibri-webhook-header',
  OPSGENIE: 'kolibri-opsgenie-key',
  DISCORD: 'kolibri-discord-path',
  DISCORD_REFUSED: 'kolibri-discord-refused',
  TEAMS: 'kolibri-teams-path',
} as const;
const WORD = /kolibri/i;

/** Every form in which one of them would be found again. */
function formsIn(text: string): readonly string[] {
  return Object.entries(CANARIES)
    .filter(([, canary]) => {
      const bytes = Buffer.from(canary);
      // Within something longer its base64 begins at any of three places.
      const base64 = [0, 1, 2].map((at) =>
        Buffer.concat([Buffer.alloc(at), bytes])
          .toString('base64')
          .slice(4, -4),
      );
      const forms = [canary, encodeURIComponent(canary), bytes.toString('hex'), ...base64];
      return forms.some((form) => text.toLowerCase().includes(form.toLowerCase()));
    })
    .map(([name]) => name);
}

/** Everything that can be read in it, bytes as text. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsIn(inner)]);
}

const WITHIN_MS = 60_000;
const BY = { who: 'monitor', why: 'its alert fires' };
const folder = mkdtempSync(join(tmpdir(), 'belay-canaries-'));

let echo: LocalServer;
let slack: PretendSlack;
let pagerDuty: PretendPagerDuty;
let discord: PretendDiscord;
let smtp: SmtpServer;
let stack: PagingStack;

beforeAll(async () => {
  // What a provider in trouble says may be all that it was told.
  echo = await startHttp(({ method, path, headers, body }, response) => {
    const status = path.includes('teams') ? 500 : 422;
    response.writeHead(status, { 'content-type': 'text/plain' });
    response.end(`cannot ${method} ${path} ${JSON.stringify(headers)} ${body.slice(0, 2000)}`);
  });
  slack = await startPretendSlack({
    botToken: CANARIES.SLACK_BOT,
    signingSecret: CANARIES.SLACK_SIGNING,
  });
  pagerDuty = await startPretendPagerDuty({
    routingKey: CANARIES.PD_ROUTING,
    webhookSecret: CANARIES.PD_WEBHOOK,
  });
  discord = await startPretendDiscord(`/api/webhooks/1/${CANARIES.DISCORD}`);
  smtp = await startSmtpServer(CANARIES.MAIL);
  const file = join(folder, 'password');
  writeFileSync(file, CANARIES.MAIL);
  stack = await startPagingStack(pagingOf(file), {
    ...CANARIES,
    SLACK_HOOK: `${echo.url}/services/${CANARIES.SLACK_HOOK}`,
    HOOK_PATH: `${echo.url}/${CANARIES.HOOK_PATH}`,
    DISCORD: `${discord.url}/api/webhooks/1/${CANARIES.DISCORD}`,
    DISCORD_REFUSED: `${echo.url}/api/webhooks/1/${CANARIES.DISCORD_REFUSED}`,
    TEAMS: `${echo.url}/teams/${CANARIES.TEAMS}`,
  });
  await stack.startWorker();
}, 240_000);
afterAll(async () => {
  await stack?.close();
  for (const server of [echo, slack, pagerDuty, discord, smtp]) await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

function pagingOf(passwordFile: string): PagingDocument {
  const mail = {
    type: 'email' as const,
    ...{ host: '127.0.0.1', port: smtp.ports.starttls, ca_file: smtp.caFile },
    ...{ username: SMTP_USER, from: 'belay@example.org', to: ['ops@example.org'] },
  };
  const channels: PagingDocument['channels'] = {
    slack: {
      ...{ type: 'slack', channel: '#ops', url: slack.apiUrl },
      ...{ bot_token: { env: 'SLACK_BOT' }, signing_secret: { env: 'SLACK_SIGNING' } },
    },
    'slack-refused': { type: 'slack', webhook_url: { env: 'SLACK_HOOK' } },
    pager: {
      ...{ type: 'pagerduty', url: pagerDuty.enqueueUrl },
      ...{ routing_key: { env: 'PD_ROUTING' }, webhook_secret: { env: 'PD_WEBHOOK' } },
    },
    'pager-refused': {
      ...{ type: 'pagerduty', url: `${echo.url}/enqueue`, routing_key: { env: 'PD_REFUSED' } },
    },
    mail: { ...mail, password: { file: passwordFile } },
    'mail-refused': { ...mail, password: { env: 'MAIL_WRONG' } },
    hook: {
      ...{ type: 'webhook', url: { env: 'HOOK_PATH' }, signing_secret: { env: 'HOOK_SIGNING' } },
      headers: { 'x-key': { env: 'HOOK_HEADER' } },
    },
    opsgenie: { type: 'opsgenie', url: echo.url, api_key: { env: 'OPSGENIE' } },
    discord: { type: 'discord', webhook_url: { env: 'DISCORD' } },
    'discord-refused': { type: 'discord', webhook_url: { env: 'DISCORD_REFUSED' } },
    teams: { type: 'teams', webhook_url: { env: 'TEAMS' } },
    siren: { type: 'log' },
  };
  const targets = Object.keys(channels).map((channel) => ({ channel }));
  return {
    channels,
    policies: { all: { levels: [{ wait: '1h', targets }], send_for: '15s' } },
    last_resort: ['siren'],
  };
}

const STATES: Readonly<Record<string, string>> = {
  ...{ slack: 'accepted', pager: 'accepted', mail: 'accepted', discord: 'accepted' },
  ...{ siren: 'accepted', 'slack-refused': 'failed', 'pager-refused': 'failed' },
  ...{ 'mail-refused': 'failed', hook: 'failed', opsgenie: 'failed', 'discord-refused': 'failed' },
};

/** All but the one that is tried again and again. */
const settled = ({ ledger }: IncidentView): boolean =>
  Object.entries(STATES).every(([channel, state]) =>
    ledger.some((entry) => entry.channel === channel && entry.state === state),
  );

/** What the command line prints. */
async function printedBy(args: readonly string[]): Promise<string> {
  let printed = '';
  await runCli(args, {
    connect: () => createBelayClient({ address: stack.temporal.address }),
    ...{ user: 'ann', cwd: '/', isTty: false, colors: false, columns: undefined },
    out: (text) => (printed += text),
    err: (text) => (printed += text),
    now: Date.now,
    pause: async () => undefined,
    writeNewFile: () => undefined,
    readFile: () => '',
    readInput: async () => '',
    variable: () => undefined,
  });
  return printed;
}

describe('the secrets of every channel', () => {
  let id: string;
  const seen = new Map<string, string>();

  beforeAll(async () => {
    const opened = await stack.client.incidents.open({ ...BY, policy: 'all', title: 'a wren' });
    id = opened.id;
    await stack.until(id, settled);
    const answers = await stack.startAnswers();
    const { rawBody, headers } = slack.click({
      ts: slack.shown[0]?.ts ?? '',
      button: 'belay_acknowledge',
      user: { id: 'U0BOB' },
      nowMs: Date.now(),
    });
    const connection = await Connection.connect({ address: stack.temporal.address });
    const handle = new Client({ connection, dataConverter }).workflow.getHandle(id);
    seen.set(
      'the workflow as it stands',
      textsIn(await unpacked((await handle.describe()).raw)).join('\n'),
    );
    await fetch(`${answers.url}/slack`, { method: 'POST', body: rawBody, headers });
    await fetch(`${answers.url}/slack`, { method: 'POST', body: rawBody });
    await fetch(`${answers.url}/pagerduty`, { method: 'POST', body: '{}' });
    await stack.until(id, ({ ledger, status }) => {
      const isOver = ledger.every(({ state }) => state !== 'sending');
      return status === 'acknowledged' && isOver;
    });
    // The messages say so as well: that is another call of each provider.
    await poll(WITHIN_MS, async () => {
      const updates = [slack.shown[0]?.updates, discord.shown[0]?.updates];
      return updates.every((count) => count === 1) ? updates : undefined;
    });
    const cli = [
      await printedBy(['incident', 'show', id]),
      await printedBy(['incident', 'show', id, '--json']),
      await printedBy(['incident', 'list', '--json']),
      await printedBy(['incident', 'ack', id, '--why', 'a wren, too late']),
      await printedBy(['incident', 'resolve', id, '--why', 'the wren has flown']),
      await printedBy(['incident', 'watch', id]),
    ];
    seen.set('the command line', cli.join('\n'));
    await stack.client.incidents.result(id);
    seen.set('the history', textsIn(await unpacked(await handle.fetchHistory())).join('\n'));
    await connection.close();
    seen.set('the logs of the worker and of the answers', stack.printed());
    const counted = await (await fetch(`${answers.metrics}/metrics`)).text();
    seen.set('the metrics', `${await stack.metricsOfWorker()}\n${counted}`);
  }, 120_000);

  test('were used: each that is sent has come to its provider', () => {
    const received = [...echo.received, ...slack.requests, ...pagerDuty.requests];
    const text = textsIn([received, discord.requests]).join('\n');
    const notSent = ['SLACK_SIGNING', 'PD_WEBHOOK', 'HOOK_SIGNING', 'MAIL', 'MAIL_WRONG'];
    const wanted = Object.keys(CANARIES).filter((name) => !notSent.includes(name));
    expect(formsIn(text).toSorted()).toEqual(wanted.toSorted());
    expect(smtp.taken().map(({ user }) => user)).toContain(SMTP_USER);
    expect(slack.problems).toEqual([]);
  });

  test.each([
    ['the workflow as it stands', 'a wren'],
    ['the command line', 'U0BOB was first at '],
    ['the history', 'clicked acknowledge in Slack'],
    ['the history', '[secret]'],
    ['the logs of the worker and of the answers', '"kind":"answer"'],
    ['the logs of the worker and of the answers', '"kind":"page"'],
    ['the metrics', 'belay_pages_total'],
    ['the metrics', 'belay_answers_total{source="slack",result="applied"} 1'],
  ])('are not in %s, where %j is found', (where, there) => {
    const text = seen.get(where) ?? '';
    expect(text).toContain(there);
    expect(formsIn(text)).toEqual([]);
    expect(WORD.test(text)).toBe(false);
  });

  test('would have been found: in bytes, in base64 and in a URL', () => {
    const bytes = textsIn({ payload: { data: Buffer.from(`{"x":"${CANARIES.MAIL}"}`) } });
    expect(formsIn(bytes.join(''))).toEqual(['MAIL']);
    for (const before of ['', 'a', 'ab', 'belay:']) {
      const basic = Buffer.from(`${before}${CANARIES.OPSGENIE}`).toString('base64');
      expect(formsIn(`Basic ${basic}`)).toEqual(['OPSGENIE']);
    }
    expect(formsIn(`https://x.example/${CANARIES.TEAMS}?`)).toEqual(['TEAMS']);
  });
});
