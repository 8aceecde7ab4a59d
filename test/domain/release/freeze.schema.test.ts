import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { freezeWindows } from '../../../src/domain/release/freeze.schema.ts';

const WEEKEND = {
  name: 'weekend',
  rrule: 'FREQ=WEEKLY;BYDAY=FR',
  starts: '2026-01-02T16:00',
  timezone: 'Europe/Berlin',
  for: '64h',
};
const XMAS = {
  name: 'xmas',
  from: '2026-12-20T00:00',
  to: '2027-01-03T00:00',
  timezone: 'Europe/Berlin',
  on_begin: 'return',
};

/** `path: message` of every problem; of what is right, none. */
function problems(windows: unknown): readonly string[] {
  const { error } = freezeWindows.safeParse(windows);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('what is right becomes plain JSON with units in its names', () => {
  test('a window that recurs', () => {
    expect(freezeWindows.parse([{ ...WEEKEND, except: ['2026-04-03'] }])).toEqual([
      {
        kind: 'recurring',
        name: 'weekend',
        rrule: 'FREQ=WEEKLY;BYDAY=FR',
        startsLocal: '2026-01-02T16:00',
        timezone: 'Europe/Berlin',
        forMs: 64 * 3_600_000,
        exceptLocal: ['2026-04-03'],
        onBegin: 'hold',
      },
    ]);
  });

  test.each([
    ['local times', '2026-12-20T00:00', '2027-01-03T00:00', 'Europe/Berlin'],
    ['times with their offsets', '2026-12-20T00:00+01:00', '2027-01-02T23:00Z', undefined],
    ['one of each', '2026-12-20T00:00', '2027-01-02T23:00:00Z', 'Europe/Berlin'],
  ])('a dated one, from %s', (_, from, to, timezone) => {
    expect(freezeWindows.parse([{ ...XMAS, from, to, timezone }])).toEqual([
      {
        kind: 'dated',
        name: 'xmas',
        fromMs: Date.parse('2026-12-19T23:00Z'),
        toMs: Date.parse('2027-01-02T23:00Z'),
        onBegin: 'return',
      },
    ]);
  });

  test('it survives JSON', () => {
    const rules = freezeWindows.parse([WEEKEND, XMAS]);
    expect(JSON.parse(JSON.stringify(rules))).toEqual(rules);
  });

  test('lower case is taken for a rule', () => {
    expect(freezeWindows.parse([{ ...WEEKEND, rrule: 'freq=weekly;byday=fr' }])).toEqual(
      freezeWindows.parse([WEEKEND]),
    );
  });

  test.each([
    'FREQ=DAILY;BYHOUR=8,20',
    'FREQ=MONTHLY;BYDAY=-1FR',
    'FREQ=MONTHLY;BYMONTHDAY=-1',
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29',
    'FREQ=HOURLY;INTERVAL=6',
    'FREQ=WEEKLY;UNTIL=20260102',
    'FREQ=WEEKLY;COUNT=1',
  ])('%s is a rule', (rrule) => {
    expect(problems([{ ...WEEKEND, for: '1h', rrule }])).toEqual([]);
  });
});

describe('what is wrong with a rule is told, and how to mend it', () => {
  test.each([
    ['BYDAY=FR', 'has no FREQ: begin with one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY'],
    ['FREQ=MINUTELY', 'begins too often: write a longer `for` and FREQ=DAILY'],
    ['FREQ=SECONDLY', 'begins too often: write a longer `for` and FREQ=DAILY'],
    ['FREQ=FORTNIGHTLY', 'FREQ=FORTNIGHTLY is not one of YEARLY'],
    ['every friday', 'write the rule alone, like FREQ=WEEKLY;BYDAY=FR'],
    ['RRULE:FREQ=WEEKLY', 'without "RRULE:"'],
    ['FREQ=WEEKLY;EXDATE=20260403T160000', '`except` that of EXDATE'],
    ['FREQ=WEEKLY;', '"" is not written like FREQ=WEEKLY'],
    ['FREQ=WEEKLY;BYDAY', '"BYDAY" is not written like FREQ=WEEKLY'],
    ['FREQ=WEEKLY;FREQ=DAILY', 'FREQ stands twice: write it once'],
    ['FREQ=WEEKLY;BYDAYS=FR', 'BYDAYS is no part of a rule; known are FREQ, INTERVAL'],
    ['FREQ=WEEKLY;BYDAY=FRI', 'BYDAY=FRI: write days like MO,FR'],
    ['FREQ=WEEKLY;BYDAY=1FR', 'is no rule of RFC 5545: BYDAY with numeric value'],
    ['FREQ=WEEKLY;BYSETPOS=1', 'is no rule of RFC 5545: BYSETPOS MUST be used with'],
    ['FREQ=MONTHLY;BYMONTHDAY=32', 'BYMONTHDAY=32: write 1 to 31, or -31 to -1'],
    ['FREQ=MONTHLY;BYMONTHDAY=0', 'BYMONTHDAY=0: write 1 to 31, or -31 to -1'],
    ['FREQ=DAILY;BYHOUR=24', 'BYHOUR=24: write 0 to 23'],
    ['FREQ=YEARLY;BYMONTH=-1', 'BYMONTH=-1: write 1 to 12'],
    ['FREQ=DAILY;INTERVAL=0', 'INTERVAL=0: write 1 to 1000, or else a greater FREQ'],
    ['FREQ=DAILY;COUNT=1001', 'COUNT=1001: write 1 to 1000, or else UNTIL'],
    ['FREQ=DAILY;COUNT=2;UNTIL=20270101', 'has COUNT and UNTIL: write one of them'],
    ['FREQ=DAILY;UNTIL=20270230', 'UNTIL=20270230 is not a time: write it like 20261231T225959Z'],
    ['FREQ=DAILY;UNTIL=20260102T145959Z', 'UNTIL is before starts (2026-01-02T16:00)'],
    ['FREQ=DAILY;UNTIL=20260101', 'UNTIL is before starts (2026-01-02T16:00)'],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'begins no window within 10 years'],
    ['FREQ=MONTHLY;BYDAY=5FR;BYSETPOS=2', 'begins no window within 10 years'],
    ['FREQ=HOURLY;BYMINUTE=0,30', 'begins 48 windows a day; 24 is the most'],
    ['FREQ=YEARLY;BYYEARDAY=60;BYDAY=FR', 'BYYEARDAY with BYDAY is read in more than one way'],
    ['FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=1FR', 'BYMONTHDAY with a numbered BYDAY is read in more'],
  ])('%s', (rrule, message) => {
    expect(problems([{ ...WEEKEND, for: '10m', rrule }])).toEqual([
      expect.stringMatching(/^0\.rrule: /),
    ]);
    expect(problems([{ ...WEEKEND, for: '10m', rrule }])[0]).toContain(message);
  });
});

describe('what is wrong with a window is told where, and how to mend it', () => {
  test.each([
    [
      '0.for: 7d reaches the next window each time, so that the freeze would last more than 366d',
      { ...WEEKEND, for: '7d' },
    ],
    // A day of 25 hours leaves one of them: nobody would call that a gap.
    ['0.for: 1d reaches the next', { ...WEEKEND, rrule: 'FREQ=DAILY', for: '24h' }],
    ['0.for: 2h reaches the next', { ...WEEKEND, rrule: 'FREQ=HOURLY', for: '2h' }],
    ['0.for: must be longer than 0s', { ...WEEKEND, for: '0s' }],
    ['0.for: 31d is longer than 30d', { ...WEEKEND, for: '31d' }],
    ['0.for: a duration is written with its unit', { ...WEEKEND, for: 64 }],
    ['0.starts: is missing: a window that recurs has', { ...WEEKEND, starts: undefined }],
    ['0.timezone: is missing: a window that recurs', { ...WEEKEND, timezone: undefined }],
    ['0.starts: "2026-01-02": a local time is written like', { ...WEEKEND, starts: '2026-01-02' }],
    ['0.starts: "2026-01-02T16:00Z": a local time', { ...WEEKEND, starts: '2026-01-02T16:00Z' }],
    ['0.starts: 2026-02-30T16:00 is in no', { ...WEEKEND, starts: '2026-02-30T16:00' }],
    ['0.starts: 2026-01-02T24:00 is in no', { ...WEEKEND, starts: '2026-01-02T24:00' }],
    ['0.timezone: "Berlin" is no time zone: did you mean Europe/Berlin?', { timezone: 'Berlin' }],
    [
      '0.timezone: "Europe/Berln" is no time zone: did you mean Europe/Berlin?',
      { timezone: 'Europe/Berln' },
    ],
    ['0.timezone: "+01:00" is no time zone: write one like', { timezone: '+01:00' }],
    ['0.on_begin: Invalid option', { ...WEEKEND, on_begin: 'wait' }],
    ['0: Unrecognized key: "zone"', { ...WEEKEND, zone: 'UTC' }],
    ['0.except.0: 2026-04-04 leaves nothing out', { ...WEEKEND, except: ['2026-04-04'] }],
    ['0.except.0: "4 April": a day or a local time', { ...WEEKEND, except: ['4 April'] }],
    ['0.to: does not go with a rule: write either', { ...WEEKEND, to: '2026-12-20T00:00' }],
    ['0.from: is missing: a window has either from and to, or', { ...XMAS, from: undefined }],
    ['0.to: is missing: a window has either from and to, or', { ...XMAS, to: undefined }],
    ['0.timezone: is missing: whose clocks', { ...XMAS, timezone: undefined }],
    [
      '0.to: 2026-12-19T00:00 is not after from (2026-12-20T00:00)',
      { ...XMAS, to: '2026-12-19T00:00' },
    ],
    ['0.to: 2026-12-20T00:00 is not after from', { ...XMAS, to: '2026-12-20T00:00' }],
    ['0.to: is more than 366d after from', { ...XMAS, to: '2028-01-01T00:00' }],
    ['0.from: "20.12.2026": a time is written like', { ...XMAS, from: '20.12.2026' }],
  ])('%s', (message, changes) => {
    const window = 'name' in changes ? changes : { ...WEEKEND, ...changes };
    expect(problems([window])).toEqual([expect.stringContaining(message)]);
  });

  test('a window with neither kind of keys is told both', () => {
    expect(problems([{ name: 'x' }])).toEqual([
      expect.stringMatching(/^0\.from: is missing/),
      expect.stringMatching(/^0\.to: is missing/),
    ]);
  });
});

describe('windows together', () => {
  test('have names of their own', () => {
    expect(problems([WEEKEND, { ...XMAS, name: 'weekend' }])).toEqual([
      '1.name: "weekend" is the name of two windows: give each its own',
    ]);
  });

  test('leave a gap', () => {
    const week = {
      ...WEEKEND,
      name: 'week',
      rrule: 'FREQ=WEEKLY;BYDAY=MO',
      starts: '2026-01-05T08:00',
      for: '104h',
    };
    expect(problems([WEEKEND, week])).toEqual([
      expect.stringMatching(/^0: from the first "weekend" on, the windows together leave no gap/),
    ]);
    expect(problems([WEEKEND, { ...week, for: '103h' }])).toEqual([]);
  });

  test('leave a gap also after a later one has begun', () => {
    const week = { ...WEEKEND, rrule: 'FREQ=WEEKLY;BYDAY=MO', starts: '2030-01-07T08:00' };
    expect(problems([WEEKEND, { ...week, name: 'week', for: '104h' }])).toEqual([
      expect.stringMatching(/^1: from the first "week" on/),
    ]);
  });

  test('are twenty, and begin twenty-four times a day, at the most', () => {
    const many = Array.from({ length: 21 }, (_, index) => ({ ...WEEKEND, name: `w${index}` }));
    expect(problems(many.slice(0, 20))).toEqual([]);
    expect(problems(many)).toEqual([': at most 20 windows']);
    const hourly = { ...WEEKEND, name: 'hourly', rrule: 'FREQ=HOURLY', for: '1m' };
    expect(problems([WEEKEND, hourly])).toEqual([
      ': begin 25 times a day together; 24 is the most: write fewer',
    ]);
  });
});

test('an editor is told which keys belong together', () => {
  expect(z.toJSONSchema(freezeWindows, { io: 'input' })).toMatchObject({
    type: 'array',
    maxItems: 20,
    items: {
      additionalProperties: false,
      required: ['name'],
      oneOf: [{ required: ['rrule', 'starts', 'for', 'timezone'] }, { required: ['from', 'to'] }],
    },
  });
});

test('what the page about freeze windows shows is right, and its table has every key', () => {
  const page = readFileSync(new URL('../../../docs/freeze-windows.md', import.meta.url), 'utf8');
  const shown = [...page.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, text]) => parse(text ?? ''));
  expect(shown.length).toBeGreaterThan(0);
  for (const { freeze_windows: windows } of shown) expect(problems(windows)).toEqual([]);
  const schema = z.toJSONSchema(freezeWindows.element.in, { io: 'input' });
  const keys = [...page.matchAll(/^\| `freeze_windows\[\]\.([a-z_]+)`/gm)].map(([, key]) => key);
  expect(keys).toEqual(expect.arrayContaining(Object.keys(schema.properties ?? {})));
});
