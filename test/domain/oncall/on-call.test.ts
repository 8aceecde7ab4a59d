import { describe, expect, test } from 'vitest';
import {
  LOOK_MAX_MS,
  gapsBetween,
  nextHandOff,
  onCallAt,
  shiftsBetween,
} from '../../../src/domain/oncall/on-call.ts';
import { personsOf } from '../../../src/domain/oncall/persons-of.ts';
import type { ScheduleDocument } from '../../../src/domain/oncall/schedule.schema.ts';
import { ms, scheduleOf, shiftLines } from './schedules.ts';

const BERLIN = 'Europe/Berlin';

const weekly = {
  name: 'weekly',
  rotation: { every: 'weekly' as const, starts: '2026-01-05T09:00' },
  members: ['ada', 'bob', ['cy', 'dee']],
};

const base: ScheduleDocument = { time_zone: BERLIN, layers: [weekly] };

describe('members take turns', () => {
  test('one after the other, several together where a turn is of several', () => {
    expect(shiftLines(scheduleOf(base), '2026-01-01T00:00Z', '2026-02-01T00:00Z')).toEqual([
      '2026-01-05T09:00+01:00 ada',
      '2026-01-12T09:00+01:00 bob',
      '2026-01-19T09:00+01:00 cy, dee',
      '2026-01-26T09:00+01:00 ada',
    ]);
  });

  test('from the start on, and nobody before', () => {
    const schedule = scheduleOf(base);
    expect(onCallAt(schedule, ms('2026-01-05T08:00Z') - 1)).toEqual([]);
    expect(onCallAt(schedule, ms('2026-01-05T08:00Z'))).toEqual(['ada']);
  });

  test('within from and until of their layer, without moving the turns', () => {
    const layer = { ...weekly, from: '2026-01-08T00:00', until: '2026-01-14T00:00' };
    const schedule = scheduleOf({ ...base, layers: [layer] });
    expect(shiftsBetween(schedule, ms('2026-01-01'), ms('2026-02-01'))).toMatchObject([
      { fromMs: ms('2026-01-07T23:00Z'), toMs: ms('2026-01-12T08:00Z'), persons: ['ada'] },
      { fromMs: ms('2026-01-12T08:00Z'), toMs: ms('2026-01-13T23:00Z'), persons: ['bob'] },
    ]);
  });

  test('years later as soon as at once', () => {
    expect(onCallAt(scheduleOf(base), ms('2076-01-06T12:00Z'))).toEqual(
      // 50 years from Monday to Monday are 2609 weeks, and 2609 = 3 × 869 + 2.
      ['cy', 'dee'],
    );
  });
});

describe('of two layers the later one wins', () => {
  const over = {
    name: 'nights',
    rotation: { every: 'daily' as const, starts: '2026-01-05T00:00' },
    members: ['eve'],
    restrictions: [{ between: '22:00-06:00', days: ['mon' as const] }],
  };

  test('where it has somebody, and the earlier one where not', () => {
    const schedule = scheduleOf({ ...base, layers: [weekly, over] });
    expect(shiftLines(schedule, '2026-01-05T08:00Z', '2026-01-08T00:00Z')).toEqual([
      '2026-01-05T09:00+01:00 ada',
      '2026-01-05T22:00+01:00 eve',
      '2026-01-06T06:00+01:00 ada',
    ]);
    const [, night] = shiftsBetween(schedule, ms('2026-01-05T08:00Z'), ms('2026-01-08T00:00Z'));
    expect(night?.cause).toEqual({ kind: 'layer', index: 1, layer: 'nights' });
  });

  test('so that the order matters', () => {
    const schedule = scheduleOf({ ...base, layers: [over, weekly] });
    expect(onCallAt(schedule, ms('2026-01-05T22:00Z'))).toEqual(['ada']);
  });

  test('each in its own zone: follow the sun', () => {
    const day = { every: 'daily' as const, starts: '2026-01-01T09:00' };
    const office = [{ between: '09:00-21:00' }];
    const schedule = scheduleOf({
      time_zone: 'UTC',
      layers: [
        { rotation: day, members: ['ada'], restrictions: office, time_zone: BERLIN },
        { rotation: day, members: ['sam'], restrictions: office, time_zone: 'America/Los_Angeles' },
      ],
    });
    expect(shiftLines(schedule, '2026-02-02T08:00Z', '2026-02-03T12:00Z')).toEqual([
      '2026-02-02T08:00+00:00 ada',
      '2026-02-02T17:00+00:00 sam',
      '2026-02-03T08:00+00:00 ada',
    ]);
    expect(gapsBetween(schedule, ms('2026-02-02T08:00Z'), ms('2026-02-03T12:00Z'))).toEqual([
      { fromMs: ms('2026-02-03T05:00Z'), toMs: ms('2026-02-03T08:00Z'), cause: null },
    ]);
  });
});

describe('restrictions', () => {
  const restricted = (restrictions: ScheduleDocument['layers'][number]['restrictions']) =>
    scheduleOf({
      time_zone: BERLIN,
      layers: [
        {
          rotation: { every: 'daily', starts: '2020-01-01T00:00' },
          members: ['ada'],
          ...(restrictions === undefined ? {} : { restrictions }),
        },
      ],
    });
  const spans = (schedule: ReturnType<typeof scheduleOf>, from: string, to: string) =>
    shiftsBetween(schedule, ms(from), ms(to)).map(({ fromMs, toMs }) =>
      [fromMs, toMs].map((at) => new Date(at).toISOString().slice(0, 16)).join('/'),
    );

  test.each([
    [
      'hours of working days',
      [{ between: '09:00-17:00', days: ['thu' as const, 'fri' as const] }],
      ['2026-01-08T08:00/2026-01-08T16:00', '2026-01-09T08:00/2026-01-09T16:00'],
    ],
    [
      'past midnight belongs to the day on which it begins',
      [{ between: '22:00-06:00', days: ['fri' as const] }],
      ['2026-01-09T21:00/2026-01-10T05:00'],
    ],
    [
      'whole days that touch are one time',
      [{ between: '00:00-24:00', days: ['sat' as const, 'sun' as const] }],
      ['2026-01-09T23:00/2026-01-11T23:00'],
    ],
    [
      'from one day to another',
      [{ from: 'fri 17:00', to: 'mon 09:00' }],
      ['2026-01-05T00:00/2026-01-05T08:00', '2026-01-09T16:00/2026-01-12T00:00'],
    ],
    [
      'around the end of the week and almost all of it',
      [{ from: 'wed 00:00', to: 'tue 23:00' }],
      ['2026-01-05T00:00/2026-01-06T22:00', '2026-01-06T23:00/2026-01-12T00:00'],
    ],
    [
      'that overlap count once',
      [
        { between: '08:00-12:00', days: ['mon' as const] },
        { between: '10:00-14:00', days: ['mon' as const] },
      ],
      ['2026-01-05T07:00/2026-01-05T13:00'],
    ],
  ])('%s', (_name, restrictions, expected) => {
    expect(spans(restricted(restrictions), '2026-01-05T00:00Z', '2026-01-12T00:00Z')).toEqual(
      expected,
    );
  });

  test.each([
    [
      'hours that begin in the hour that clocks skip, begin at the change',
      '02:30-05:00',
      '2026-03-29',
      ['2026-03-29T01:00/2026-03-29T03:00'],
    ],
    ['hours that are skipped as a whole, are not', '02:00-03:00', '2026-03-29', []],
    [
      'hours that begin in the hour that comes twice, begin at the first',
      '02:30-05:00',
      '2026-10-25',
      ['2026-10-25T00:30/2026-10-25T04:00'],
    ],
    [
      'hours that end in the hour that comes twice, end at the last',
      '00:00-02:30',
      '2026-10-25',
      ['2026-10-24T22:00/2026-10-25T01:30'],
    ],
  ])('%s', (_name, between, day, expected) => {
    const read = restricted([{ between }]);
    expect(spans(read, `${day}T00:00+02:00`, `${day}T12:00Z`)).toEqual(expected);
  });
});

describe('a swap', () => {
  const swapped = scheduleOf({
    ...base,
    swaps: [{ from: '2026-01-07T09:00', to: '2026-01-14T09:00', between: ['ada', 'bob'] }],
  });

  test('gives each the turns of the other while it lasts', () => {
    expect(shiftLines(swapped, '2026-01-05T08:00Z', '2026-01-19T08:00Z')).toEqual([
      '2026-01-05T09:00+01:00 ada',
      '2026-01-07T09:00+01:00 bob',
      '2026-01-12T09:00+01:00 ada',
      '2026-01-14T09:00+01:00 bob',
    ]);
  });

  test('leaves the turns of all others alone', () => {
    const cause = shiftsBetween(swapped, ms('2026-01-19T08:00Z'), ms('2026-01-20T08:00Z'))[0];
    expect(cause).toMatchObject({ persons: ['cy', 'dee'], cause: { kind: 'layer', index: 0 } });
  });

  test('is named as the cause', () => {
    const [shift] = shiftsBetween(swapped, ms('2026-01-08'), ms('2026-01-09'));
    expect(shift?.cause).toEqual({ kind: 'swap', index: 0, layer: 'weekly' });
  });
});

describe('an override', () => {
  const during = { from: '2026-01-20T00:00', to: '2026-01-21T00:00' };
  const at = ms('2026-01-20T12:00Z');

  test.each([
    ['takes the place of everybody', [{ person: 'eve' }], ['eve']],
    ['takes the place of one', [{ person: 'eve', replaces: 'cy' }], ['dee', 'eve']],
    [
      'of one who is not on call changes nothing',
      [{ person: 'eve', replaces: 'ada' }],
      ['cy', 'dee'],
    ],
    ['adds somebody', [{ person: 'eve', replaces: 'nobody' }], ['cy', 'dee', 'eve']],
    ['takes one off', [{ person: 'nobody', replaces: 'cy' }], ['dee']],
    ['takes everybody off', [{ person: 'nobody' }], []],
    ['by one who is on call already leaves that one', [{ person: 'dee', replaces: 'cy' }], ['dee']],
    [
      'works on what the one before it has left',
      [{ person: 'eve' }, { person: 'fay', replaces: 'eve' }],
      ['fay'],
    ],
  ])('%s', (_name, overrides, expected) => {
    const schedule = scheduleOf({
      ...base,
      overrides: overrides.map((override) => ({ ...during, ...override })),
    });
    expect(onCallAt(schedule, at)).toEqual(expected);
    expect(onCallAt(schedule, ms('2026-01-19T23:00Z') - 1)).toEqual(['cy', 'dee']);
    expect(onCallAt(schedule, ms('2026-01-20T23:00Z'))).toEqual(['cy', 'dee']);
  });

  test('comes after the swaps', () => {
    const schedule = scheduleOf({
      ...base,
      swaps: [{ ...during, between: ['cy', 'ada'] }],
      overrides: [{ ...during, person: 'eve', replaces: 'ada' }],
    });
    expect(onCallAt(schedule, at)).toEqual(['dee', 'eve']);
  });

  test('closes a gap, and one by nobody is a gap with its cause', () => {
    const schedule = scheduleOf({
      ...base,
      overrides: [
        { from: '2026-01-01T00:00', to: '2026-01-05T09:00', person: 'eve' },
        { ...during, person: 'nobody' },
      ],
    });
    expect(gapsBetween(schedule, ms('2026-01-01T00:00+01:00'), ms('2026-02-01'))).toEqual([
      {
        fromMs: ms('2026-01-19T23:00Z'),
        toMs: ms('2026-01-20T23:00Z'),
        cause: { kind: 'override', index: 1, layer: 'weekly' },
      },
    ]);
  });
});

describe('events', () => {
  const eventsOf = (events: ScheduleDocument['layers'][number]['events']) =>
    scheduleOf({ time_zone: BERLIN, layers: [{ ...(events === undefined ? {} : { events }) }] });

  test('recur by their rule, on the clock on the wall', () => {
    const schedule = eventsOf([
      { persons: 'ada', rrule: 'FREQ=DAILY', starts: '2026-03-28T09:00', for: '24h' },
    ]);
    expect(gapsBetween(schedule, ms('2026-03-28T08:00Z'), ms('2026-11-30'))).toEqual([]);
    expect(shiftsBetween(schedule, ms('2026-03-28'), ms('2026-11-30'))).toHaveLength(1);
  });

  test('that end in the hour that comes twice, end at the last', () => {
    const schedule = eventsOf([
      { persons: 'ada', rrule: 'FREQ=DAILY', starts: '2026-10-20T22:00', for: '4h30m' },
    ]);
    expect(onCallAt(schedule, ms('2026-10-25T01:29Z'))).toEqual(['ada']);
    expect(onCallAt(schedule, ms('2026-10-25T01:30Z'))).toEqual([]);
  });

  test('by elapsed time leave a gap in a day of 25 hours', () => {
    const schedule = eventsOf([
      { persons: 'ada', rrule: 'FREQ=DAILY', starts: '2026-10-20T09:00', for_elapsed: '24h' },
    ]);
    expect(gapsBetween(schedule, ms('2026-10-20T07:00Z'), ms('2026-11-01'))).toMatchObject([
      { fromMs: ms('2026-10-25T07:00Z'), toMs: ms('2026-10-25T08:00Z') },
    ]);
  });

  test('of the highest priority count, all of them together', () => {
    const once = (persons: string, priority: number, from: string, to: string) => ({
      ...{ persons, priority, from: `2026-01-05T${from}`, to: `2026-01-05T${to}` },
    });
    const schedule = eventsOf([
      once('ada', 0, '08:00', '20:00'),
      once('bob', 1, '10:00', '14:00'),
      once('cy', 1, '12:00', '16:00'),
    ]);
    expect(shiftLines(schedule, '2026-01-05T00:00Z', '2026-01-06T00:00Z')).toEqual([
      '2026-01-05T08:00+01:00 ada',
      '2026-01-05T10:00+01:00 bob',
      '2026-01-05T12:00+01:00 bob, cy',
      '2026-01-05T14:00+01:00 cy',
      '2026-01-05T16:00+01:00 ada',
    ]);
  });

  test('are left out where they are excepted, and end with their rule', () => {
    const schedule = eventsOf([
      {
        persons: ['ada', 'bob'],
        rrule: 'FREQ=WEEKLY;BYDAY=SA;UNTIL=20260131T235959Z',
        starts: '2026-01-03T00:00',
        for: '1d',
        except: ['2026-01-17'],
      },
    ]);
    expect(shiftLines(schedule, '2026-01-01T00:00Z', '2026-03-01T00:00Z')).toEqual(
      ['03', '10', '24', '31'].map((day) => `2026-01-${day}T00:00+01:00 ada, bob`),
    );
  });

  test('that began long ago and are not over are found', () => {
    const schedule = eventsOf([
      { persons: 'ada', rrule: 'FREQ=MONTHLY', starts: '2020-01-01T09:00', for: '27d' },
    ]);
    expect(onCallAt(schedule, ms('2026-01-27T12:00Z'))).toEqual(['ada']);
    expect(onCallAt(schedule, ms('2026-01-28T12:00Z'))).toEqual([]);
  });
});

describe('the next hand-off', () => {
  test('is when others are on call', () => {
    expect(nextHandOff(scheduleOf(base), ms('2026-01-06T00:00Z'))).toEqual({
      atMs: ms('2026-01-12T08:00Z'),
      from: ['ada'],
      to: ['bob'],
    });
  });

  test('also into a gap, and out of one', () => {
    const schedule = scheduleOf({ ...base, layers: [{ ...weekly, until: '2026-01-07T00:00' }] });
    expect(nextHandOff(schedule, ms('2026-01-06T00:00Z'))?.to).toEqual([]);
    expect(nextHandOff(scheduleOf(base), ms('2025-02-01T00:00Z'))).toEqual({
      atMs: ms('2026-01-05T08:00Z'),
      from: [],
      to: ['ada'],
    });
  });

  test('is none where nobody else ever is', () => {
    const alone = scheduleOf({ ...base, layers: [{ ...weekly, members: ['ada'] }] });
    expect(nextHandOff(alone, ms('2026-01-06T00:00Z'))).toBeNull();
  });
});

test('more than 400 days at once are refused', () => {
  expect(() => shiftsBetween(scheduleOf(base), 0, LOOK_MAX_MS + 1)).toThrow('at most 400 days');
  expect(shiftsBetween(scheduleOf(base), 5, 5)).toEqual([]);
});

test('everybody whom a schedule names is told once', () => {
  const during = { from: '2026-01-20T00:00', to: '2026-01-21T00:00' };
  const schedule = scheduleOf({
    ...base,
    layers: [weekly, { events: [{ persons: ['bob', 'eve'], ...during }] }],
    overrides: [
      { ...during, person: 'nobody', replaces: 'fay' },
      { ...during, person: 'gus' },
    ],
    swaps: [{ ...during, between: ['ada', 'hal'] }],
  });
  expect(personsOf(schedule)).toEqual(['ada', 'bob', 'cy', 'dee', 'eve', 'fay', 'gus', 'hal']);
});
