import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Failure, type FailureCode } from '../../src/domain/failure.ts';
import { startHttp } from '../support/local-server.ts';
import { ID, KEY, type Rig, SECRETS, pagerDutySigned, slackSigned, startRig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

function failing(code: FailureCode, message: string): void {
  rig.world.answer = async () => {
    throw new Failure(code, message);
  };
}

const FIRST = `${ID}: ada was first at 2026-11-26T03:19:00.000Z: <!channel> I look at it`;

describe('a click in Slack', () => {
  test.each([
    ['belay_acknowledge', 'acknowledge'],
    ['belay_resolve', 'resolve'],
  ])('on %s says %s to the incident of the message', async (button, verb) => {
    const sent = await rig.click(button);
    const answer = await rig.post('/slack', sent);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(rig.asked).toEqual([
      {
        id: ID,
        verb,
        request: {
          who: 'ada.l',
          why: `clicked ${verb} in Slack`,
          requestId: expect.stringMatching(new RegExp(`^slack/T0BELAY/U0ADA/${verb}/`)),
          shownAtMs: expect.any(Number),
        },
        withinMs: 2200,
      },
    ]);
    expect(rig.slack.whispers).toEqual([]);
    expect(rig.slack.problems).toEqual([]);
  });

  test.each([
    ['U0BOB', 'robert', 'bob'],
    ['U0SAME', 'eve or eva', 'eve or eva'],
    ['U0NEW', '', 'U0NEW'],
    ['U0NEW', 'x\u001b[2Jy\nz', 'x [2Jy z'],
  ])('of the user %s, called %j, is by %s', async (id, username, who) => {
    await rig.post('/slack', await rig.click('belay_acknowledge', { id, username }));
    expect(rig.asked[0]?.request.who).toBe(who);
  });

  test('that comes twice is the same request', async () => {
    const sent = await rig.click();
    await rig.post('/slack', sent);
    await rig.post('/slack', sent);
    const ids = rig.asked.map(({ request }) => request.requestId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test('that comes second tells the person who was first, and mentions nobody', async () => {
    failing('AlreadyAcknowledged', FIRST);
    expect((await rig.post('/slack', await rig.click())).status).toBe(200);
    await expect.poll(() => rig.slack.whispers).toHaveLength(1);
    expect(rig.slack.whispers[0]?.text).toBe(
      'ada was first at 2026-11-26T03:19:00.000Z: &lt;!channel&gt; I look at it',
    );
  });

  test.each([
    ['signalled', 200, 'kept, but not applied yet'],
    ['in flight', 200, 'may still arrive: bob by mail'],
    ['NotFound', 200, 'this incident has ended'],
    ['TemporalUnreachable', 503, 'Your click is NOT kept'],
    ['Internal', 503, 'Your click is NOT kept'],
  ])('that meets "%s" is answered with %i, and the person is told', async (what, status, told) => {
    if (what === 'signalled') rig.world.answer = async () => ({ kind: 'signalled' });
    else if (what === 'in flight') {
      const inFlight = ['bob by mail'];
      rig.world.answer = async () => ({ kind: 'applied', status: 'acknowledged', inFlight });
    } else failing(what as FailureCode, 'said by a test');
    expect((await rig.post('/slack', await rig.click())).status).toBe(status);
    await expect.poll(() => rig.slack.whispers).toHaveLength(1);
    expect(rig.slack.whispers[0]?.text).toContain(told);
  });

  test('is whispered about at no other place than Slack', async () => {
    const other = await startHttp((_, response) => response.end('ok'));
    failing('AlreadyAcknowledged', FIRST);
    const { rawBody } = await rig.click();
    const payload = JSON.parse(new URLSearchParams(rawBody).get('payload') ?? '');
    const changed = JSON.stringify({ ...payload, response_url: `${other.url}/admin` });
    const body = new URLSearchParams({ payload: changed }).toString();
    const answer = await rig.post('/slack', slackSigned(body, SECRETS.SLACK_SIGNING));
    expect(answer.status).toBe(200);
    await expect.poll(() => rig.metrics()).toContain('result="whisper_not_told"} 1');
    expect(other.received).toEqual([]);
    await other.close();
  });

  test('on what is no incident of Belay is nothing', async () => {
    const { rawBody } = await rig.click();
    const body = rawBody.replace(KEY, '..%2F..%2Fservice');
    const answer = await rig.post('/slack', slackSigned(body, SECRETS.SLACK_SIGNING));
    expect(answer.status).toBe(200);
    expect(rig.asked).toEqual([]);
  });
});

describe('a webhook of PagerDuty', () => {
  const said = (kind: 'acknowledged' | 'resolved', dedupKey = KEY) =>
    rig.pagerDuty.answerAs({ dedupKey, kind, who: 'Ada Lovelace' });

  test.each([
    ['acknowledged', 'acknowledge'],
    ['resolved', 'resolve'],
  ] as const)('that it is %s there says %s to the incident', async (kind, verb) => {
    const answer = await rig.post('/pagerduty', said(kind));
    expect([answer.status, await answer.text()]).toEqual([200, 'applied']);
    expect(rig.asked).toEqual([
      {
        id: ID,
        verb,
        request: {
          who: 'Ada Lovelace',
          why: `${kind} in PagerDuty`,
          requestId: expect.stringMatching(/^pagerduty\/[0-9a-f-]{36}$/),
          shownAtMs: expect.any(Number),
        },
        withinMs: 4000,
      },
    ]);
  });

  test('that Belay itself has caused is not fed back', async () => {
    const { rawBody } = said('acknowledged');
    const own = JSON.parse(rawBody);
    own.event.agent.type = 'service_reference';
    const sent = pagerDutySigned(JSON.stringify(own), SECRETS.PD_WEBHOOK);
    const answer = await rig.post('/pagerduty', sent);
    expect([answer.status, await answer.text()]).toEqual([200, 'ignored']);
    expect(rig.asked).toEqual([]);
  });

  test('about an incident of somebody else is nothing', async () => {
    const answer = await rig.post('/pagerduty', said('acknowledged', 'srv01/HTTP'));
    expect([answer.status, await answer.text()]).toEqual([200, 'ignored']);
    expect(rig.asked).toEqual([]);
  });

  test.each([
    ['AlreadyAcknowledged', 200, 'refused'],
    ['NotAllowedNow', 200, 'refused'],
    ['NotFound', 200, 'unknown'],
    ['TemporalUnreachable', 503, 'unavailable'],
    ['NoWorker', 503, 'unavailable'],
    ['Internal', 503, 'unavailable'],
  ] as const)('that meets %s is answered with %i', async (code, status, text) => {
    failing(code, `${ID}: said by a test`);
    const answer = await rig.post('/pagerduty', said('acknowledged'));
    expect([answer.status, await answer.text()]).toEqual([status, text]);
  });
});

describe('secrets', () => {
  test('are read at the moment of use, so that a new one counts at once', async () => {
    const sent = pagerDutySigned('{"event":{}}', 'new');
    expect((await rig.post('/pagerduty', sent)).status).toBe(401);
    rig.environment.set('PD_WEBHOOK', 'new');
    expect((await rig.post('/pagerduty', sent)).status).toBe(200);
  });

  test.each(['/slack', '/pagerduty'])(
    'that cannot be read, or whose file cannot, make %s be said again',
    async (path) => {
      rig.environment.clear();
      expect((await rig.post(path, { rawBody: '{}' })).status).toBe(503);
      rig.world.paging = undefined;
      expect((await rig.post(path, { rawBody: '{}' })).status).toBe(503);
    },
  );

  test('stand in no line of the log and in no metric', async () => {
    await rig.post('/slack', await rig.click());
    await rig.post('/slack', { rawBody: 'payload={}' });
    await rig.post(
      '/pagerduty',
      rig.pagerDuty.answerAs({ dedupKey: KEY, kind: 'resolved', who: 'x' }),
    );
    failing('TemporalUnreachable', 'Temporal does not answer');
    await rig.post('/slack', await rig.click());
    expect(rig.lines).toHaveLength(4);
    expect(`${rig.lines.join('')}${await rig.metrics()}`).not.toContain('CANARY');
  });
});

test('every request is counted and logged by what has become of it', async () => {
  await rig.post('/slack', await rig.click());
  await rig.post('/slack', { rawBody: 'x' });
  await rig.post('/slack', { rawBody: 'y' });
  const text = await rig.metrics();
  expect(text).toContain('belay_answers_total{source="slack",result="applied"} 1');
  expect(text).toContain('belay_answers_total{source="slack",result="unauthorized"} 2');
  expect(text).toContain('belay_answer_duration_seconds_count{source="slack"} 3');
  // A stranger is told of once a minute.
  expect(rig.lines.map((line) => JSON.parse(line))).toEqual([
    {
      ...{ kind: 'answer', source: 'slack', status: 200, result: 'applied' },
      ...{ incident: ID, who: 'ada.l', text: 'acknowledged' },
    },
    expect.objectContaining({ result: 'unauthorized' }),
  ]);
});

test('it ends only when what has come is answered', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  rig.world.answer = async () => {
    begun.resolve();
    await promise;
    return { kind: 'accepted' };
  };
  const answer = rig.post('/slack', await rig.click());
  await begun.promise;
  let isClosed = false;
  const closed = rig.answers.close().then(() => (isClosed = true));
  await expect(fetch(`${rig.answers.url}/healthz`)).rejects.toThrow('fetch failed');
  expect(isClosed).toBe(false);
  resolve();
  expect((await answer).status).toBe(200);
  await closed;
});
