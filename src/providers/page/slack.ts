import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import type { ChannelSettings } from '../../domain/paging/channel.schema.ts';
import type { Secret } from '../../domain/paging/secret.schema.ts';
import { ANSWER_WITHIN_MS, type Answer, exchange, jsonIn, refusal, saidIn } from './exchange.ts';
import type { Delivery, PageChannel } from './page-channel.ts';
import { requireAddress } from './require-address.ts';
import { type SecretPlaces, type Secrets, openSecrets } from './secrets.ts';
import { slackMessage } from './slack-message.ts';

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };
/** Errors of the Web API that a later attempt may not meet. */
const PASSING = new Set(['ratelimited', 'rate_limited', 'service_unavailable', 'request_timeout']);
/** "It's possible some aspect of the operation succeeded before the error was raised." */
const UNKNOWN = new Set(['internal_error', 'fatal_error']);
/** What an incoming webhook says to a message without content: it knows its own address. */
const EMPTY_REFUSED = /no_text|invalid_payload|missing_text_or_fallback_or_attachments/;
const HANDLE = /^([A-Z0-9]{1,40})\/(\d{1,20}\.\d{1,20})$/;
const NO_MESSAGE = 'Slack: the handle names no message';

type SlackSettings = ChannelSettings<'slack'>;

interface SlackDeps extends SecretPlaces {
  readonly answerWithinMs?: number | undefined;
}

/** Slack by its Web API, where messages can be changed later, or by an incoming webhook. */
export function createSlackChannel(spec: SlackSettings, deps: SlackDeps): PageChannel {
  const { via } = spec;
  switch (via.kind) {
    case 'bot':
      return createBotChannel(spec, via, deps);
    case 'webhook':
      return createWebhookChannel(spec, via.url, deps);
    default:
      return via satisfies never;
  }
}

const answered = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  channel: z.string().optional(),
  ts: z.string().optional(),
});

function createBotChannel(
  spec: SlackSettings,
  { token, channel: ownPlace }: { readonly token: Secret; readonly channel: string },
  { answerWithinMs = ANSWER_WITHIN_MS, ...places }: SlackDeps,
): PageChannel {
  const hasButtons = spec.signingSecret !== undefined;

  async function call(
    method: 'auth.test' | 'chat.postMessage' | 'chat.update',
    body: object,
    signal: AbortSignal,
  ): Promise<z.output<typeof answered>> {
    const secrets = openSecrets(places);
    const url = `${spec.url.replace(/\/$/, '')}/${method}`;
    const headers = { ...JSON_HEADERS, authorization: `Bearer ${secrets.read(token)}` };
    const question = { provider: 'Slack', method: 'POST', url, headers } as const;
    const limits = { answerWithinMs, signal };
    const sent = { ...question, body: JSON.stringify(body) };
    return takeAnswer(await exchange(sent, secrets, limits), secrets);
  }

  return {
    can: { dropsRepeats: false, updates: true, answers: hasButtons },
    async send(page, signal) {
      requireAddress(spec, page.to);
      const message = slackMessage(page, { hasButtons, mention: undefined });
      const body = { channel: page.to ?? ownPlace, ...senderOf(spec), ...message };
      return deliveryOf(await call('chat.postMessage', body, signal));
    },
    async update(page, handle, signal) {
      const [, channel, ts] = HANDLE.exec(handle) ?? [];
      if (channel === undefined) throw new Failure('PageRejected', NO_MESSAGE);
      const message = slackMessage(page, { hasButtons, mention: undefined });
      return deliveryOf(await call('chat.update', { channel, ts, ...message }, signal));
    },
    async check(signal) {
      requireSecret(spec.signingSecret, places);
      await call('auth.test', {}, signal);
      return 'Slack knows the bot token; that it may post to the channel, only a page shows';
    },
  };
}

function createWebhookChannel(
  spec: SlackSettings,
  url: Secret,
  { answerWithinMs = ANSWER_WITHIN_MS, ...places }: SlackDeps,
): PageChannel {
  const hasButtons = spec.signingSecret !== undefined;
  async function post(body: object, secrets: Secrets, signal: AbortSignal): Promise<Answer> {
    const question = { provider: 'Slack', method: 'POST', url: secrets.read(url) } as const;
    return exchange({ ...question, headers: JSON_HEADERS, body: JSON.stringify(body) }, secrets, {
      answerWithinMs,
      signal,
    });
  }
  return {
    can: { dropsRepeats: false, updates: false, answers: hasButtons },
    async send(page, signal) {
      requireAddress(spec, page.to);
      const secrets = openSecrets(places);
      const message = slackMessage(page, { hasButtons, mention: page.to });
      const answer = await post({ ...senderOf(spec), ...message }, secrets, signal);
      if (answer.status === 200 && answer.text?.trim() === 'ok') return { receipt: 'ok' };
      throw refusal('Slack', answer, secrets);
    },
    async update() {
      throw new Failure('PageRejected', 'what an incoming webhook of Slack sent cannot be changed');
    },
    async check(signal) {
      requireSecret(spec.signingSecret, places);
      const secrets = openSecrets(places);
      const answer = await post({}, secrets, signal);
      if (answer.status === 400 && EMPTY_REFUSED.test(answer.text ?? '')) {
        return 'Slack knows the incoming webhook';
      }
      throw refusal('Slack', answer, secrets);
    },
  };
}

function requireSecret(secret: Secret | undefined, places: SecretPlaces): void {
  if (secret !== undefined) openSecrets(places).read(secret);
}

function senderOf({ username, iconEmoji }: SlackSettings): object {
  return {
    ...(username === undefined ? {} : { username }),
    ...(iconEmoji === undefined ? {} : { icon_emoji: iconEmoji }),
  };
}

/** The Web API says no with status 200. */
function takeAnswer(answer: Answer, secrets: Secrets): z.output<typeof answered> {
  const { status, text, retryAfterMs } = answer;
  const parsed = answered.safeParse(jsonIn(text));
  if (status !== 200 || !parsed.success) throw refusal('Slack', answer, secrets);
  const { ok, error = 'unnamed' } = parsed.data;
  if (ok) return parsed.data;
  const why = `Slack answered ${saidIn(error, secrets)}`;
  if (UNKNOWN.has(error)) throw new Failure('PageUndelivered', why, { isUnknown: true });
  if (PASSING.has(error)) throw new Failure('PageUndelivered', why, { retryAfterMs });
  throw new Failure('PageRejected', why);
}

function deliveryOf({ channel, ts }: z.output<typeof answered>): Delivery {
  const handle = `${channel}/${ts}`;
  if (HANDLE.test(handle)) return { receipt: `ts ${ts}`, handle };
  throw new Failure('PageUndelivered', 'Slack took the page without saying where it stands', {
    isUnknown: true,
  });
}
