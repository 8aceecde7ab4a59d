import { expect, test } from 'vitest';
import { instantOf, isTimeZone } from '../../src/domain/wall-clock.ts';

/** Expected times: `datetime(…, tzinfo=ZoneInfo(…), fold=0).astimezone(utc)` of Python's zoneinfo. */
test.each([
  ['2026-01-02T16:00', 'Europe/Berlin', '2026-01-02T15:00:00.000Z', ''],
  ['2026-07-02T16:00:30', 'Europe/Berlin', '2026-07-02T14:00:30.000Z', ''],
  ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z', 'skipped: clocks show 03:30'],
  ['2026-03-29T03:00', 'Europe/Berlin', '2026-03-29T01:00:00.000Z', 'the first after the gap'],
  ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z', 'the first of two'],
  ['2026-03-08T02:30', 'America/Chicago', '2026-03-08T08:30:00.000Z', 'skipped'],
  ['2026-11-01T01:30', 'America/Chicago', '2026-11-01T06:30:00.000Z', 'the first of two'],
  ['2026-10-04T02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00.000Z', 'skipped half an hour'],
  ['2026-04-05T01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00.000Z', 'the first of two'],
  ['2026-06-01T00:00', 'Asia/Kathmandu', '2026-05-31T18:15:00.000Z', ''],
])('%s in %s is %s %s', (local, zone, expected) => {
  expect(new Date(instantOf(local, zone)).toISOString()).toBe(expected);
});

test.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['America/Argentina/Buenos_Aires', true],
  ['Europe/Bonn', false],
  ['+02:00', false],
  ['', false],
])('%j is a time zone: %s', (name, isOne) => {
  expect(isTimeZone(name)).toBe(isOne);
});
