import { expect, test } from 'vitest';
import { exportIcal } from '../../../src/domain/oncall/ical-export.ts';
import { readIcal } from '../../../src/domain/oncall/ical-import.ts';
import { shiftsBetween } from '../../../src/domain/oncall/on-call.ts';
import { scheduleDocument } from '../../../src/domain/oncall/schedule-document.ts';
import { ms, scheduleOf } from './schedules.ts';

const schedule = scheduleOf({
  time_zone: 'Australia/Lord_Howe',
  layers: [
    {
      rotation: { every: 'daily', starts: '2020-09-20T02:15' },
      members: ['ada', ['bob', 'cy'], 'dee'],
      restrictions: [{ between: '01:45-23:00' }],
    },
  ],
  overrides: [{ from: '2020-10-03T12:00', to: '2020-10-05T02:15', person: 'eve', replaces: 'bob' }],
});

const [fromMs, toMs] = [ms('2020-09-25T00:00Z'), ms('2020-10-20T00:00Z')];
const shifts = shiftsBetween(schedule, fromMs, toMs);
const atMs = ms('2026-01-01T00:00Z');
const exported = { name: 'primary', timeZone: 'Australia/Lord_Howe', shifts, atMs };

test('a calendar that is read again puts the same people on call', () => {
  const read = readIcal({
    ...{ text: exportIcal(exported), file: 'c.ics', timeZone: 'UTC', people: [] },
  });
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems));
  expect(read).toMatchObject({ name: 'primary', timeZone: 'Australia/Lord_Howe', remarks: [] });
  const again = scheduleOf(scheduleDocument(read));
  const who = (of: typeof shifts) =>
    of.reduce<{ fromMs: number; toMs: number; persons: readonly string[] }[]>((all, shift) => {
      const last = all.at(-1);
      const isSame = last?.toMs === shift.fromMs && last.persons.join() === shift.persons.join();
      if (isSame) last.toMs = shift.toMs;
      else all.push({ fromMs: shift.fromMs, toMs: shift.toMs, persons: shift.persons });
      return all;
    }, []);
  expect(who(shiftsBetween(again, fromMs, toMs))).toEqual(who(shifts));
  expect(shifts.length).toBeGreaterThan(25);
});

test('a shift is an event in UTC, the same in every export but for its stamp', () => {
  const [first] = shiftsBetween(schedule, ms('2020-10-01T12:00Z'), ms('2020-10-01T13:00Z'));
  if (first === undefined) throw new Error('nobody is on call');
  const text = exportIcal({ ...exported, shifts: [{ ...first, persons: ['ada', 'bob'] }] });
  expect(text.split('\r\n')).toEqual([
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Belay//On-call//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'X-WR-CALNAME:primary',
    'X-WR-TIMEZONE:Australia/Lord_Howe',
    'BEGIN:VEVENT',
    'UID:primary-20201001T120000Z@belay',
    'DTSTAMP:20260101T000000Z',
    'DTSTART:20201001T120000Z',
    'DTEND:20201001T123000Z',
    'SUMMARY:ada\\, bob',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ]);
});

test('lines have at most 75 octets, and what has a meaning is escaped', () => {
  const name = 'Zoë; Łukasz, \\ and a second\nline 日本語 '.repeat(6);
  const text = exportIcal({ ...exported, name, shifts: [] });
  const lines = text.split('\r\n');
  expect(lines.filter((line) => Buffer.byteLength(line) > 75)).toEqual([]);
  expect(lines.some((line) => Buffer.byteLength(line) === 75)).toBe(true);
  const unfolded = text.replaceAll('\r\n ', '');
  expect(unfolded).toContain('X-WR-CALNAME:Zoë\\; Łukasz\\, \\\\ and a second\\nline 日本語 ');
});
