import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freezeAt } from '../../../src/domain/release/freeze.ts';
import {
  type FreezeRule,
  type FreezeWindow,
  type OnBegin,
  type RecurringFreeze,
  stricter,
} from '../../../src/domain/release/freeze-window.ts';
import { BERLIN, CHICAGO, FREEZE_VECTORS, LORD_HOWE } from './freeze-vectors.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function recurring(changes: Partial<RecurringFreeze>): RecurringFreeze {
  return {
    kind: 'recurring',
    name: 'weekend',
    rrule: 'FREQ=WEEKLY;BYDAY=FR',
    startsLocal: '2026-01-02T16:00',
    timezone: 'Europe/Berlin',
    forMs: 64 * HOUR_MS,
    exceptLocal: [],
    onBegin: 'hold',
    ...changes,
  };
}

function dated(name: string, from: string, to: string, onBegin: OnBegin = 'hold'): FreezeRule {
  return { kind: 'dated', name, fromMs: ms(from), toMs: ms(to), onBegin };
}

function ms(time: string): number {
  return Date.parse(time);
}

function shown(atMs: number): string {
  return new Date(atMs).toISOString().replace(':00.000Z', 'Z');
}

/** `current` and `next` as `name onBegin from/to`, or `none`. */
function told(rules: readonly FreezeRule[], at: string): readonly string[] {
  const { current, next } = freezeAt(rules, ms(at));
  return [current, next].map((freeze) =>
    freeze === null
      ? 'none'
      : `${freeze.name} ${freeze.onBegin} ${shown(freeze.fromMs)}/${shown(freeze.toMs)}`,
  );
}

/** The first beginnings after a time, until there are enough or no more. */
function beginnings(rule: FreezeRule, after: string, most: number): readonly string[] {
  const found: string[] = [];
  let atMs = ms(after);
  while (found.length < most) {
    const { next } = freezeAt([rule], atMs);
    if (next === null) break;
    found.push(shown(next.fromMs));
    atMs = next.fromMs;
  }
  return found;
}

describe('a recurring window begins as RFC 5545 says, on the clocks of its zone', () => {
  test.each(FREEZE_VECTORS)('$what', ({ zone, rrule, starts, after, except, begins, isAll }) => {
    const rule = recurring({
      rrule,
      startsLocal: starts,
      timezone: zone,
      forMs: MINUTE_MS,
      exceptLocal: except ?? [],
    });
    const most = begins.length + (isAll === true ? 1 : 0);
    expect(beginnings(rule, `${after}Z`, most)).toEqual(begins);
  });

  test('nothing of a day that is left out begins', () => {
    const rule = recurring({ rrule: 'FREQ=DAILY;BYHOUR=8,20', exceptLocal: ['2026-04-03'] });
    expect(beginnings({ ...rule, forMs: MINUTE_MS }, '2026-04-02T12:00Z', 2)).toEqual([
      '2026-04-02T18:00Z',
      '2026-04-04T06:00Z',
    ]);
  });

  test.each([
    ['a day, which counts to its end', '20260403', ['2026-03-27T15:00Z', '2026-04-03T14:00Z']],
    ['a local time', '20260403T155959', ['2026-03-27T15:00Z']],
    ['a time in UTC', '20260403T135959Z', ['2026-03-27T15:00Z']],
  ])('UNTIL may be %s', (_, until, begins) => {
    const rule = recurring({ rrule: `FREQ=WEEKLY;BYDAY=FR;UNTIL=${until}`, forMs: MINUTE_MS });
    expect(beginnings(rule, '2026-03-26T00:00Z', 9)).toEqual(begins);
  });

  test('it lasts as long where the clocks change within it', () => {
    expect(told([recurring({})], '2026-03-28T00:00Z')[0]).toBe(
      'weekend hold 2026-03-27T15:00Z/2026-03-30T07:00Z',
    );
    expect(told([recurring({})], '2026-10-24T00:00Z')[0]).toBe(
      'weekend hold 2026-10-23T14:00Z/2026-10-26T06:00Z',
    );
  });

  test('an hour that clocks show twice is frozen once, and the second is free', () => {
    const rule = recurring({
      rrule: 'FREQ=DAILY',
      startsLocal: '2026-10-01T02:00',
      forMs: HOUR_MS,
    });
    expect(told([rule], '2026-10-25T00:30Z')[0]).toBe(
      'weekend hold 2026-10-25T00:00Z/2026-10-25T01:00Z',
    );
    expect(told([rule], '2026-10-25T01:30Z')[0]).toBe('none');
  });
});

describe('a window', () => {
  const rules = [dated('xmas', '2026-12-20T00:00Z', '2027-01-03T00:00Z', 'return')];
  const xmas = 'xmas return 2026-12-20T00:00Z/2027-01-03T00:00Z';

  test.each([
    ['2026-12-19T23:59:59.999Z', 'none', xmas],
    ['2026-12-20T00:00Z', xmas, 'none'],
    ['2027-01-02T23:59:59.999Z', xmas, 'none'],
    ['2027-01-03T00:00Z', 'none', 'none'],
  ])('holds from its beginning on and is over at its end: %s', (at, current, next) => {
    expect(told(rules, at)).toEqual([current, next]);
  });

  test('of no rule is none', () => {
    expect(freezeAt([], 0)).toEqual({ current: null, next: null });
  });

  test.each([
    ['2025-11-15T00:00Z', xmas],
    ['2025-11-14T23:59Z', 'none'],
  ])('is next when it begins within 400 days: at %s', (at, next) => {
    expect(told(rules, at)[1]).toBe(next);
  });
});

describe('windows that overlap or touch are one freeze', () => {
  const friday = recurring({});
  test.each([
    {
      what: 'a chain has the first beginning, the last end and its name, and the strictest',
      rules: [
        dated('a', '2026-06-01T00:00Z', '2026-06-03T00:00Z', 'finish'),
        dated('b', '2026-06-02T00:00Z', '2026-06-05T00:00Z', 'return'),
        dated('c', '2026-06-05T00:00Z', '2026-06-06T00:00Z', 'hold'),
      ],
      at: '2026-06-01T12:00Z',
      current: 'c return 2026-06-01T00:00Z/2026-06-06T00:00Z',
      next: 'none',
    },
    {
      what: 'one within another gives it no name',
      rules: [
        dated('outer', '2026-06-01T00:00Z', '2026-06-05T00:00Z', 'finish'),
        dated('inner', '2026-06-02T00:00Z', '2026-06-03T00:00Z', 'hold'),
      ],
      at: '2026-06-04T00:00Z',
      current: 'outer hold 2026-06-01T00:00Z/2026-06-05T00:00Z',
      next: 'none',
    },
    {
      what: 'a millisecond between them is a gap',
      rules: [
        dated('a', '2026-06-01T00:00Z', '2026-06-02T00:00Z', 'finish'),
        dated('b', '2026-06-02T00:00:00.001Z', '2026-06-03T00:00Z', 'return'),
      ],
      at: '2026-06-01T12:00Z',
      current: 'a finish 2026-06-01T00:00Z/2026-06-02T00:00Z',
      next: 'b return 2026-06-02T00:00:00.001Z/2026-06-03T00:00Z',
    },
    {
      what: 'a weekend before Christmas and one at its end belong to it',
      rules: [friday, dated('xmas', '2026-12-21T07:00Z', '2027-01-02T00:00Z', 'return')],
      at: '2026-12-18T15:00Z',
      current: 'weekend return 2026-12-18T15:00Z/2027-01-04T07:00Z',
      next: 'weekend hold 2027-01-08T15:00Z/2027-01-11T07:00Z',
    },
    {
      what: 'what is next is a whole freeze as well',
      rules: [friday, dated('fair', '2026-06-06T00:00Z', '2026-06-10T00:00Z', 'finish')],
      at: '2026-06-01T12:00Z',
      current: 'none',
      next: 'fair hold 2026-06-05T14:00Z/2026-06-10T00:00Z',
    },
    {
      what: 'a chain of daily windows is followed for months',
      rules: [recurring({ name: 'q4', rrule: 'FREQ=DAILY;BYMONTH=10,11,12', forMs: 25 * HOUR_MS })],
      at: '2026-11-15T00:00Z',
      current: 'q4 hold 2026-10-01T14:00Z/2027-01-01T16:00Z',
      next: 'q4 hold 2027-10-01T14:00Z/2028-01-01T16:00Z',
    },
  ])('$what', ({ rules, at, current, next }) => {
    expect(told(rules, at)).toEqual([current, next]);
  });

  test('a freeze without an end is cut off', () => {
    const endless = recurring({ rrule: 'FREQ=HOURLY', forMs: 2 * HOUR_MS });
    const { current, next } = freezeAt([endless], ms('2028-01-01T00:00Z'));
    expect(current?.toMs).toBeGreaterThan(ms('2029-01-01T00:00Z'));
    expect(next).toBeNull();
  });
});

describe('at any time', () => {
  const onBegin = fc.constantFrom<OnBegin>('finish', 'hold', 'return');
  const someDated = fc
    .record({ from: fc.nat(2000), hours: fc.integer({ min: 1, max: 500 }), onBegin })
    .map(({ from, hours, ...rest }): FreezeRule => {
      const fromMs = ms('2026-01-01T00:00Z') + from * HOUR_MS;
      return { kind: 'dated', name: `d${from}`, fromMs, toMs: fromMs + hours * HOUR_MS, ...rest };
    });
  const someRecurring = fc
    .record({
      rrule: fc.constantFrom('FREQ=WEEKLY;BYDAY=MO,FR', 'FREQ=MONTHLY;BYMONTHDAY=-1', 'FREQ=DAILY'),
      forMs: fc.integer({ min: 1, max: 23 }).map((hours) => hours * HOUR_MS),
      timezone: fc.constantFrom(BERLIN, CHICAGO, LORD_HOWE),
      onBegin,
    })
    .map(recurring);
  const rules = fc.array(fc.oneof(someDated, someRecurring), { minLength: 1, maxLength: 4 });
  const at = fc.nat(150 * 24 * 60).map((minutes) => ms('2026-01-01T00:00Z') + minutes * MINUTE_MS);

  /** A freeze without one is cut off; no release file may have it. */
  const hasEnd = ({ fromMs, toMs }: FreezeWindow): boolean => toMs - fromMs <= 366 * DAY_MS;

  test('what was next is current from its beginning to its end, and then is no more', () => {
    fc.assert(
      fc.property(rules, at, fc.double({ min: 0, max: 1, noNaN: true }), (some, atMs, share) => {
        const { next } = freezeAt(some, atMs);
        if (next === null || !hasEnd(next)) return;
        const withinMs = Math.floor(next.fromMs + share * (next.toMs - next.fromMs - 1));
        expect(freezeAt(some, next.fromMs).current).toEqual(next);
        expect(freezeAt(some, withinMs).current).toEqual(next);
        expect(freezeAt(some, next.toMs).current).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  test('nothing is frozen between now and what is next', () => {
    fc.assert(
      fc.property(rules, at, fc.double({ min: 0, max: 1, noNaN: true }), (some, atMs, share) => {
        const { current, next } = freezeAt(some, atMs);
        if (current !== null && !hasEnd(current)) return;
        const freeMs = current?.toMs ?? atMs;
        const untilMs = next?.fromMs ?? freeMs + DAY_MS;
        const betweenMs = Math.floor(freeMs + share * (untilMs - freeMs - 1));
        expect(untilMs).toBeGreaterThan(freeMs);
        expect(freezeAt(some, betweenMs).current).toBeNull();
      }),
      { numRuns: 60 },
    );
  });
});

test.each([
  ['finish', 'hold', 'hold'],
  ['return', 'hold', 'return'],
  ['finish', 'finish', 'finish'],
  ['finish', 'return', 'return'],
] as const)('of %s and %s the stricter is %s', (one, other, expected) => {
  expect(stricter(one, other)).toBe(expected);
  expect(stricter(other, one)).toBe(expected);
});
