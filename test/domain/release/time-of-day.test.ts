import { describe, expect, test } from 'vitest';
import { gateTime } from '../../../src/domain/release/gate-time.schema.ts';
import { opensAt } from '../../../src/domain/release/time-of-day.ts';

const WORKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri'];

/**
 * Computed with Python's zoneinfo: the first minute from `at` on whose local time and day are within
 * the hours, looked for minute by minute. 2858 random hours around changes of clocks in seven zones
 * agreed when this was written.
 */
describe('a gate is open while the clocks of its zone show its hours', () => {
  test.each([
    ['09:00-17:00', 'Europe/Berlin', WORKDAYS, '2026-03-27T08:00Z', 'now'],
    ['09:00-17:00', 'Europe/Berlin', WORKDAYS, '2026-03-27T15:00Z', 'now'],
    ['09:00-17:00', 'Europe/Berlin', WORKDAYS, '2026-03-27T07:59Z', '2026-03-27T08:00Z'],
    ['09:00-17:00', 'Europe/Berlin', WORKDAYS, '2026-03-27T16:00Z', '2026-03-30T07:00Z'],
    ['09:00-17:00', 'Europe/Berlin', WORKDAYS, '2026-10-23T15:00Z', '2026-10-26T08:00Z'],
    ['00:00-24:00', 'UTC', ['sun'], '2026-11-25T00:00Z', '2026-11-29T00:00Z'],
    ['00:00-24:00', 'UTC', undefined, '2026-11-25T00:00Z', 'now'],
  ])('%s %s %j at %s: %s', check);
});

describe('hours past midnight belong to the day they begin on', () => {
  test.each([
    ['22:00-04:00', 'America/Chicago', ['fri'], '2026-03-06T12:00Z', '2026-03-07T04:00Z'],
    ['22:00-04:00', 'America/Chicago', ['fri'], '2026-03-07T09:59Z', 'now'],
    ['22:00-04:00', 'America/Chicago', ['fri'], '2026-03-07T10:00Z', '2026-03-14T03:00Z'],
    ['22:00-04:00', 'America/Chicago', ['sat'], '2026-03-08T08:30Z', 'now'],
    ['22:00-04:00', 'America/Chicago', ['sat'], '2026-03-08T09:00Z', '2026-03-15T03:00Z'],
    ['22:00-00:00', 'UTC', ['fri'], '2026-11-28T00:00Z', '2026-12-04T22:00Z'],
    ['22:00-24:00', 'UTC', ['fri'], '2026-11-28T00:00Z', '2026-12-04T22:00Z'],
  ])('%s %s %j at %s: %s', check);
});

describe('where clocks change', () => {
  test.each([
    // What begins in the hour that is skipped opens with the change.
    ['02:30-04:00', 'Europe/Berlin', undefined, '2026-03-29T00:00Z', '2026-03-29T01:00Z'],
    ['02:15-03:00', 'Australia/Lord_Howe', undefined, '2026-10-03T15:00Z', '2026-10-03T15:30Z'],
    // What is skipped as a whole does not open on that day.
    ['02:15-02:45', 'Europe/Berlin', undefined, '2026-03-29T00:00Z', '2026-03-30T00:15Z'],
    ['02:15-02:45', 'Europe/Berlin', ['sun'], '2026-03-29T00:00Z', '2026-04-05T00:15Z'],
    // What is shown twice opens twice.
    ['02:15-02:45', 'Europe/Berlin', undefined, '2026-10-25T00:00Z', '2026-10-25T00:15Z'],
    ['02:15-02:45', 'Europe/Berlin', undefined, '2026-10-25T00:45Z', '2026-10-25T01:15Z'],
    ['02:15-02:45', 'Europe/Berlin', undefined, '2026-10-25T01:45Z', '2026-10-26T01:15Z'],
    ['01:40-01:50', 'Australia/Lord_Howe', undefined, '2026-04-04T14:50Z', '2026-04-04T15:10Z'],
    // A zone in which midnight is skipped.
    ['00:00-24:00', 'America/Santiago', ['sun'], '2026-09-05T12:00Z', '2026-09-06T04:00Z'],
  ])('%s %s %j at %s: %s', check);
});

function check(
  between: string,
  timezone: string,
  days: string[] | undefined,
  at: string,
  opens: string,
): void {
  const spec = gateTime.parse({ between, timezone, ...(days === undefined ? {} : { days }) });
  const openMs = opensAt(spec, Date.parse(at));
  expect(new Date(openMs).toISOString()).toBe(new Date(opens === 'now' ? at : opens).toISOString());
}

test('an opening is told to the millisecond, and the last one before the end is open', () => {
  const spec = gateTime.parse({ between: '09:00-17:00', timezone: 'UTC' });
  const early = Date.parse('2026-11-25T08:59:59.999Z');
  expect(opensAt(spec, early)).toBe(early + 1);
  const late = Date.parse('2026-11-25T16:59:59.999Z');
  expect(opensAt(spec, late)).toBe(late);
  expect(opensAt(spec, late + 1)).toBe(Date.parse('2026-11-26T09:00Z'));
});

test('hours become minutes of the day, and days are in their order', () => {
  const written = { between: '22:00-04:30', timezone: 'UTC', days: ['sun', 'mon', 'sun'] };
  expect(gateTime.parse(written)).toEqual({
    fromMinuteOfDay: 1320,
    toMinuteOfDay: 270,
    timezone: 'UTC',
    days: ['mon', 'sun'],
  });
});

test.each([
  [{ between: '9:00-17:00' }, 'between: "9:00-17:00": hours are written like 09:00-17:00'],
  [{ between: '09:00-25:00' }, 'between: "09:00-25:00": hours are written like 09:00-17:00'],
  [{ between: '24:00-09:00' }, 'between: "24:00-09:00": hours are written like 09:00-17:00'],
  [{ between: 9 }, 'between: hours are written like 09:00-17:00'],
  [{ between: '09:00-09:00' }, 'between: ends when it begins: write 00:00-24:00 for the whole day'],
  [
    { timezone: 'Munich' },
    'timezone: "Munich" is no time zone: write one like Europe/Berlin or UTC',
  ],
  [
    { timezone: 'New York' },
    'timezone: "New York" is no time zone: did you mean America/New_York?',
  ],
  [{ days: [] }, 'days: name at least one day'],
])('%j is refused: %s', (changes, message) => {
  const { error } = gateTime.safeParse({
    between: '09:00-17:00',
    timezone: 'UTC',
    ...changes,
  });
  const found = error?.issues.map(({ path, message: text }) => `${path.join('.')}: ${text}`);
  expect(found).toEqual([message]);
});
