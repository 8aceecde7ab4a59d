import { expect, test } from 'vitest';
import {
  type Escalation,
  exhausted,
  levelBegun,
  newEscalation,
} from '../../../src/domain/escalation/escalation.ts';
import type { IncidentAsked, IncidentVerb } from '../../../src/domain/escalation/incident.ts';
import {
  apply,
  hasPolicy,
  refuse,
  refuseEarlier,
  targetsOf,
  verbsOf,
  withFirstPolicy,
  withPolicy,
} from '../../../src/domain/escalation/verbs.ts';
import { levels, page, snapshot } from './snapshots.ts';

const START = 1_795_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NIGHT = snapshot({ levels: levels(5, 10), ack_timeout: '1h' });
const LOUD = snapshot({ levels: levels(1), repeat: 2, ack_timeout: '2h' });
const ADA = { who: 'ada', why: 'mine', requestId: '1' };

const opened = newEscalation(NIGHT, 0, START);
const last = levelBegun(
  opened,
  {
    round: 1,
    level: 2,
    pages: [page()],
    teams: [],
    waitMs: MINUTE,
    override: null,
    levels: 2,
    rounds: 1,
  },
  START,
);
const acknowledged = apply(opened, 'acknowledge', ADA, START);
const snoozed = apply(opened, 'snooze', { ...ADA, forMs: HOUR }, START);

const ALWAYS = ['resolve', 'reassign', 'snooze', 'change_policy', 'add_note'];

test.each<[string, Escalation, readonly string[]]>([
  ['triggered', opened, ['acknowledge', ...ALWAYS, 'escalate_now']],
  ['at its last level', last, ['acknowledge', ...ALWAYS]],
  ['acknowledged', acknowledged, ['unacknowledge', ...ALWAYS]],
  ['snoozed', snoozed, ['acknowledge', ...ALWAYS]],
  ['resolved', apply(opened, 'resolve', ADA, START), []],
  ['never acknowledged', exhausted(last), []],
])('%s, it takes what makes sense', (_name, now, verbs) => {
  expect(verbsOf(now).toSorted()).toEqual(verbs.toSorted());
});

test.each<[Escalation, IncidentVerb, string, RegExp]>([
  [acknowledged, 'acknowledge', 'AlreadyAcknowledged', /ada was first at .*: mine/],
  [opened, 'unacknowledge', 'NotAllowedNow', /nobody has acknowledged/],
  [acknowledged, 'escalate_now', 'NotAllowedNow', /unacknowledge it first/],
  [snoozed, 'escalate_now', 'NotAllowedNow', /snoozed/],
  [last, 'escalate_now', 'NotAllowedNow', /last level of the last round/],
  [apply(opened, 'resolve', ADA, START), 'add_note', 'NotAllowedNow', /ada has resolved it/],
  [exhausted(last), 'acknowledge', 'NotAllowedNow', /nobody has acknowledged it in time/],
])('a refusal of %#: says why', (now, verb, code, why) => {
  expect(refuse(now, verb, {})).toEqual({ code, why: expect.stringMatching(why) });
});

const PERSON = { kind: 'person', name: 'bob' };

test.each<[IncidentVerb, object, boolean]>([
  ['snooze', { forMs: 1 }, true],
  ['snooze', { forMs: 7 * 24 * HOUR }, true],
  ['snooze', { forMs: 7 * 24 * HOUR + 1 }, false],
  ['snooze', { forMs: 0 }, false],
  ['snooze', { forMs: -1 }, false],
  ['snooze', { forMs: Number.NaN }, false],
  ['snooze', { forMs: '1h' }, false],
  ['snooze', {}, false],
  ['reassign', { targets: [PERSON] }, true],
  ['reassign', { targets: Array.from({ length: 20 }, () => PERSON) }, true],
  ['reassign', { targets: Array.from({ length: 21 }, () => PERSON) }, false],
  ['reassign', { targets: [] }, false],
  ['reassign', { targets: [PERSON, { kind: 'robot', name: 'bob' }] }, false],
  ['reassign', { targets: [{ kind: 'person', name: '' }] }, false],
  ['reassign', { targets: [{ kind: 'person', name: 'x'.repeat(101) }] }, false],
  ['reassign', { targets: [null] }, false],
  ['reassign', { targets: 'bob' }, false],
  ['change_policy', { policy: 'loud' }, true],
  ['change_policy', { policy: '' }, false],
  ['change_policy', { policy: 'x'.repeat(101) }, false],
  ['change_policy', { policy: {} }, false],
  ['add_note', { forMs: 'x', targets: null }, true],
])('%s by %j is taken: %s', (verb, asked, isTaken) => {
  expect(refuse(opened, verb, asked as Partial<IncidentAsked>) === undefined).toBe(isTaken);
});

test('a target is its kind and name alone', () => {
  const targets = [{ kind: 'person', name: '__proto__', more: 1 }];
  expect(targetsOf({ targets })).toEqual([{ kind: 'person', name: '__proto__' }]);
});

test.each([
  [undefined, true],
  [START, true],
  [START - MINUTE, true],
  [START - MINUTE - 1, false],
])('an answer to what was shown at %s is one to this incident: %s', (shownAtMs, isMeant) => {
  const asked = shownAtMs === undefined ? {} : { shownAtMs };
  expect(refuseEarlier(asked, START) === undefined).toBe(isMeant);
});

test('an acknowledgement holds back everything until its time-out', () => {
  expect(acknowledged).toMatchObject({
    ...{ status: 'acknowledged', nextAtMs: null, later: [], assigned: null },
    wake: { atMs: START + HOUR, why: 'ack_timeout' },
    acknowledgedBy: { by: 'ada', why: 'mine', atMs: START },
  });
});

test('escalate_now makes the next level due, as asked for, and changes nothing else', () => {
  expect(apply(last, 'escalate_now', ADA, START + 1)).toEqual({
    ...last,
    ...{ nextAtMs: START + 1, isAskedFor: true },
  });
});

test('moved to another policy, it begins with that one', () => {
  expect(withPolicy(last, LOUD, START + MINUTE)).toMatchObject({
    ...{ status: 'triggered', policy: LOUD, levels: 1, rounds: 3, round: 0, cycle: 2 },
    nextAtMs: START + MINUTE,
  });
});

test('moved while it is acknowledged, it stays so, since then; the time-out begins anew', () => {
  expect(withPolicy(acknowledged, LOUD, START + MINUTE)).toMatchObject({
    ...{ status: 'acknowledged', nextAtMs: null, acknowledgedBy: { by: 'ada', atMs: START } },
    wake: { atMs: START + MINUTE + 2 * HOUR, why: 'ack_timeout' },
  });
});

test.each([
  ['snoozed', snoozed],
  ['acknowledged and snoozed', apply(acknowledged, 'snooze', { ...ADA, forMs: HOUR }, START)],
])('moved while it is %s, its snooze goes on', (_name, now) => {
  expect(withPolicy(now, LOUD, START + MINUTE)).toMatchObject({
    ...{ status: now.status, nextAtMs: null, wake: { atMs: START + HOUR, why: 'snooze' } },
  });
});

test('moved while somebody is to be paged first, they still are', () => {
  const targets = [{ kind: 'person', name: 'bob' }] as const;
  const reassigned = apply(opened, 'reassign', { ...ADA, targets }, START);
  expect(withPolicy(reassigned, LOUD, START).assigned).toEqual(targets);
});

const unread = newEscalation({ ...NIGHT, name: '', levels: [], ackTimeoutMs: null }, 0, START);
const at = START + MINUTE;

test.each<[string, Escalation, object]>([
  ['nothing was said', unread, { policy: NIGHT, levels: 2, rounds: 1, wake: null }],
  [
    'it was acknowledged',
    apply(unread, 'acknowledge', ADA, START),
    { policy: NIGHT, status: 'acknowledged', wake: { atMs: START + HOUR, why: 'ack_timeout' } },
  ],
  [
    'it was acknowledged and snoozed',
    apply(apply(unread, 'acknowledge', ADA, START), 'snooze', { ...ADA, forMs: 5 }, START),
    { policy: NIGHT, status: 'acknowledged', wake: { atMs: START + 5, why: 'snooze' } },
  ],
  ['it was moved to another policy', withPolicy(unread, LOUD, START), { policy: LOUD, rounds: 3 }],
])('its policy is read after %s: that stands', (_name, now, is) => {
  expect(hasPolicy(unread)).toBe(false);
  expect(withFirstPolicy(now, NIGHT, at)).toMatchObject(is);
});
