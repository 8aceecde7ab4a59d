import { z } from 'zod';
import { rate } from '../release/quantities.schema.ts';
import { callUrl as httpUrl, label } from '../release/gate.schema.ts';
import { EMAIL_ADDRESS } from './address.ts';
import { type Secret, secret } from './secret.schema.ts';

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

const email = z.string().regex(EMAIL_ADDRESS, 'an address is written like ada@example.org');
const oneLine = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'is one line without control characters');

/** What every type has, with the budget that its provider's documents ask for. */
function shared(limit: string, burst: number) {
  return {
    fallback: label.optional().describe('The channel that takes what this one refuses.'),
    rate: z
      .strictObject({
        limit: rate
          .refine((perSecond) => perSecond > 0, 'must be more than 0')
          .prefault(limit)
          .describe('In the long run, of each worker; what is more waits.'),
        burst: z.number().int().min(1).max(1000).default(burst).describe('At once, after a rest.'),
      })
      .prefault({})
      .transform((written) => ({ perSecond: written.limit, burst: written.burst })),
  };
}

const slack = z
  .strictObject({
    type: z.literal('slack'),
    ...shared('1/s', 3),
    webhook_url: secret.optional().describe('Of an incoming webhook; it has one channel.'),
    bot_token: secret.optional().describe('xoxb-…, with the scope chat:write; shows updates.'),
    channel: oneLine(80).optional().describe('With bot_token: an id, or #name.'),
    username: oneLine(80).optional().describe('With the scope chat:write.customize.'),
    icon_emoji: z
      .string()
      .regex(/^:[a-z0-9_+'-]{1,80}:$/, 'an emoji is written like :fire:')
      .optional(),
    signing_secret: secret
      .optional()
      .describe('Of the Slack app: pages get the buttons Acknowledge and Resolve.'),
    url: httpUrl.default('https://slack.com/api').describe('Of the Web API, for bot_token.'),
  })
  .transform(({ webhook_url: url, bot_token: token, channel: place, ...rest }, context) => {
    const via = slackWay(url, token, place);
    if (typeof via === 'string') {
      context.addIssue({ code: 'custom', message: via });
      return z.NEVER;
    }
    return {
      type: rest.type,
      fallback: rest.fallback,
      rate: rest.rate,
      via,
      username: rest.username,
      iconEmoji: rest.icon_emoji,
      signingSecret: rest.signing_secret,
      url: rest.url,
    };
  });

type SlackWay =
  | { readonly kind: 'webhook'; readonly url: Secret }
  | { readonly kind: 'bot'; readonly token: Secret; readonly channel: string };

/** How a page gets into Slack, or what is wrong with the way that is written. */
function slackWay(
  url: Secret | undefined,
  token: Secret | undefined,
  place: string | undefined,
): SlackWay | string {
  if ((url === undefined) === (token === undefined)) {
    return 'a slack channel has either a webhook_url or a bot_token';
  }
  if (url !== undefined) {
    if (place === undefined) return { kind: 'webhook', url };
    return 'an incoming webhook has one channel of its own: leave channel out, or take a bot_token';
  }
  if (token !== undefined && place !== undefined) return { kind: 'bot', token, channel: place };
  return 'a bot_token needs the channel that it posts to';
}

const pagerduty = z
  .strictObject({
    type: z.literal('pagerduty'),
    ...shared('90/m', 30),
    routing_key: secret.describe('Of an integration of type Events API v2.'),
    webhook_secret: secret
      .optional()
      .describe('Of a webhook subscription (v3): what is acknowledged there counts here.'),
    url: httpUrl.default('https://events.pagerduty.com/v2/enqueue'),
  })
  .transform(({ routing_key, webhook_secret, ...rest }) => ({
    ...rest,
    routingKey: routing_key,
    webhookSecret: webhook_secret,
  }));

const mail = z
  .strictObject({
    type: z.literal('email'),
    ...shared('5/s', 20),
    host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, 'a host has no spaces'),
    port: z.number().int().min(1).max(65_535).default(587),
    tls: z
      .enum(['starttls', 'implicit', 'none'])
      .default('starttls')
      .describe('starttls is required of the server, never given up.'),
    ca_file: z
      .string()
      .startsWith('/', 'a path begins with /')
      .optional()
      .describe('PEM; certificates to trust beside those of the system.'),
    username: oneLine(256).optional(),
    password: secret.optional(),
    from: email,
    to: z.array(email).min(1).max(50).optional().describe('Where a page names nobody.'),
  })
  .refine((one) => (one.username === undefined) === (one.password === undefined), {
    message: 'username and password belong together',
    path: ['password'],
  })
  .refine((one) => one.tls !== 'none' || one.password === undefined, {
    message: 'a password is never sent without TLS',
    path: ['tls'],
  })
  .transform(({ ca_file: caFile, ...rest }) => ({ ...rest, caFile }));

const webhook = z
  .strictObject({
    type: z.literal('webhook'),
    ...shared('10/s', 50),
    url: z
      .union([httpUrl, secret], {
        error: 'a URL begins with http:// or https://; or name its place by {env} or {file}',
      })
      .describe('Where its path is a secret, name the place of the whole URL.'),
    signing_secret: secret.optional().describe('For X-Belay-Signature.'),
    headers: z.record(z.string().regex(HEADER), secret).default({}),
    external_url: httpUrl.optional().describe('externalURL of the body.'),
  })
  .transform(({ signing_secret, external_url, ...rest }) => ({
    ...rest,
    signingSecret: signing_secret,
    externalUrl: external_url,
  }));

const opsgenie = z
  .strictObject({
    type: z.literal('opsgenie'),
    ...shared('2/s', 10),
    api_key: secret.describe('Of an API integration.'),
    responders: z
      .array(
        z.strictObject({
          type: z.enum(['team', 'user', 'schedule', 'escalation']),
          name: oneLine(100).describe('Of a user the user name, which is an e-mail address.'),
        }),
      )
      .max(50)
      .default([]),
    url: httpUrl.default('https://api.opsgenie.com').describe('https://api.eu.opsgenie.com in EU.'),
  })
  .transform(({ api_key: apiKey, ...rest }) => ({ ...rest, apiKey }));

const discord = z
  .strictObject({
    type: z.literal('discord'),
    ...shared('25/m', 5),
    webhook_url: secret,
    username: oneLine(80)
      .refine((name) => !/clyde|discord/i.test(name), 'Discord takes no name with this word')
      .default('Belay'),
  })
  .transform(({ webhook_url: webhookUrl, ...rest }) => ({ ...rest, webhookUrl }));

const teams = z
  .strictObject({
    type: z.literal('teams'),
    ...shared('1/s', 4),
    webhook_url: secret.describe('Of a workflow "When a Teams webhook request is received".'),
  })
  .transform(({ webhook_url: webhookUrl, ...rest }) => ({ ...rest, webhookUrl }));

const log = z.strictObject({ type: z.literal('log'), ...shared('1000/s', 1000) });

const memory = z.strictObject({ type: z.literal('memory'), ...shared('1000/s', 1000) });

export const channel = z.discriminatedUnion('type', [
  slack,
  pagerduty,
  mail,
  webhook,
  opsgenie,
  discord,
  teams,
  log,
  memory,
]);

/** The block `channels` of a paging file: every way to reach people, by its name. */
export const channels = z.record(label, channel).superRefine((all, context) => {
  for (const [name, { fallback }] of Object.entries(all)) {
    if (fallback === undefined) continue;
    const message = fallbackProblem(all, name, fallback);
    if (message !== undefined) {
      context.addIssue({ code: 'custom', path: [name, 'fallback'], message });
    }
  }
});

function fallbackProblem(
  all: Readonly<Record<string, { readonly fallback?: string | undefined }>>,
  name: string,
  fallback: string,
): string | undefined {
  if (!Object.hasOwn(all, fallback)) return `there is no channel ${fallback}`;
  const seen = new Set([name]);
  for (let next: string | undefined = fallback; next !== undefined; next = all[next]?.fallback) {
    if (seen.has(next)) return `the fallbacks lead back to ${next}`;
    seen.add(next);
  }
  return undefined;
}

export type ChannelSpec = z.output<typeof channel>;
export type ChannelType = ChannelSpec['type'];
/** The settings of one type. */
export type ChannelSettings<Type extends ChannelType> = Extract<ChannelSpec, { type: Type }>;
