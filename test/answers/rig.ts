import { createHmac } from 'node:crypto';
import type { AnswerDeps } from '../../src/answers/deps.ts';
import { type Answers, startAnswers } from '../../src/answers/answers.ts';
import { createAnswerMetrics } from '../../src/answers/metrics.ts';
import type { Answered, UrgentRequest, UrgentVerb } from '../../src/client/client.ts';
import { startPretendPagerDuty } from '../../src/dev/pretend/pagerduty.ts';
import { type PretendSlack, startPretendSlack } from '../../src/dev/pretend/slack.ts';
import { channel } from '../../src/domain/paging/channel.schema.ts';
import type { Page } from '../../src/domain/paging/page.ts';
import { type Paging, requirePaging } from '../../src/domain/paging/paging-file.ts';
import { createSlackChannel } from '../../src/providers/page/slack.ts';
import { pageOf } from '../support/pages.ts';

export const KEY = '3f9ac0ffee12'.padEnd(64, '0');
export const ID = `incident/${KEY}`;
export const SECRETS = {
  SLACK_BOT: 'xoxb-CANARY-bot',
  SLACK_SIGNING: 'CANARY-slack-signing',
  PD_ROUTING: 'CANARYCANARYCANARYCANARYCANARY12',
  PD_WEBHOOK: 'CANARY-pagerduty-webhook',
} as const;

export interface Asked {
  readonly id: string;
  readonly verb: UrgentVerb;
  readonly request: UrgentRequest;
  readonly withinMs: number | undefined;
}

export type Rig = Awaited<ReturnType<typeof startRig>>;

/** The server that takes answers, between pretended providers and incidents that the test plays. */
export async function startRig() {
  const slack = await startPretendSlack({
    botToken: SECRETS.SLACK_BOT,
    signingSecret: SECRETS.SLACK_SIGNING,
  });
  const pagerDuty = await startPretendPagerDuty({
    routingKey: SECRETS.PD_ROUTING,
    webhookSecret: SECRETS.PD_WEBHOOK,
  });
  const environment = new Map<string, string>(Object.entries(SECRETS));
  const asked: Asked[] = [];
  const lines: string[] = [];
  const world = {
    answer: async (): Promise<Answered> => APPLIED,
    paging: pagingOf(slack) as Paging | undefined,
    nowMs: Date.now,
  };
  const deps: AnswerDeps = {
    incidents: {
      answer: async (id, verb, request, withinMs) => {
        asked.push({ id, verb, request, withinMs });
        return world.answer();
      },
    },
    paging: {
      read: () =>
        world.paging === undefined
          ? { kind: 'unusable', why: 'no policy can be read' }
          : { kind: 'usable', paging: world.paging },
    },
    secret: (name) => environment.get(name),
    nowMs: () => world.nowMs(),
    write: (line) => lines.push(line),
    metrics: createAnswerMetrics(),
  };
  const any = { host: '127.0.0.1', port: 0 };
  const answers: Answers = await startAnswers(deps, { listen: any, metrics: any });
  return {
    ...{ slack, pagerDuty, environment, asked, lines, world, answers },
    /** A message in Slack about the incident, and a click on one of its buttons. */
    async click(button = 'belay_acknowledge', user: { id: string; username?: string } = ADA) {
      const ts = await showPage(slack);
      return slack.click({ ts, button, user, nowMs: world.nowMs() });
    },
    post: (
      path: string,
      sent: { readonly rawBody: string; readonly headers?: Record<string, string> },
    ) =>
      fetch(`${answers.url}${path}`, {
        method: 'POST',
        body: sent.rawBody,
        ...(sent.headers === undefined ? {} : { headers: sent.headers }),
      }),
    metrics: async (): Promise<string> => (await fetch(`${answers.metricsUrl}/metrics`)).text(),
    async close() {
      await answers.close();
      await slack.close();
      await pagerDuty.close();
    },
  };
}

export const APPLIED: Answered = { kind: 'applied', status: 'acknowledged', inFlight: [] };
const ADA = { id: 'U0ADA', username: 'ada.l' };

async function showPage(slack: PretendSlack): Promise<string> {
  const spec = channel.parse({
    ...{ type: 'slack', channel: '#ops', url: slack.apiUrl },
    ...{ bot_token: { env: 'SLACK_BOT' }, signing_secret: { env: 'SLACK_SIGNING' } },
  });
  if (spec.type !== 'slack') throw new Error('it is no slack channel');
  const { incident, ...page } = pageOf();
  const shown: Page = { ...page, incident: { ...incident, id: ID, key: KEY } };
  const port = createSlackChannel(spec, { secret: () => SECRETS.SLACK_BOT });
  await port.send(shown, new AbortController().signal);
  return slack.shown.at(-1)?.ts ?? '';
}

export function pagingOf(slack: PretendSlack): Paging {
  const document = {
    people: {
      bob: { contacts: { chat: { channel: 'chat', to: 'U0BOB' } } },
      eve: { contacts: { chat: { channel: 'chat', to: 'U0SAME' } } },
      eva: { contacts: { chat: { channel: 'chat', to: 'U0SAME' } } },
    },
    channels: {
      chat: {
        ...{ type: 'slack', channel: '#ops', url: slack.apiUrl },
        ...{ bot_token: { env: 'SLACK_BOT' }, signing_secret: { env: 'SLACK_SIGNING' } },
      },
      pager: {
        ...{ type: 'pagerduty', routing_key: { env: 'PD_ROUTING' } },
        webhook_secret: { env: 'PD_WEBHOOK' },
      },
      siren: { type: 'log' },
    },
    policies: {
      night: { levels: [{ wait: '5m', targets: [{ person: 'bob' }] }] },
    },
    last_resort: ['siren'],
  };
  const text = JSON.stringify(document);
  return requirePaging({ text, file: 'paging.json', readFile: () => '' });
}

/** As Slack signs, with whatever secret and at whatever time. */
export function slackSigned(rawBody: string, secret: string, atMs = Date.now()) {
  const timestamp = String(Math.floor(atMs / 1000));
  const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:${rawBody}`);
  return {
    rawBody,
    headers: {
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${hmac.digest('hex')}`,
    },
  };
}

export function pagerDutySigned(rawBody: string, secret: string) {
  const hmac = createHmac('sha256', secret).update(rawBody);
  return { rawBody, headers: { 'x-pagerduty-signature': `v1=${hmac.digest('hex')}` } };
}
