import { describe, expect, test } from 'vitest';
import { addressProblem } from '../../../src/domain/paging/address.ts';
import { type ChannelSpec, channel } from '../../../src/domain/paging/channel.schema.ts';

const ENV = { env: 'X' };
const of = (written: object): ChannelSpec => channel.parse(written);
const MAIL = { type: 'email', host: 'mail.example.org', from: 'belay@example.org' };
const SPECS = {
  bot: of({ type: 'slack', bot_token: ENV, channel: '#ops' }),
  hook: of({ type: 'slack', webhook_url: ENV }),
  pagerduty: of({ type: 'pagerduty', routing_key: ENV }),
  email: of(MAIL),
  list: of({ ...MAIL, to: ['ops@example.org'] }),
  webhook: of({ type: 'webhook', url: 'https://example.org' }),
  opsgenie: of({ type: 'opsgenie', api_key: ENV }),
  discord: of({ type: 'discord', webhook_url: ENV }),
  teams: of({ type: 'teams', webhook_url: ENV }),
  log: of({ type: 'log' }),
};

describe('an address within a channel', () => {
  test.each([
    ['bot', undefined, true],
    ['bot', 'U024BE7LH', true],
    ['bot', 'W024BE7LH', true],
    ['bot', '#night-shift', true],
    ['bot', '#nacht-schicht-ä', true],
    ['bot', '@ada', false],
    ['bot', '#a b', false],
    ['hook', undefined, true],
    ['hook', 'U024BE7LH', true],
    ['hook', 'C024BE7LR', false],
    ['hook', '#ops', false],
    ['pagerduty', undefined, true],
    ['pagerduty', 'ada', false],
    ['webhook', undefined, true],
    ['webhook', 'https://example.org/other', false],
    ['email', undefined, false],
    ['list', undefined, true],
    ['email', 'ada@example.org', true],
    ['email', "o'hara+x@mail.example.org", true],
    ['email', 'ada', false],
    ['email', 'ada@example.org,bob@example.org', false],
    ['email', 'ada@example.org\n', false],
    ['opsgenie', 'ada@example.org', true],
    ['opsgenie', 'ada', false],
    ['teams', 'ada@example.org', true],
    ['teams', '<at>all</at>', false],
    ['discord', '80351110224678912', true],
    ['discord', 'role:80351110224678912', true],
    ['discord', '@everyone', false],
    ['log', 'anything', true],
  ] as const)('of type %s may be %j: %s', (name, to, isGood) => {
    const problem = addressProblem(SPECS[name], to);
    expect(problem === undefined).toBe(isGood);
    if (!isGood) expect(problem).toMatch(/^\S.{10,120}$/);
  });
});
