import { createHmac } from 'node:crypto';
import type { z } from 'zod';
import {
  type PretendAnswer,
  type PretendOptions,
  type PretendRequest,
  type PretendServer,
  answerJson,
  jsonOf,
  startPretendServer,
} from './pretend-server.ts';
import {
  type SlackContent,
  postMessage,
  updateMessage,
  webhookMessage,
  whisper,
} from './slack-format.ts';

/** A message as a person sees it now. */
export interface SlackShown {
  readonly channel: string;
  readonly ts: string;
  /** The name of its first block, which is the key of a page. */
  readonly key: string;
  readonly content: SlackContent;
  /** How often it was changed. */
  readonly updates: number;
}

/** A message as it came, in its first words or in other ones. */
export interface SlackCall {
  readonly atMs: number;
  readonly kind: 'post' | 'update';
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
}

/** A request as Slack sends it when somebody clicks a button. */
export interface SlackClick {
  readonly rawBody: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PretendSlack extends PretendServer {
  /** In the order in which they came. */
  readonly shown: readonly SlackShown[];
  /** What made them so, in the order in which it came. */
  readonly calls: readonly SlackCall[];
  /** What was not as Slack documents it. */
  readonly problems: readonly string[];
  /** For `url` of a channel with a bot token. */
  readonly apiUrl: string;
  /** For `webhook_url`; its path is a secret. */
  readonly webhookUrl: string;
  /** What the clicking person alone was told, in the order in which it came. */
  readonly whispers: readonly { readonly ts: string; readonly text: string }[];
  /** Keys that stand twice in one place: somebody saw the same page twice. */
  duplicates(): readonly string[];
  /** Somebody clicks; throws where the message has no such button. */
  click(click: {
    readonly ts: string;
    readonly button: string;
    readonly user: { readonly id: string; readonly username?: string };
    readonly nowMs: number;
  }): SlackClick;
}

export interface PretendSlackOptions extends PretendOptions {
  readonly botToken: string;
  readonly signingSecret: string;
  /** The path of the incoming webhook. */
  readonly webhookPath?: string;
}

const TEAM = 'T0BELAY';
const RESPONSES = '/actions/T0BELAY/';
const WEBHOOK_CHANNEL = 'C0WEBHOOK';

/** Slack's `chat.postMessage`, `chat.update`, `auth.test` and one incoming webhook. */
export async function startPretendSlack(options: PretendSlackOptions): Promise<PretendSlack> {
  const { botToken, signingSecret, webhookPath = '/services/T0BELAY/B0BELAY/pretend' } = options;
  const shown: SlackShown[] = [];
  const calls: SlackCall[] = [];
  const problems: string[] = [];
  const whispers: { readonly ts: string; readonly text: string }[] = [];

  function takeResponse({ path, body }: PretendRequest): PretendAnswer {
    const told = checked(whisper, jsonOf(body), problems);
    if (told === undefined) return { status: 400, body: 'invalid_payload' };
    whispers.push({ ts: path.slice(RESPONSES.length), text: told.text });
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' };
  }

  function show(channel: string, content: SlackContent): SlackShown {
    // In its place at once: nothing else distinguishes two messages of one second.
    const ts = `${Math.floor(Date.now() / 1000)}.${String(shown.length + 100).padStart(6, '0')}`;
    const message = { channel, ts, key: keyOf(content), content, updates: 0 };
    shown.push(message);
    calls.push({ atMs: Date.now(), kind: 'post', channel, ts, text: content.text });
    return message;
  }

  function takeHook(request: PretendRequest): PretendAnswer {
    const body = jsonOf(request.body);
    if (typeof body === 'object' && body !== null && Object.keys(body).length === 0) {
      return { status: 400, body: 'no_text' };
    }
    const content = checked(webhookMessage, body, problems);
    if (content === undefined) return { status: 400, body: 'invalid_payload' };
    show(WEBHOOK_CHANNEL, content);
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' };
  }

  function takeCall(request: PretendRequest): object {
    if (request.headers.authorization !== `Bearer ${botToken}`) return no('invalid_auth');
    const body = jsonOf(request.body);
    switch (request.path) {
      case '/api/auth.test':
        return { ok: true, team_id: TEAM, user_id: 'U0BELAY' };
      case '/api/chat.postMessage': {
        const post = checked(postMessage, body, problems);
        if (post === undefined) return no('invalid_arguments');
        const { channel: place, ...content } = post;
        // A channel named by name is answered with its id, and a user with the direct message.
        const { channel, ts } = show(place.replace(/^#.*/, 'C0BYNAME').replace(/^U/, 'D'), content);
        return { ok: true, channel, ts };
      }
      case '/api/chat.update': {
        const update = checked(updateMessage, body, problems);
        if (update === undefined) return no('invalid_arguments');
        const { channel, ts, ...content } = update;
        const at = shown.findIndex((one) => one.channel === channel && one.ts === ts);
        const old = shown[at];
        if (old === undefined) return no('message_not_found');
        shown[at] = { ...old, content, updates: old.updates + 1 };
        calls.push({ atMs: Date.now(), kind: 'update', channel, ts, text: content.text });
        return { ok: true, channel, ts, text: content.text };
      }
      default:
        return no('unknown_method');
    }
  }

  const server = await startPretendServer((request) => {
    if (request.method !== 'POST') return { status: 405, body: '' };
    if (request.path === webhookPath) return takeHook(request);
    if (request.path.startsWith(RESPONSES)) return takeResponse(request);
    if (request.path.startsWith('/api/')) return answerJson(200, takeCall(request));
    return { status: 404, body: 'no_service' };
  }, options);

  return {
    ...server,
    shown,
    calls,
    whispers,
    problems,
    apiUrl: `${server.url}/api`,
    webhookUrl: `${server.url}${webhookPath}`,
    duplicates: () => duplicatesOf(shown),
    click({ ts, button, user, nowMs }) {
      const message = shown.find((one) => one.ts === ts);
      const action = buttonsOf(message?.content).find(({ action_id: id }) => id === button);
      if (action === undefined) throw new Error(`the message ${ts} has no button ${button}`);
      const payload = {
        type: 'block_actions',
        user: { ...user, team_id: TEAM },
        team: { id: TEAM, domain: 'belay' },
        channel: { id: message?.channel },
        container: { type: 'message', message_ts: ts, channel_id: message?.channel },
        response_url: `${server.url}${RESPONSES}${ts}`,
        actions: [{ ...action, action_ts: (nowMs / 1000).toFixed(3) }],
      };
      return signed(payload, signingSecret, nowMs);
    },
  };
}

function checked<Content>(
  schema: z.ZodType<Content>,
  body: unknown,
  problems: string[],
): Content | undefined {
  const { data, error } = schema.safeParse(body);
  for (const { path, message } of error?.issues ?? []) {
    problems.push(`${path.join('.')}: ${message}`);
  }
  return data;
}

function no(error: string): object {
  return { ok: false, error };
}

function keyOf({ blocks }: SlackContent): string {
  return blocks[0]?.block_id ?? '';
}

function buttonsOf(content: SlackContent | undefined) {
  return (content?.blocks ?? []).flatMap((block) =>
    block.type === 'actions' ? block.elements : [],
  );
}

function duplicatesOf(shown: readonly SlackShown[]): readonly string[] {
  const places = shown.map(({ channel, key }) => `${channel} ${key}`);
  return shown
    .filter(({ channel, key }, at) => places.indexOf(`${channel} ${key}`) < at)
    .map(({ key }) => key);
}

function signed(payload: object, signingSecret: string, nowMs: number): SlackClick {
  const rawBody = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = String(Math.floor(nowMs / 1000));
  const hmac = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${rawBody}`);
  return {
    rawBody,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${hmac.digest('hex')}`,
    },
  };
}
