import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channel } from '../../../src/domain/paging/channel.schema.ts';
import { type PretendSlack, startPretendSlack } from '../../../src/dev/pretend/slack.ts';
import {
  type SlackRequest,
  readSlackAnswer,
  slackSignatureProblem,
} from '../../../src/providers/page/slack-answer.ts';
import { createSlackChannel } from '../../../src/providers/page/slack.ts';
import { acknowledged, pageOf } from '../../support/pages.ts';

const { signal } = new AbortController();
const SIGNING_SECRET = '8f742231b10e8888abcd99yyyzzz85a5';

describe('a signature of Slack', () => {
  /** From Slack's documents. */
  const DOCUMENTED: SlackRequest = {
    rawBody:
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=' +
      'G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=' +
      '%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F' +
      'T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.' +
      '47445629121.803a0bc887a14d10d2c447fce8b6703c',
    timestamp: '1531420618',
    signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };
  const SENT_MS = 1_531_420_618_000;
  const problem = (changes: Partial<SlackRequest>, nowMs = SENT_MS, secret = SIGNING_SECRET) =>
    slackSignatureProblem({ ...DOCUMENTED, ...changes }, secret, nowMs);

  test('is the one of its documents', () => {
    expect(problem({})).toBeUndefined();
  });

  test.each([
    [-300_000, true],
    [-300_001, false],
    [300_000, true],
    [300_001, false],
    [86_400_000, false],
  ])('counts %d ms away from its time: %s', (awayMs, isGood) => {
    expect(problem({}, SENT_MS + awayMs) === undefined).toBe(isGood);
  });

  test.each([
    [{ signature: undefined }],
    [{ signature: '' }],
    [{ signature: DOCUMENTED.signature?.replace('v0=', 'v1=') }],
    [{ signature: DOCUMENTED.signature?.replace(/.$/, '4') }],
    [{ signature: DOCUMENTED.signature?.toUpperCase() }],
    [{ rawBody: `${DOCUMENTED.rawBody} ` }],
    [{ rawBody: '' }],
    [{ timestamp: undefined }],
    [{ timestamp: '1531420619' }],
    [{ timestamp: 'NaN' }],
    [{ timestamp: '-1' }],
    [{ timestamp: '1531420618.0' }],
  ] as const)('is none with %j', (changes) => {
    expect(problem(changes)).toEqual(expect.any(String));
  });

  test('is none of another secret', () => {
    expect(problem({}, SENT_MS, 'other')).toBe('the signature is not that of the signing secret');
  });
});

describe('a click in Slack', () => {
  const NOW_MS = 1_795_520_000_000;
  let slack: PretendSlack;
  beforeAll(async () => {
    slack = await startPretendSlack({ botToken: 'xoxb-1', signingSecret: SIGNING_SECRET });
  });
  afterAll(() => slack.close());

  async function clicked(
    button: string,
    user: { readonly id: string; readonly username?: string },
    page = pageOf(),
  ): Promise<SlackRequest> {
    const spec = channel.parse({
      type: 'slack',
      bot_token: { env: 'T' },
      channel: '#ops',
      signing_secret: { env: 'S' },
      url: slack.apiUrl,
    });
    if (spec.type !== 'slack') throw new Error('it is no slack channel');
    await createSlackChannel(spec, { secret: () => 'xoxb-1' }).send(page, signal);
    const ts = slack.shown.at(-1)?.ts ?? '';
    const { rawBody, headers } = slack.click({ ts, button, user, nowMs: NOW_MS });
    return {
      rawBody,
      timestamp: headers['x-slack-request-timestamp'],
      signature: headers['x-slack-signature'],
    };
  }

  test.each([
    ['belay_acknowledge', 'acknowledge', pageOf()],
    ['belay_resolve', 'resolve', acknowledged()],
  ] as const)('on %s is to %s the incident of the message', async (button, kind, page) => {
    const request = await clicked(button, { id: 'U024BE7LH', username: 'ada' }, page);
    expect(readSlackAnswer(request, SIGNING_SECRET, NOW_MS)).toEqual({
      kind,
      incidentId: 'incident/3f9a',
      who: 'ada',
      userId: 'U024BE7LH',
      teamId: 'T0BELAY',
      requestId: `slack/T0BELAY/U024BE7LH/${kind}/1795520000.000`,
      shownAtMs: Number(slack.shown.at(-1)?.ts) * 1000,
      responseUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/actions\//),
    });
  });

  test('needs of the user no more than the id', async () => {
    for (const user of [{ id: 'U1' }, { id: 'U1', username: '' }]) {
      const request = await clicked('belay_acknowledge', user);
      expect(readSlackAnswer(request, SIGNING_SECRET, NOW_MS)).toMatchObject({ who: 'U1' });
    }
  });

  test('that comes again is the same request', async () => {
    const request = await clicked('belay_acknowledge', { id: 'U1' });
    const [first, again] = [0, 60_000].map((laterMs) =>
      readSlackAnswer(request, SIGNING_SECRET, NOW_MS + laterMs),
    );
    expect(again).toEqual(first);
  });

  test('is refused where its signature is old or wrong', async () => {
    const request = await clicked('belay_acknowledge', { id: 'U1' });
    for (const answer of [
      readSlackAnswer(request, SIGNING_SECRET, NOW_MS + 301_000),
      readSlackAnswer(request, 'other', NOW_MS),
      readSlackAnswer({ ...request, rawBody: 'payload={}' }, SIGNING_SECRET, NOW_MS),
    ]) {
      expect(answer.kind).toBe('refused');
    }
  });
});

describe('another request of Slack', () => {
  const NOW_MS = 1_531_420_618_000;
  const base = {
    type: 'block_actions',
    user: { id: 'U1' },
    team: { id: 'T1' },
    actions: [{ action_id: 'belay_acknowledge', value: 'incident/1' }],
  };

  async function signed(rawBody: string): Promise<SlackRequest> {
    const timestamp = '1531420618';
    const key = await crypto.subtle.importKey(
      'raw',
      Buffer.from(SIGNING_SECRET),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    );
    const bytes = await crypto.subtle.sign('HMAC', key, Buffer.from(`v0:${timestamp}:${rawBody}`));
    const signature = `v0=${Buffer.from(bytes).toString('hex')}`;
    return { rawBody, timestamp, signature };
  }
  const kindOf = async (rawBody: string): Promise<string> =>
    readSlackAnswer(await signed(rawBody), SIGNING_SECRET, NOW_MS).kind;
  const form = (payload: unknown): string =>
    new URLSearchParams({ payload: JSON.stringify(payload) }).toString();

  test('that has all that is needed is an answer', async () => {
    expect(await kindOf(form(base))).toBe('acknowledge');
  });

  test('tells what it cannot read of the message and its place by leaving them out', async () => {
    const odd = { ...base, container: { message_ts: 'soon' }, response_url: 'file:///etc/passwd' };
    const request = await signed(form(odd));
    expect(readSlackAnswer(request, SIGNING_SECRET, NOW_MS)).toMatchObject({
      ...{ kind: 'acknowledge', shownAtMs: undefined, responseUrl: undefined },
    });
  });

  test.each([
    ['no form', '{"payload":{}}'],
    ['no JSON', 'payload=%7Bnot+json'],
    ['a number', 'payload=7'],
    ['nothing', ''],
    ['a form without a payload', 'ssl_check=1'],
  ])('with %s is garbage', async (_, rawBody) => {
    expect(await kindOf(rawBody)).toBe('garbage');
  });

  test.each([
    ['another type', form({ ...base, type: 'view_submission' })],
    ['no user', form({ ...base, user: undefined })],
    ['no team', form({ ...base, team: null })],
    ['no action', form({ ...base, actions: [] })],
    ['another button', form({ ...base, actions: [{ action_id: 'other', value: 'x' }] })],
    ['no value', form({ ...base, actions: [{ action_id: 'belay_acknowledge' }] })],
  ])('with %s is nothing for Belay', async (_, rawBody) => {
    expect(await kindOf(rawBody)).toBe('other');
  });
});
