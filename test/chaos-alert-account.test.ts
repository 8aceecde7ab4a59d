import { describe, expect, test } from 'vitest';
import {
  type CamePage,
  type LivedAlert,
  type LivedSilence,
  type Seen,
  accountAlerts,
} from './chaos/alert-account.ts';
import { planAlerts } from './chaos/alert-plan.ts';
import { seeded } from '../bench/judge/random.ts';

const ALERT: LivedAlert = {
  ...{ id: 'a00001', group: 'g0001', firesAtMs: 0, endsAtMs: null },
  ...{ keptAtMs: 1000, endKeptAtMs: null },
};
const PAGE: CamePage = {
  ...{ key: 'one/1', group: 'one', atMs: 3000, firing: ['a00001'], resolved: [], isTaken: true },
};
const SILENCE: LivedSilence = {
  ...{ name: 's0', groups: ['g0001'], atMs: 0, forMs: 9_000_000, expiredAtMs: null },
  ...{ id: 'x', answeredAtMs: 2000, promisedUntilMs: 9_000_000, overAtMs: 9_000_000 },
};

const seen = (changes: Partial<Seen>): Seen => ({
  ...{ alerts: [ALERT], silences: [], pages: [PAGE], killsAtMs: [] },
  ...{ beganAtMs: 0, endedAtMs: 200_000, dueWithinMs: 45_000 },
  ...changes,
});

test('what was paged is not lost', () => {
  expect(accountAlerts(seen({}))).toEqual({
    ...{ lostAlerts: [], lostEnds: [], silencedPages: [], duplicates: [] },
  });
});

describe('an alert is lost', () => {
  test.each([
    ['when nobody has been told', { pages: [] }],
    ['when the page was refused', { pages: [{ ...PAGE, isTaken: false }] }],
    [
      'when its silence has been over for long',
      {
        pages: [],
        silences: [{ ...SILENCE, promisedUntilMs: 100_000, overAtMs: 100_000 }],
      },
    ],
  ])('%s', (_, changes) => {
    expect(accountAlerts(seen(changes)).lostAlerts).toHaveLength(1);
  });

  test.each([
    ['was never kept', { alerts: [{ ...ALERT, keptAtMs: null }] }],
    ['is over', { alerts: [{ ...ALERT, endsAtMs: 5000, endKeptAtMs: 6000 }] }],
    ['came a moment ago', { alerts: [{ ...ALERT, keptAtMs: 190_000 }] }],
    ['is silenced', { silences: [SILENCE] }],
  ])('but not one that %s', (_, changes) => {
    expect(accountAlerts(seen({ pages: [], ...changes })).lostAlerts).toEqual([]);
  });
});

test('an end is lost when the last word is that it fires', () => {
  const alerts = [{ ...ALERT, endsAtMs: 5000, endKeptAtMs: 6000 }];
  expect(accountAlerts(seen({ alerts })).lostEnds).toHaveLength(1);
  const silences = [{ ...SILENCE, promisedUntilMs: 3500, overAtMs: 5500 }];
  expect(accountAlerts(seen({ alerts, silences })).lostEnds).toEqual([]);
  const over = { ...PAGE, key: 'one/2', atMs: 7000, firing: [], resolved: ['a00001'] };
  expect(accountAlerts(seen({ alerts, pages: [PAGE, over] })).lostEnds).toEqual([]);
});

test('a page is silenced between the answer and the end of the promise', () => {
  const { silencedPages } = accountAlerts(seen({ silences: [SILENCE] }));
  expect(silencedPages).toEqual(['one/1 told of a00001 of g0001, which is silenced']);
  for (const change of [
    { answeredAtMs: 3500 },
    { promisedUntilMs: 2900 },
    { answeredAtMs: null },
  ]) {
    const silences = [{ ...SILENCE, ...change }];
    expect(accountAlerts(seen({ silences })).silencedPages).toEqual([]);
  }
});

describe('a duplicate', () => {
  const again = { ...PAGE, atMs: 9000 };

  test.each([
    ['a kill', { killsAtMs: [5000] }, 'killed'],
    ['the receiver', { pages: [{ ...PAGE, isTaken: false }, again] }, 'receiver'],
    ['nothing', {}, null],
    ['a kill after it', { killsAtMs: [9500] }, null],
    ['a kill long before', { killsAtMs: [3000 - 60_000] }, null],
  ])('is explained by %s', (_, changes, explained) => {
    const { duplicates } = accountAlerts(seen({ pages: [PAGE, again], ...changes }));
    expect(duplicates).toEqual([{ explained, text: 'one/1 after one/1, 6000 ms later' }]);
  });

  test('is another page of the group that says the same, and no page that says more', () => {
    const same = { ...again, key: 'one/2' };
    expect(accountAlerts(seen({ pages: [PAGE, same] })).duplicates).toHaveLength(1);
    const more = { ...same, firing: ['a00001', 'a00002'] };
    expect(accountAlerts(seen({ pages: [PAGE, more] })).duplicates).toEqual([]);
  });
});

test('a plan has all that is asked for, the same for the same seed', () => {
  const asked = { alerts: 100, groups: 10, silences: 3, lastsMs: 10_000 };
  const plan = planAlerts(asked, seeded(7));
  expect(planAlerts(asked, seeded(7))).toEqual(plan);
  expect(new Set(plan.alerts.map(({ id }) => id)).size).toBe(100);
  expect(new Set(plan.alerts.map(({ group }) => group)).size).toBe(10);
  expect(new Set(plan.silences.flatMap(({ groups }) => groups)).size).toBe(9);
  expect(plan.alerts.every(({ firesAtMs }) => firesAtMs <= 10_000)).toBe(true);
});
