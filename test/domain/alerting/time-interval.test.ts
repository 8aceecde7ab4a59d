import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';
import { timeInterval } from '../../../src/domain/alerting/time-interval.schema.ts';

type Written = Parameters<typeof timeInterval.parse>[0];

function contains(written: Written, at: string): boolean {
  return isIn(timeInterval.parse(written), Date.parse(at));
}

const SPAN = (from: string, to: string) => ({ times: [{ start_time: from, end_time: to }] });

describe('a time is in an interval when every part of it holds', () => {
  test.each([
    [[{}], '2026-03-04T10:00Z', true],
    [[SPAN('09:00', '17:00')], '2026-03-04T09:00Z', true],
    [[SPAN('09:00', '17:00')], '2026-03-04T16:59:59Z', true],
    [[SPAN('09:00', '17:00')], '2026-03-04T17:00Z', false],
    [[SPAN('22:00', '24:00')], '2026-03-04T23:59:59.999Z', true],
    [[{ ...SPAN('09:00', '17:00'), weekdays: ['monday:friday'] }], '2026-11-28T10:00Z', false],
    [[{ weekdays: ['sunday'] }], '2026-11-29T00:00Z', true],
    [[{ weekdays: ['Friday:saturday'] }], '2026-11-28T10:00Z', true],
    [[{ weekdays: ['monday'] }, { weekdays: ['saturday'] }], '2026-11-28T10:00Z', true],
    [[{ days_of_month: ['-1'] }], '2026-02-28T10:00Z', true],
    [[{ days_of_month: ['-1'] }], '2028-02-28T10:00Z', false],
    [[{ days_of_month: ['-3:-1'] }], '2026-04-28T10:00Z', true],
    [[{ days_of_month: ['-3:-1'] }], '2026-04-27T10:00Z', false],
    [[{ days_of_month: ['1:-1'] }], '2026-04-30T10:00Z', true],
    [[{ days_of_month: ['31'] }], '2026-04-30T10:00Z', false],
    [[{ days_of_month: ['29:31'] }], '2026-04-30T10:00Z', true],
    [[{ days_of_month: ['-31:-30'] }], '2026-04-01T10:00Z', true],
    [[{ days_of_month: [1] }], '2026-04-01T10:00Z', true],
    [[{ months: ['january:march'] }], '2026-03-31T23:59Z', true],
    [[{ months: ['1:3', 'december'] }], '2026-12-01T00:00Z', true],
    [[{ months: ['May:july'] }], '2026-08-01T00:00Z', false],
    [[{ years: ['2020:2023', '2026'] }], '2026-08-01T00:00Z', true],
    [[{ years: ['2020:2023'] }], '2024-01-01T00:00Z', false],
    [[{ years: ['1950:2023', 1] }], '2023-12-31T23:59Z', true],
    [[], '2024-01-01T00:00Z', false],
    // The clocks of the location: New York is five hours behind in winter, four in summer.
    [[{ ...SPAN('09:00', '10:00'), location: 'America/New_York' }], '2026-01-05T14:30Z', true],
    [[{ ...SPAN('09:00', '10:00'), location: 'America/New_York' }], '2026-07-06T14:30Z', false],
    [[{ days_of_month: ['31'], location: 'America/New_York' }], '2026-04-01T03:59Z', true],
    [
      [{ days_of_month: ['31'], months: ['march'], location: 'America/New_York' }],
      '2026-03-31T03:59Z',
      false,
    ],
    [[{ ...SPAN('00:00', '09:00'), location: 'Australia/Sydney' }], '2026-04-04T13:30Z', true],
    [[{ ...SPAN('02:00', '03:00'), location: 'Australia/Sydney' }], '2026-04-04T16:30Z', true],
  ] as const)('%j at %s: %s', (written, at, expected) => {
    expect(contains(structuredClone(written) as unknown as Written, at)).toBe(expected);
  });
});

describe('the next change is found', () => {
  test.each([
    [[SPAN('09:00', '17:00')], '2026-03-04T10:00Z', '2026-03-04T17:00Z'],
    [[SPAN('09:00', '17:00')], '2026-03-04T18:00Z', '2026-03-05T09:00Z'],
    [
      [{ ...SPAN('09:00', '17:00'), weekdays: ['monday:friday'] }],
      '2026-11-27T17:00Z',
      '2026-11-30T09:00Z',
    ],
    [
      [{ weekdays: ['saturday'] }, { weekdays: ['sunday'] }],
      '2026-11-28T10:00Z',
      '2026-11-30T00:00Z',
    ],
    [
      [{ ...SPAN('01:00', '02:30'), location: 'Europe/Berlin' }],
      '2026-03-29T00:30Z',
      '2026-03-29T01:00Z',
    ],
    [
      [{ ...SPAN('02:30', '04:00'), location: 'Europe/Berlin' }],
      '2026-10-25T00:00Z',
      '2026-10-25T00:30Z',
    ],
    [
      [{ ...SPAN('02:30', '04:00'), location: 'Europe/Berlin' }],
      '2026-10-25T00:45Z',
      '2026-10-25T01:00Z',
    ],
    [[{}], '2026-03-04T10:00Z', '2026-04-08T10:00Z'],
    [[{ years: ['2030'] }], '2026-03-04T10:00Z', '2026-04-08T10:00Z'],
    [[], '2026-03-04T10:00Z', '2026-04-08T10:00Z'],
  ])('%j from %s: %s', (written, from, expected) => {
    const interval = timeInterval.parse(written);
    expect(new Date(changesAt(interval, Date.parse(from))).toISOString()).toBe(
      new Date(expected).toISOString(),
    );
  });

  test('so that nothing changes before it, whatever the interval', () => {
    const part = fc.record({
      times: fc.constantFrom(undefined, SPAN('01:30', '02:15').times, SPAN('23:00', '24:00').times),
      weekdays: fc.constantFrom(undefined, ['monday'], ['friday:saturday']),
      days_of_month: fc.constantFrom(undefined, ['-2:-1'], ['1:15']),
      location: fc.constantFrom('Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns', 'UTC'),
    });
    const day = fc.integer({ min: Date.parse('2026-03-20'), max: Date.parse('2026-11-10') });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 2 }), day, (written, fromMs) => {
        const interval = timeInterval.parse(JSON.parse(JSON.stringify(written)));
        const untilMs = changesAt(interval, fromMs);
        const now = isIn(interval, fromMs);
        const minute = 60_000;
        let atMs = fromMs;
        for (let looks = 0; looks < 400 && atMs < untilMs; looks += 1) {
          expect(isIn(interval, atMs)).toBe(now);
          atMs = Math.ceil((atMs + 1) / (15 * minute)) * 15 * minute;
        }
      }),
      { numRuns: 60 },
    );
  });
});
