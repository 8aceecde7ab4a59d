import { describe, expect, test } from 'vitest';
import { type ChannelType, channels } from '../../../src/domain/paging/channel.schema.ts';

const FILE = { file: '/run/secrets/x' };
const ENV = { env: 'X' };
const MAIL = { type: 'email', host: 'mail.example.org', from: 'belay@example.org' };

/** The least that each type needs. */
const LEAST = {
  slack: { type: 'slack', webhook_url: ENV },
  pagerduty: { type: 'pagerduty', routing_key: ENV },
  email: MAIL,
  webhook: { type: 'webhook', url: 'https://example.org/hook' },
  opsgenie: { type: 'opsgenie', api_key: ENV },
  discord: { type: 'discord', webhook_url: ENV },
  teams: { type: 'teams', webhook_url: FILE },
  log: { type: 'log' },
  memory: { type: 'memory' },
} satisfies Record<ChannelType, object>;

/** `path: message` of every problem; of what is right, none. */
function problems(written: unknown): readonly string[] {
  const { error } = channels.safeParse(written);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('what is right', () => {
  test.each(Object.entries(LEAST))('may be as short as this for %s', (_, written) => {
    expect(problems({ ops: written })).toEqual([]);
  });

  test('becomes plain JSON with its defaults', () => {
    expect(channels.parse({ ops: LEAST.email, chat: LEAST.slack })).toEqual({
      ops: {
        type: 'email',
        host: 'mail.example.org',
        port: 587,
        tls: 'starttls',
        from: 'belay@example.org',
        rate: { perSecond: 5, burst: 20 },
      },
      chat: {
        type: 'slack',
        via: { kind: 'webhook', url: { kind: 'env', name: 'X' } },
        url: 'https://slack.com/api',
        rate: { perSecond: 1, burst: 3 },
      },
    });
    const all = channels.parse(LEAST);
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  });

  test('has a budget of its own, of which a part may be written', () => {
    const rate = (written: object) =>
      channels.parse({ ops: { ...LEAST.slack, rate: written } }).ops?.rate;
    expect(rate({ limit: '30/m' })).toEqual({ perSecond: 0.5, burst: 3 });
    expect(rate({ burst: 1 })).toEqual({ perSecond: 1, burst: 1 });
  });

  test('keeps below what its provider allows in a minute', () => {
    const perMinute = Object.fromEntries(
      Object.entries(channels.parse(LEAST)).map(([name, { rate }]) => [
        name,
        rate.perSecond * 60 + rate.burst,
      ]),
    );
    expect(perMinute.pagerduty).toBeLessThanOrEqual(120);
    expect(perMinute.discord).toBeLessThanOrEqual(30);
    expect(perMinute.slack).toBeLessThanOrEqual(63);
  });
});

describe('what is wrong is told where it stands', () => {
  test.each([
    [{ type: 'slack' }, 'ops: a slack channel has either a webhook_url or a bot_token'],
    [
      { type: 'slack', webhook_url: ENV, bot_token: ENV },
      'ops: a slack channel has either a webhook_url or a bot_token',
    ],
    [{ type: 'slack', bot_token: ENV }, 'ops: a bot_token needs the channel that it posts to'],
    [
      { type: 'slack', webhook_url: ENV, channel: '#ops' },
      'ops: an incoming webhook has one channel of its own: leave channel out, or take a bot_token',
    ],
    [
      { type: 'slack', webhook_url: 'https://hooks.slack.com/services/T/B/X' },
      'ops.webhook_url: a secret is {env: NAME} or {file: /PATH}; its value never stands in a file',
    ],
    [
      { type: 'pagerduty', routing_key: { env: 'X', file: '/x' } },
      'ops.routing_key: a secret is {env: NAME} or {file: /PATH}; its value never stands in a file',
    ],
    [
      { type: 'teams', webhook_url: { file: 'relative' } },
      'ops.webhook_url.file: the path of a secret begins with /',
    ],
    [
      { ...MAIL, from: 'Belay <belay@example.org>' },
      'ops.from: an address is written like ada@example.org',
    ],
    [{ ...MAIL, to: [] }, 'ops.to: Too small: expected array to have >=1 items'],
    [{ ...MAIL, username: 'x' }, 'ops.password: username and password belong together'],
    [
      { ...MAIL, tls: 'none', username: 'x', password: ENV },
      'ops.tls: a password is never sent without TLS',
    ],
    [
      { ...LEAST.webhook, url: 'ftp://example.org' },
      'ops.url: a URL begins with http:// or https://',
    ],
    [
      { ...LEAST.discord, username: 'My Discord' },
      'ops.username: Discord takes no name with this word',
    ],
    [{ ...LEAST.log, rate: { limit: 0 } }, 'ops.rate.limit: must be more than 0'],
    [{ ...LEAST.log, level: 'info' }, 'ops: Unrecognized key: "level"'],
    [{ ...LEAST.log, fallback: 'mail' }, 'ops.fallback: there is no channel mail'],
    [{ ...LEAST.log, fallback: 'constructor' }, 'ops.fallback: there is no channel constructor'],
    [{ ...LEAST.log, fallback: 'ops' }, 'ops.fallback: the fallbacks lead back to ops'],
  ])('%j', (written, problem) => {
    expect(problems({ ops: written })).toEqual([problem]);
  });

  test('an unknown type is refused', () => {
    expect(problems({ ops: { type: 'pager' } })).toEqual([expect.stringContaining('ops.type')]);
  });

  test('fallbacks may be a chain, but no ring', () => {
    const ring = { a: 'b', b: 'c', c: 'b' };
    const of = (fallbacks: Readonly<Record<string, string | undefined>>) =>
      Object.fromEntries(
        Object.entries(fallbacks).map(([name, fallback]) => [name, { ...LEAST.log, fallback }]),
      );
    expect(problems(of({ a: 'b', b: 'c', c: undefined }))).toEqual([]);
    expect(problems(of(ring))).toEqual([
      'a.fallback: the fallbacks lead back to b',
      'b.fallback: the fallbacks lead back to b',
      'c.fallback: the fallbacks lead back to c',
    ]);
  });

  test('a name has lower case letters, digits and -', () => {
    expect(problems({ 'Ops Slack': LEAST.log })).toHaveLength(1);
  });
});
