import { Failure } from '../../../src/domain/failure.ts';
import { type ChannelSpec, channel } from '../../../src/domain/paging/channel.schema.ts';
import type { Page } from '../../../src/domain/paging/page.ts';
import { startPretendPagerDuty } from '../../../src/dev/pretend/pagerduty.ts';
import type { Misbehaviour, PretendServer } from '../../../src/dev/pretend/pretend-server.ts';
import { startPretendSlack } from '../../../src/dev/pretend/slack.ts';
import { createMemoryPageChannel } from '../../../src/providers/page/memory.ts';
import type { PageChannel } from '../../../src/providers/page/page-channel.ts';
import { createPageChannels } from '../../../src/providers/page/registry.ts';
import { startPretendDiscord } from '../../support/pretend-discord.ts';
import { startPretendOpsgenie } from '../../support/pretend-opsgenie.ts';
import { startPretendReceiver } from '../../support/pretend-receiver.ts';
import { startPretendTeams } from '../../support/pretend-teams.ts';
import { SMTP_USER, startSmtpServer } from '../../support/smtp-server.ts';

/** What the next attempt meets. */
export type Trouble =
  /** A no for good. */
  | 'refused'
  /** A no that may pass. */
  | 'busy'
  /** The page is taken, and no answer comes. */
  | 'taken in silence'
  /** The page is taken, and the connection is cut. */
  | 'taken and cut'
  /** Another program answers at the address. */
  | 'garbage';

export interface ChannelSubject {
  readonly spec: ChannelSpec;
  /** Of the worker: the secrets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly channel: PageChannel;
  /** The same channel where its provider does not run. */
  readonly nobody: PageChannel;
  /** One entry for each message that the receiver sees. */
  shown(): readonly string[];
  /** What was not as the provider documents it. */
  problems(): readonly string[];
  /** Returns what a page must say to meet it. */
  make(trouble: Trouble): Partial<Page>;
  close(): Promise<void>;
}

export interface SubjectOptions {
  readonly answerWithinMs: number;
  /** Values of the secrets, by name. */
  readonly secrets: Readonly<Record<string, string>>;
}

export type StartSubject = (options: SubjectOptions) => Promise<ChannelSubject>;

const DISCARD_PORT = 9;
const NOBODY = `http://127.0.0.1:${DISCARD_PORT}`;

function channelOf(
  written: object,
  environment: Readonly<Record<string, string>>,
  answerWithinMs: number,
): { readonly spec: ChannelSpec; readonly channel: PageChannel } {
  const spec = channel.parse(written);
  let ids = 0;
  const create = createPageChannels({
    secret: (name) => environment[name],
    write: () => undefined,
    nowMs: () => 1_795_519_999_000,
    newId: () => `delivery-${(ids += 1)}`,
    answerWithinMs,
  });
  return { spec, channel: create('ops', spec) };
}

const TROUBLES: Readonly<Record<Trouble, Misbehaviour>> = {
  refused: { kind: 'answer', status: 403, body: 'go away' },
  busy: { kind: 'answer', status: 429, headers: { 'retry-after': '7' }, body: 'slow down' },
  'taken in silence': { kind: 'silent', when: 'after' },
  'taken and cut': { kind: 'cut', when: 'after' },
  garbage: { kind: 'answer', status: 200, body: '<html>Please sign in</html>' },
};

interface HttpSubject {
  readonly server: PretendServer & { readonly problems: readonly string[] };
  readonly at: (url: string) => object;
  readonly environment: (url: string) => Readonly<Record<string, string>>;
  readonly shown: () => readonly string[];
}

function httpSubject(parts: HttpSubject, answerWithinMs: number): ChannelSubject {
  const { server, at, shown } = parts;
  const environment = parts.environment(server.url);
  return {
    ...channelOf(at(server.url), environment, answerWithinMs),
    environment,
    nobody: channelOf(at(NOBODY), parts.environment(NOBODY), answerWithinMs).channel,
    shown,
    problems: () => server.problems,
    make(trouble) {
      server.misbehave(TROUBLES[trouble]);
      return {};
    },
    close: () => server.close(),
  };
}

export const SECRETS = {
  TOKEN: 'xoxb-canary-9d1f7c0e52',
  SIGNING: 'canary-signing-77ab03',
  ROUTING: 'canary0routing0canary0routing0ca',
  WEBHOOK_SECRET: 'canary-webhook-secret-51',
  API_KEY: 'canary-api-key-8812',
  PATH: '/services/T0CANARY/B0CANARY/canaryPathSecret',
  PASSWORD: 'canary pass wörd 4711',
  HEADER: 'Bearer canary-header-3301',
} as const;

const startSlackBot: StartSubject = async ({ answerWithinMs, secrets }) => {
  const { TOKEN = '', SIGNING = '' } = secrets;
  const server = await startPretendSlack({ botToken: TOKEN, signingSecret: SIGNING });
  return httpSubject(
    {
      server,
      at: (url) => ({
        type: 'slack',
        bot_token: { env: 'TOKEN' },
        channel: '#ops',
        username: 'Belay',
        icon_emoji: ':fire:',
        signing_secret: { env: 'SIGNING' },
        url: `${url}/api`,
      }),
      environment: () => ({ TOKEN, SIGNING }),
      shown: () => server.shown.map(({ key }) => key),
    },
    answerWithinMs,
  );
};

const startSlackWebhook: StartSubject = async ({ answerWithinMs, secrets }) => {
  const { PATH = '', SIGNING = '' } = secrets;
  const options = { botToken: 'none', signingSecret: SIGNING, webhookPath: PATH };
  const server = await startPretendSlack(options);
  return httpSubject(
    {
      server,
      at: () => ({
        type: 'slack',
        webhook_url: { env: 'URL' },
        signing_secret: { env: 'SIGNING' },
      }),
      environment: (url) => ({ URL: `${url}${PATH}`, SIGNING }),
      shown: () => server.shown.map(({ key }) => key),
    },
    answerWithinMs,
  );
};

const startPagerDuty: StartSubject = async ({ answerWithinMs, secrets }) => {
  const { ROUTING = '', WEBHOOK_SECRET = '' } = secrets;
  const options = { routingKey: ROUTING, webhookSecret: WEBHOOK_SECRET };
  const server = await startPretendPagerDuty(options);
  return httpSubject(
    {
      server,
      at: (url) => ({
        type: 'pagerduty',
        routing_key: { env: 'ROUTING' },
        webhook_secret: { env: 'WEBHOOK_SECRET' },
        url: `${url}/v2/enqueue`,
      }),
      environment: () => ({ ROUTING, WEBHOOK_SECRET }),
      shown: () => server.shown.map(({ dedupKey }) => dedupKey),
    },
    answerWithinMs,
  );
};

const startWebhook: StartSubject = async ({ answerWithinMs, secrets }) => {
  const { PATH = '', SIGNING = '', HEADER = '' } = secrets;
  const server = await startPretendReceiver(PATH);
  const subject = httpSubject(
    {
      server,
      at: () => ({
        type: 'webhook',
        url: { env: 'URL' },
        signing_secret: { env: 'SIGNING' },
        headers: { Authorization: { env: 'HEADER' } },
      }),
      environment: (url) => ({ URL: `${url}${PATH}`, SIGNING, HEADER }),
      shown: () => server.shown.map(({ key }) => key),
    },
    answerWithinMs,
  );
  return {
    ...subject,
    make(trouble) {
      // Any 2xx is taken by this port: what a page of HTML stands for is no HTTP here.
      if (trouble !== 'garbage') return subject.make(trouble);
      server.misbehave({ kind: 'noise' });
      return {};
    },
  };
};

const startOpsgenie: StartSubject = async ({ answerWithinMs, secrets }) => {
  const { API_KEY = '' } = secrets;
  const server = await startPretendOpsgenie(API_KEY);
  return httpSubject(
    {
      server,
      at: (url) => ({
        type: 'opsgenie',
        api_key: { env: 'API_KEY' },
        responders: [
          { type: 'team', name: 'platform' },
          { type: 'user', name: 'ada@example.org' },
        ],
        url,
      }),
      environment: () => ({ API_KEY }),
      shown: () => server.shown.map(({ alias }) => alias),
    },
    answerWithinMs,
  );
};

const startDiscord: StartSubject = async ({ answerWithinMs, secrets }) => {
  const { PATH = '' } = secrets;
  const server = await startPretendDiscord(PATH);
  return httpSubject(
    {
      server,
      at: () => ({ type: 'discord', webhook_url: { env: 'URL' } }),
      environment: (url) => ({ URL: `${url}${PATH}` }),
      shown: () => server.shown.map(({ id }) => id),
    },
    answerWithinMs,
  );
};

const startTeams: StartSubject = async ({ answerWithinMs, secrets }) => {
  const path = `${secrets.PATH}?api-version=1&sig=canarySignature00`;
  const server = await startPretendTeams(path);
  return httpSubject(
    {
      server,
      at: () => ({ type: 'teams', webhook_url: { env: 'URL' } }),
      environment: (url) => ({ URL: `${url}${path}` }),
      shown: () => server.shown.map((_, at) => String(at)),
    },
    answerWithinMs,
  );
};

const MAIL_TROUBLES: Readonly<Record<Trouble, string>> = {
  refused: '550@example.org',
  busy: '451@example.org',
  'taken in silence': 'taken-silent@example.org',
  'taken and cut': 'taken-cut@example.org',
  garbage: 'cut@example.org',
};

const startEmail: StartSubject = async ({ answerWithinMs, secrets }) => {
  const { PASSWORD = '' } = secrets;
  const server = await startSmtpServer(PASSWORD);
  const at = (port: number) => ({
    type: 'email',
    host: '127.0.0.1',
    port,
    ca_file: server.caFile,
    username: SMTP_USER,
    password: { env: 'PASSWORD' },
    from: 'belay@example.org',
    to: ['ops@example.org'],
  });
  const environment = { PASSWORD };
  return {
    ...channelOf(at(server.ports.starttls), environment, answerWithinMs),
    environment,
    nobody: channelOf(at(DISCARD_PORT), environment, answerWithinMs).channel,
    shown: () => server.taken().map(({ to }) => to.join()),
    problems: () => [],
    make: (trouble) => ({ to: MAIL_TROUBLES[trouble] }),
    close: () => server.close(),
  };
};

const MEMORY_TROUBLES: Readonly<Record<Trouble, Parameters<typeof failOnce>>> = {
  refused: ['PageRejected', {}, 'before'],
  busy: ['PageUndelivered', { retryAfterMs: 7000 }, 'before'],
  'taken in silence': ['PageUndelivered', { isUnknown: true }, 'after'],
  'taken and cut': ['PageUndelivered', { isUnknown: true }, 'after'],
  garbage: ['PageUndelivered', { isUnknown: true }, 'before'],
};

function failOnce(
  code: 'PageRejected' | 'PageUndelivered',
  more: { readonly retryAfterMs?: number; readonly isUnknown?: boolean },
  when: 'before' | 'after',
): readonly [Failure, number, 'before' | 'after'] {
  return [new Failure(code, 'as the test said', more), 1, when];
}

const startMemory: StartSubject = async () => {
  const memory = createMemoryPageChannel();
  const nobody = createMemoryPageChannel();
  nobody.failNext(new Failure('PageUndelivered', 'as the test said'), 100, 'before');
  return {
    spec: channel.parse({ type: 'memory' }),
    environment: {},
    channel: memory,
    nobody,
    shown: () => memory.shown.map(({ dedupKey }) => dedupKey),
    problems: () => [],
    make(trouble) {
      memory.failNext(...failOnce(...MEMORY_TROUBLES[trouble]));
      return {};
    },
    close: async () => undefined,
  };
};

/** Every adapter but the log, which has no other side that could do anything. */
export const SUBJECTS: Readonly<Record<string, StartSubject>> = {
  'slack by a bot': startSlackBot,
  'slack by a webhook': startSlackWebhook,
  pagerduty: startPagerDuty,
  webhook: startWebhook,
  opsgenie: startOpsgenie,
  discord: startDiscord,
  teams: startTeams,
  email: startEmail,
  memory: startMemory,
};
