import { describe, expect, test } from 'vitest';
import type { Rotation } from '../../../src/domain/oncall/rotation.schema.ts';
import { handOffMs, turnAt } from '../../../src/domain/oncall/rotation.ts';
import { timeText, whenShown } from '../../../src/domain/oncall/zone-clock.ts';
import { Temporal } from 'temporal-polyfill';

const CHICAGO = 'America/Chicago';
const LORD_HOWE = 'Australia/Lord_Howe';

type Every = Rotation['every'];

function handOffs(
  [every, length, startsLocal, timeZone]: readonly [Every, number, string, string],
  first: number,
  count: number,
): readonly string[] {
  const rotation = { every, length, startsLocal };
  return Array.from({ length: count }, (_, index) =>
    timeText(handOffMs(rotation, timeZone, first + index), timeZone).replace(/:00([+-])/, '$1'),
  );
}

/**
 * Hand-offs that GoAlert promises in its `schedule/rotation/rotation_test.go` (Apache-2.0),
 * `TestRotation_StartEnd_BruteForce` and `TestRotation_EndTime`; where they begin one turn before
 * the start, that is turn -1 here.
 */
describe('hand-offs are those of GoAlert', () => {
  test.each([
    [
      'daily 1:30 over the end of summer time',
      ['daily', 1, '2020-10-30T01:30', CHICAGO],
      -1,
      [
        '2020-10-29T01:30-05:00',
        '2020-10-30T01:30-05:00',
        '2020-10-31T01:30-05:00',
        '2020-11-01T01:30-05:00',
        '2020-11-02T01:30-06:00',
        '2020-11-03T01:30-06:00',
      ],
    ],
    [
      'daily 2:30 over the beginning of summer time',
      ['daily', 1, '2020-03-06T02:30', CHICAGO],
      -1,
      [
        '2020-03-05T02:30-06:00',
        '2020-03-06T02:30-06:00',
        '2020-03-07T02:30-06:00',
        '2020-03-08T03:00-05:00',
        '2020-03-09T02:30-05:00',
        '2020-03-10T02:30-05:00',
      ],
    ],
    [
      'monthly',
      ['monthly', 1, '2020-01-02T01:30', CHICAGO],
      3,
      [
        '2020-04-02T01:30-05:00',
        '2020-05-02T01:30-05:00',
        '2020-06-02T01:30-05:00',
        '2020-07-02T01:30-05:00',
      ],
    ],
    [
      'monthly on the night that ends summer time',
      ['monthly', 1, '2020-10-01T01:30', CHICAGO],
      0,
      [
        '2020-10-01T01:30-05:00',
        '2020-11-01T01:30-05:00',
        '2020-12-01T01:30-06:00',
        '2021-01-01T01:30-06:00',
      ],
    ],
    [
      'daily 2:30 where half an hour comes twice before it',
      ['daily', 1, '2021-04-01T02:30', LORD_HOWE],
      0,
      [
        '2021-04-01T02:30+11:00',
        '2021-04-02T02:30+11:00',
        '2021-04-03T02:30+11:00',
        '2021-04-04T02:30+10:30',
        '2021-04-05T02:30+10:30',
        '2021-04-06T02:30+10:30',
      ],
    ],
    [
      'daily at the moment of that change',
      ['daily', 1, '2021-04-02T02:00', LORD_HOWE],
      -1,
      [
        '2021-04-01T02:00+11:00',
        '2021-04-02T02:00+11:00',
        '2021-04-03T02:00+11:00',
        '2021-04-04T02:00+10:30',
        '2021-04-05T02:00+10:30',
        '2021-04-06T02:00+10:30',
      ],
    ],
    [
      'daily 1:30 before half an hour is skipped',
      ['daily', 1, '2020-10-02T01:30', LORD_HOWE],
      -1,
      [
        '2020-10-01T01:30+10:30',
        '2020-10-02T01:30+10:30',
        '2020-10-03T01:30+10:30',
        '2020-10-04T01:30+10:30',
        '2020-10-05T01:30+11:00',
        '2020-10-06T01:30+11:00',
      ],
    ],
    [
      'daily 2:15 within the half hour that is skipped',
      ['daily', 1, '2020-10-02T02:15', LORD_HOWE],
      -1,
      [
        '2020-10-01T02:15+10:30',
        '2020-10-02T02:15+10:30',
        '2020-10-03T02:15+10:30',
        '2020-10-04T02:30+11:00',
        '2020-10-05T02:15+11:00',
        '2020-10-06T02:15+11:00',
      ],
    ],
    [
      'monthly that lasts two months',
      ['monthly', 2, '2017-11-01T00:00', CHICAGO],
      0,
      ['2017-11-01T00:00-05:00', '2018-01-01T00:00-06:00'],
    ],
    [
      'weekly over the beginning of summer time',
      ['weekly', 1, '2017-03-10T08:00', CHICAGO],
      0,
      ['2017-03-10T08:00-06:00', '2017-03-17T08:00-05:00'],
    ],
    [
      'weekly over the end of it',
      ['weekly', 1, '2017-11-04T08:00', CHICAGO],
      0,
      ['2017-11-04T08:00-05:00', '2017-11-11T08:00-06:00'],
    ],
    [
      'two weeks',
      ['weekly', 2, '2017-06-10T08:00', CHICAGO],
      0,
      ['2017-06-10T08:00-05:00', '2017-06-24T08:00-05:00'],
    ],
    [
      'a day of 23 hours',
      ['daily', 1, '2017-03-11T08:00', CHICAGO],
      0,
      ['2017-03-11T08:00-06:00', '2017-03-12T08:00-05:00'],
    ],
    [
      'a day of 25 hours',
      ['daily', 1, '2017-11-04T08:00', CHICAGO],
      0,
      ['2017-11-04T08:00-05:00', '2017-11-05T08:00-06:00'],
    ],
    [
      'ten hours, before the start and after it',
      ['hourly', 10, '2020-06-01T03:00', 'UTC'],
      -2,
      [
        '2020-05-31T07:00+00:00',
        '2020-05-31T17:00+00:00',
        '2020-06-01T03:00+00:00',
        '2020-06-01T13:00+00:00',
        '2020-06-01T23:00+00:00',
      ],
    ],
    [
      'twelve hours',
      ['hourly', 12, '2017-01-01T00:00', CHICAGO],
      4,
      ['2017-01-03T00:00-06:00', '2017-01-03T12:00-06:00'],
    ],
  ] as const)('%s', (_name, rotation, first, expected) => {
    expect(handOffs(rotation, first, expected.length)).toEqual(expected);
  });
});

/** Months by Python: `min(day, calendar.monthrange(year, month)[1])`, offsets by `zoneinfo`. */
describe('the day of a month is kept from the start', () => {
  test.each([
    [
      'the 31st, in a leap year',
      ['monthly', 1, '2024-01-31T09:00', 'Europe/Berlin'],
      [
        '2024-01-31T09:00+01:00',
        '2024-02-29T09:00+01:00',
        '2024-03-31T09:00+02:00',
        '2024-04-30T09:00+02:00',
        '2024-05-31T09:00+02:00',
      ],
    ],
    [
      'the 31st, in other years',
      ['monthly', 1, '2026-12-31T09:00', 'Europe/Berlin'],
      [
        '2026-12-31T09:00+01:00',
        '2027-01-31T09:00+01:00',
        '2027-02-28T09:00+01:00',
        '2027-03-31T09:00+02:00',
      ],
    ],
    [
      'the 30th',
      ['monthly', 1, '2026-01-30T09:00', 'UTC'],
      ['2026-01-30T09:00+00:00', '2026-02-28T09:00+00:00', '2026-03-30T09:00+00:00'],
    ],
    [
      'the 29th',
      ['monthly', 1, '2027-12-29T09:00', 'UTC'],
      [
        '2027-12-29T09:00+00:00',
        '2028-01-29T09:00+00:00',
        '2028-02-29T09:00+00:00',
        '2028-03-29T09:00+00:00',
      ],
    ],
    [
      'the 31st every third month',
      ['monthly', 3, '2026-01-31T00:00', 'Asia/Kolkata'],
      ['2026-01-31T00:00+05:30', '2026-04-30T00:00+05:30', '2026-07-31T00:00+05:30'],
    ],
    [
      'the 31st at a time that the clocks skip then',
      ['monthly', 1, '2024-01-31T02:30', 'Europe/Berlin'],
      ['2024-01-31T02:30+01:00', '2024-02-29T02:30+01:00', '2024-03-31T03:00+02:00'],
    ],
    [
      '29 February every twelve months',
      ['monthly', 12, '2024-02-29T09:00', 'UTC'],
      [
        '2024-02-29T09:00+00:00',
        '2025-02-28T09:00+00:00',
        '2026-02-28T09:00+00:00',
        '2027-02-28T09:00+00:00',
        '2028-02-29T09:00+00:00',
      ],
    ],
  ] as const)('%s', (_name, rotation, expected) => {
    expect(handOffs(rotation, 0, expected.length)).toEqual(expected);
  });
});

test('hours are elapsed time: a turn is no shorter or longer where clocks change', () => {
  expect(handOffs(['hourly', 24, '2020-10-31T01:30', CHICAGO], 0, 4)).toEqual([
    '2020-10-31T01:30-05:00',
    '2020-11-01T01:30-05:00',
    '2020-11-02T00:30-06:00',
    '2020-11-03T00:30-06:00',
  ]);
  expect(handOffs(['hourly', 1, '2020-03-08T00:30', CHICAGO], 0, 4)).toEqual([
    '2020-03-08T00:30-06:00',
    '2020-03-08T01:30-06:00',
    '2020-03-08T03:30-05:00',
    '2020-03-08T04:30-05:00',
  ]);
  expect(handOffs(['hourly', 1, '2021-04-04T00:30', LORD_HOWE], 0, 4)).toEqual([
    '2021-04-04T00:30+11:00',
    '2021-04-04T01:30+11:00',
    '2021-04-04T02:00+10:30',
    '2021-04-04T03:00+10:30',
  ]);
});

test('a day that a zone leaves out has no turn: its hand-off and the next are one', () => {
  const samoa = ['daily', 1, '2011-12-29T00:00', 'Pacific/Apia'] as const;
  expect(handOffs(samoa, 0, 4)).toEqual([
    '2011-12-29T00:00-10:00',
    '2011-12-31T00:00+14:00',
    '2011-12-31T00:00+14:00',
    '2012-01-01T00:00+14:00',
  ]);
  const rotation = { every: 'daily', length: 1, startsLocal: '2011-12-29T00:00' } as const;
  expect(turnAt(rotation, 'Pacific/Apia', Date.parse('2011-12-30T10:00Z'))).toBe(2);
  expect(turnAt(rotation, 'Pacific/Apia', Date.parse('2011-12-30T09:59:59.999Z'))).toBe(0);
});

test('a turn begins at its hand-off and not a millisecond before', () => {
  const rotation = { every: 'weekly', length: 2, startsLocal: '2020-01-06T09:00' } as const;
  for (const turn of [0, 1, 6, 100, 5000]) {
    const atMs = handOffMs(rotation, CHICAGO, turn);
    expect(turnAt(rotation, CHICAGO, atMs)).toBe(turn);
    expect(turnAt(rotation, CHICAGO, atMs - 1)).toBe(turn - 1);
  }
});

test('the turn of a time is found without counting from the start', () => {
  const rotation = { every: 'daily', length: 1, startsLocal: '2020-01-01T09:00' } as const;
  const atMs = Date.parse('+003020-01-02T10:00:00.000Z');
  const days = Temporal.PlainDate.from('2020-01-01').until('+003020-01-02').days;
  const begunMs = performance.now();
  for (let round = 0; round < 20; round += 1) {
    expect(turnAt(rotation, 'Europe/Berlin', atMs)).toBe(days);
  }
  // Counting would take a minute.
  expect(performance.now() - begunMs).toBeLessThan(2000);
});

test.each([
  ['2020-03-08T02:30', CHICAGO, 'first', '2020-03-08T08:00:00.000Z', 'skipped: at the change'],
  ['2020-03-08T02:30', CHICAGO, 'last', '2020-03-08T08:00:00.000Z', 'skipped: at the change'],
  ['2020-03-08T02:00', CHICAGO, 'first', '2020-03-08T08:00:00.000Z', 'the change itself'],
  ['2020-03-08T03:00', CHICAGO, 'last', '2020-03-08T08:00:00.000Z', 'the first after it'],
  ['2020-11-01T01:30', CHICAGO, 'first', '2020-11-01T06:30:00.000Z', 'the first of two'],
  ['2020-11-01T01:30', CHICAGO, 'last', '2020-11-01T07:30:00.000Z', 'the last of two'],
  ['2021-04-04T01:45', LORD_HOWE, 'first', '2021-04-03T14:45:00.000Z', 'the first of two'],
  ['2021-04-04T01:45', LORD_HOWE, 'last', '2021-04-03T15:15:00.000Z', 'half an hour later'],
  ['2018-11-04T00:00', 'America/Sao_Paulo', 'first', '2018-11-04T03:00:00.000Z', 'no midnight'],
  [
    '2019-11-03T00:00',
    'America/Sao_Paulo',
    'first',
    '2019-11-03T03:00:00.000Z',
    'no change any more',
  ],
] as const)('%s in %s, the %s, is %s: %s', (local, zone, showing, expected, _why) => {
  const shown = whenShown(Temporal.PlainDateTime.from(local), zone, showing);
  expect(new Date(shown).toISOString()).toBe(expected);
});
