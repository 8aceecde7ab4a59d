import { describe, expect, test } from 'vitest';
import type { Matcher } from '../../../src/domain/alerting/matcher.ts';
import {
  type Silence,
  type SilenceRequest,
  expired,
  isEndedByHand,
  isForgotten,
  setSilence,
  silences,
  stateOf,
} from '../../../src/domain/alerting/silence.ts';

const NOW = 1_795_000_000_000;
const HOUR = 3_600_000;
const DOWN: Matcher = { name: 'alertname', operator: '=', value: 'Down' };

function request(over: Partial<SilenceRequest> = {}): SilenceRequest {
  return {
    id: null,
    matcherSets: [[DOWN]],
    startsAtMs: NOW,
    endsAtMs: NOW + HOUR,
    createdBy: 'ada',
    comment: 'the disk is changed',
    ...over,
  };
}

function silence(over: Partial<Silence> = {}): Silence {
  return { ...request(), id: 'old', updatedAtMs: NOW - HOUR, ...over };
}

test.each([
  [NOW + 1, NOW + 2, 'pending'],
  [NOW, NOW + 1, 'active'],
  [NOW - 1, NOW, 'expired'],
] as const)('from %i to %i it is %s', (startsAtMs, endsAtMs, state) => {
  const one = silence({ startsAtMs, endsAtMs });
  expect(stateOf(one, NOW)).toBe(state);
  expect(silences(one, { alertname: 'Down' }, NOW)).toBe(state === 'active');
  expect(silences(one, { alertname: 'Up' }, NOW)).toBe(false);
});

test('one of its sets must match, and every matcher of it', () => {
  const prod: Matcher = { name: 'env', operator: '=~', value: 'prod.*' };
  const one = silence({ matcherSets: [[DOWN, prod], [{ ...DOWN, value: 'Slow' }]] });
  expect(silences(one, { alertname: 'Down', env: 'prod-1' }, NOW)).toBe(true);
  expect(silences(one, { alertname: 'Down', env: 'test' }, NOW)).toBe(false);
  expect(silences(one, { alertname: 'Slow' }, NOW)).toBe(true);
});

test('a new silence does not begin before it is made', () => {
  expect(setSilence({}, request({ startsAtMs: NOW - HOUR }), NOW, 'new')).toMatchObject({
    kind: 'set',
    id: 'new',
    changed: [{ id: 'new', startsAtMs: NOW, updatedAtMs: NOW }],
  });
});

describe('a change keeps the id only where it is the same silence', () => {
  const active = silence({ startsAtMs: NOW - HOUR + 400 });
  const pending = silence({ startsAtMs: NOW + HOUR / 2 });
  const over = silence({ startsAtMs: NOW - 2 * HOUR, endsAtMs: NOW - HOUR });
  const other = [[{ ...DOWN, value: 'Slow' }]];

  test.each([
    ['an active one, another end', active, { startsAtMs: NOW - HOUR }, ['old']],
    ['an active one, another beginning', active, { startsAtMs: NOW }, ['old', 'new']],
    [
      'an active one, other matchers',
      active,
      { startsAtMs: NOW - HOUR, matcherSets: other },
      ['old', 'new'],
    ],
    ['a pending one, another beginning', pending, { startsAtMs: NOW + 1 }, ['old']],
    ['a pending one, begun in the past', pending, { startsAtMs: NOW - 1 }, ['old', 'new']],
    ['one that is over', over, { startsAtMs: NOW }, ['new']],
  ] as const)('%s', (_name, before, over_, ids) => {
    const answer = setSilence({ old: before }, request({ id: 'old', ...over_ }), NOW, 'new');
    expect(answer.kind === 'set' && answer.changed.map(({ id }) => id)).toEqual(ids);
    if (answer.kind !== 'set') return;
    expect(answer.id).toBe(ids.at(-1));
    if (ids.length === 2) expect(answer.changed[0]).toMatchObject({ endsAtMs: NOW });
  });

  test('one that nobody knows is not made', () => {
    const answer = setSilence({}, request({ id: 'constructor' }), NOW, 'new');
    expect(answer).toEqual({ kind: 'unknown', message: 'there is no silence constructor' });
  });
});

test.each([
  [{ matcherSets: [] }, 'has at least one matcher'],
  [{ matcherSets: [[]] }, 'would silence everything'],
  [
    { matcherSets: [[DOWN], [{ ...DOWN, operator: '=~', value: '.*' } as const]] },
    'would silence everything',
  ],
  [{ matcherSets: [[{ ...DOWN, operator: '=~', value: '(' } as const]] }, 'missing closing )'],
  [{ endsAtMs: NOW - 1, startsAtMs: NOW - 2 }, 'already be over'],
  [{ endsAtMs: NOW }, 'ends before it begins'],
  [{ createdBy: ' ' }, 'say who'],
  [{ comment: '' }, 'say why'],
])('%j is refused: %s', (over, message) => {
  expect(setSilence({}, request(over), NOW, 'new')).toEqual({
    kind: 'invalid',
    message: expect.stringContaining(message),
  });
});

test('expiring ends it now, whatever it was, and twice is once', () => {
  expect(expired(silence({ startsAtMs: NOW - 1 }), NOW)).toMatchObject({ endsAtMs: NOW });
  const pending = expired(silence({ startsAtMs: NOW + 1 }), NOW);
  expect(pending).toMatchObject({ startsAtMs: NOW, endsAtMs: NOW });
  expect(expired(pending, NOW + 5)).toBe(pending);
  expect(isForgotten(pending, NOW + HOUR - 1, HOUR)).toBe(false);
  expect(isForgotten(pending, NOW + HOUR, HOUR)).toBe(true);
});

test('who has ended a silence, a person or time, can be told', () => {
  const lasting = silence({ startsAtMs: NOW - HOUR, endsAtMs: NOW + HOUR });
  expect(isEndedByHand(lasting)).toBe(false);
  expect(isEndedByHand(silence({ endsAtMs: NOW - 1 }))).toBe(false);
  expect(isEndedByHand(expired(lasting, NOW))).toBe(true);
  expect(isEndedByHand(expired(silence({ startsAtMs: NOW + 1, endsAtMs: NOW + 2 }), NOW))).toBe(
    true,
  );
});
