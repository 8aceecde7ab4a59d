import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type PretendPagerDuty,
  startPretendPagerDuty,
} from '../../../src/dev/pretend/pagerduty.ts';
import {
  type PagerDutyAnswer,
  readPagerDutyAnswer,
} from '../../../src/providers/page/pagerduty-answer.ts';

const SECRET = 'webhook-secret';

/** By another program than the one that is tried. */
function signed(rawBody: string, secret = SECRET): string {
  const args = ['dgst', '-sha256', '-hmac', secret, '-r'];
  return `v1=${execFileSync('openssl', args, { input: rawBody, encoding: 'utf8' }).split(' ')[0]}`;
}

function bodyOf(event: object): string {
  return JSON.stringify({
    event: {
      id: '01BX5ZZKBK',
      event_type: 'incident.acknowledged',
      resource_type: 'incident',
      occurred_at: '2020-10-02T18:45:22.169Z',
      agent: { id: 'PLH1HKV', type: 'user_reference', summary: 'Tenex Engineer' },
      client: { name: 'PagerDuty' },
      data: { id: 'PGR0VU2', type: 'incident', number: 2, incident_key: '3f9ac0ffee' },
      ...event,
    },
  });
}

function read(event: object): PagerDutyAnswer {
  const rawBody = bodyOf(event);
  return readPagerDutyAnswer({ rawBody, signature: signed(rawBody) }, SECRET);
}

describe('a webhook of PagerDuty', () => {
  test.each([
    ['incident.acknowledged', 'acknowledge'],
    ['incident.resolved', 'resolve'],
  ])('of type %s is to %s the incident of its key', (type, kind) => {
    expect(read({ event_type: type })).toEqual({
      kind,
      incidentKey: '3f9ac0ffee',
      who: 'Tenex Engineer',
      requestId: 'pagerduty/01BX5ZZKBK',
      shownAtMs: Date.UTC(2020, 9, 2, 18, 45, 22, 169),
    });
  });

  test('about an alert that was paged again is about its incident', () => {
    const data = { id: 'PGR0VU2', incident_key: '3f9ac0ffee-again12' };
    expect(read({ data })).toMatchObject({ kind: 'acknowledge', incidentKey: '3f9ac0ffee' });
  });

  test.each([
    [{ summary: 'Ada' }, 'Ada'],
    [{ id: 'PLH1HKV', summary: '' }, 'PLH1HKV'],
    [{ id: 'PLH1HKV', summary: null }, 'PLH1HKV'],
    [{}, 'somebody in PagerDuty'],
  ])('by the person %j is by %s', (agent, who) => {
    const person = { ...agent, type: 'user_reference' };
    expect(read({ agent: person })).toMatchObject({ kind: 'acknowledge', who });
  });

  test.each([
    { id: 'P1', type: 'service_reference', summary: 'checkout' },
    { id: 'P1', type: 'events_api_v2_inbound_integration_reference', summary: 'Belay' },
    { id: 'P1', summary: 'Ada' },
    null,
    'odd',
  ])('by %j is by no person, and nothing for Belay', (agent) => {
    expect(read({ agent })).toEqual({ kind: 'other' });
  });

  test('that does not say when is taken all the same', () => {
    expect(read({ occurred_at: 'lately' })).toMatchObject({
      ...{ kind: 'acknowledge', shownAtMs: undefined },
    });
  });

  test.each([
    'incident.triggered',
    'incident.unacknowledged',
    'incident.reopened',
    'service.updated',
    'pagey.ping',
  ])('of type %s is nothing for Belay', (type) => {
    expect(read({ event_type: type })).toEqual({ kind: 'other' });
  });

  test.each([
    [{ data: { id: 'PGR0VU2' } }],
    [{ data: { incident_key: null } }],
    [{ data: { incident_key: '' } }],
    [{ data: undefined }],
    [{ id: undefined }],
  ])('with %j is of nobody here', (event) => {
    expect(read(event)).toEqual({ kind: 'other' });
  });

  test.each([
    ['', 'garbage'],
    ['null', 'garbage'],
    ['no json', 'garbage'],
    ['[]', 'other'],
    ['{"event":1}', 'other'],
  ])('of %j is %s', (rawBody, kind) => {
    const answer = readPagerDutyAnswer({ rawBody, signature: signed(rawBody) }, SECRET);
    expect(answer).toEqual({ kind });
  });
});

describe('the signature', () => {
  const rawBody = bodyOf({});
  const good = signed(rawBody);
  const other = signed(rawBody, 'old secret');

  test.each([
    [good, true],
    [`${other},${good}`, true],
    [`${good}, ${other}`, true],
    [other, false],
    [undefined, false],
    ['', false],
    [',,,', false],
    [good.replace('v1=', ''), false],
    [good.replace('v1=', 'v2='), false],
    [signed(`v1:${rawBody}`), false],
    [`${`${other},`.repeat(20)}${good}`, false],
  ])('%s counts: %s', (signature, isGood) => {
    const answer = readPagerDutyAnswer({ rawBody, signature }, SECRET);
    expect(answer.kind).toBe(isGood ? 'acknowledge' : 'refused');
  });

  test('is of the bytes that came', () => {
    const answer = readPagerDutyAnswer({ rawBody: `${rawBody}\n`, signature: good }, SECRET);
    expect(answer.kind).toBe('refused');
  });
});

describe('the pretended PagerDuty', () => {
  let pagerDuty: PretendPagerDuty;
  beforeAll(async () => {
    pagerDuty = await startPretendPagerDuty({
      routingKey: 'a'.repeat(32),
      webhookSecret: SECRET,
    });
  });
  afterAll(() => pagerDuty.close());

  test('sends what can be read', () => {
    const { rawBody, headers } = pagerDuty.answerAs({
      dedupKey: 'k',
      kind: 'acknowledged',
      who: 'Ada',
    });
    const signature = headers['x-pagerduty-signature'];
    expect(signature).toBe(signed(rawBody));
    expect(readPagerDutyAnswer({ rawBody, signature }, SECRET)).toMatchObject({
      kind: 'acknowledge',
      incidentKey: 'k',
      who: 'Ada',
    });
  });
});
