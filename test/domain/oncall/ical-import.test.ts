import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../../src/domain/document/problem.ts';
import { type ReadCalendar, readIcal } from '../../../src/domain/oncall/ical-import.ts';
import { scheduleDocument } from '../../../src/domain/oncall/schedule-document.ts';
import { ms, scheduleOf, shiftLines } from './schedules.ts';

/** A calendar of events, each a list of properties. */
function calendarOf(...events: readonly (readonly string[])[]): string {
  const lines = events.flatMap((event) => ['BEGIN:VEVENT', ...event, 'END:VEVENT']);
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
}

function read(text: string, timeZone = 'Europe/Berlin'): ReadCalendar {
  return readIcal({ text, file: 'c.ics', timeZone, people: [] });
}

function good(text: string, timeZone?: string) {
  const calendar = read(text, timeZone);
  if (calendar.kind === 'read') return calendar;
  throw new Error(calendar.problems.map(formatProblem).join('\n'));
}

/** Through the YAML that an import prints, which must say the same. */
function shiftsOf(text: string, from: string, to: string): readonly string[] {
  return shiftLines(scheduleOf(scheduleDocument(good(text))), from, to);
}

function problemsOf(text: string): readonly string[] {
  const calendar = read(text);
  return calendar.kind === 'read' ? [] : calendar.problems.map(formatProblem);
}

const BERLIN = 'TZID=Europe/Berlin';

describe('an event is on call', () => {
  test.each([
    [
      'in UTC',
      ['DTSTART:20260105T080000Z', 'DTEND:20260105T160000Z'],
      ['2026-01-05T09:00+01:00 ada'],
    ],
    [
      'in a zone of its own',
      [
        'DTSTART;TZID=America/New_York:20260105T080000',
        'DTEND;TZID=America/New_York:20260105T160000',
      ],
      ['2026-01-05T14:00+01:00 ada'],
    ],
    [
      'in a zone of Windows',
      ['DTSTART;TZID=Eastern Standard Time:20260105T080000', 'DURATION:PT1H'],
      ['2026-01-05T14:00+01:00 ada'],
    ],
    [
      'in a zone after the name of a program',
      ['DTSTART;TZID=/citadel.org/20260101_1/America/New_York:20260105T080000', 'DURATION:PT1H'],
      ['2026-01-05T14:00+01:00 ada'],
    ],
    [
      'without a zone, in that of the schedule',
      ['DTSTART:20260105T080000', 'DURATION:PT1H'],
      ['2026-01-05T08:00+01:00 ada'],
    ],
    ['all day', ['DTSTART;VALUE=DATE:20260105'], ['2026-01-05T00:00+01:00 ada']],
    [
      'every week, but for exceptions',
      [
        `DTSTART;${BERLIN}:20260105T090000`,
        `DTEND;${BERLIN}:20260105T170000`,
        'RRULE:FREQ=WEEKLY;BYDAY=MO,FR;WKST=SU',
        `EXDATE;${BERLIN}:20260109T090000`,
        'EXDATE:20260112T080000Z',
      ],
      ['2026-01-05T09:00+01:00 ada', '2026-01-16T09:00+01:00 ada'],
    ],
    [
      'on other dates as well',
      [
        `DTSTART;${BERLIN}:20260105T090000`,
        'DURATION:PT2H',
        `RDATE;${BERLIN}:20260107T100000`,
        'RDATE;VALUE=PERIOD:20260108T000000Z/PT3H,20260109T000000Z/20260109T010000Z',
      ],
      [
        '2026-01-05T09:00+01:00 ada',
        '2026-01-07T10:00+01:00 ada',
        '2026-01-08T01:00+01:00 ada',
        '2026-01-09T01:00+01:00 ada',
      ],
    ],
    [
      'also at DTSTART where the rule does not give that',
      [`DTSTART;${BERLIN}:20260106T090000`, 'DURATION:PT2H', 'RRULE:FREQ=WEEKLY;BYDAY=MO'],
      ['2026-01-06T09:00+01:00 ada', '2026-01-12T09:00+01:00 ada'],
    ],
    [
      'not where it is cancelled',
      ['STATUS:CANCELLED', 'DTSTART:20260105T080000Z', 'DTEND:20260105T160000Z'],
      [],
    ],
  ])('%s', (_name, lines, expected) => {
    const other = ['SUMMARY:bob', 'DTSTART:20200101T000000Z', 'DTEND:20200101T010000Z'];
    const text = calendarOf(['SUMMARY:ada', 'UID:1', ...lines], other);
    expect(shiftsOf(text, '2026-01-04T23:00Z', '2026-01-18T23:00Z')).toEqual(expected);
  });

  test('whole days of a rule are days of the zone, whatever clocks do', () => {
    const text = calendarOf([
      'SUMMARY:ada',
      'DTSTART;VALUE=DATE:20261024',
      'DTEND;VALUE=DATE:20261025',
      'RRULE:FREQ=DAILY;COUNT=3',
    ]);
    const shifts = scheduleOf(scheduleDocument(good(text)));
    expect(shiftLines(shifts, '2026-10-20T00:00Z', '2026-10-30T00:00Z')).toEqual([
      '2026-10-24T00:00+02:00 ada',
    ]);
  });

  test('DTEND of a rule is read from the clock, the hours of DURATION are elapsed time', () => {
    const night = (end: string) =>
      good(
        calendarOf(['SUMMARY:ada', `DTSTART;${BERLIN}:20261024T220000`, end, 'RRULE:FREQ=DAILY']),
      ).events[0];
    expect(night(`DTEND;${BERLIN}:20261025T060000`)).toMatchObject({
      clockMs: 8 * 3_600_000,
      elapsedMs: 0,
    });
    expect(night('DURATION:P1DT2H')).toMatchObject({
      clockMs: 86_400_000,
      elapsedMs: 2 * 3_600_000,
    });
  });

  test('that is there once ends exactly then, also in the hour that comes twice', () => {
    const [event] = good(
      calendarOf(['SUMMARY:ada', `DTSTART;${BERLIN}:20261025T020000`, 'DTEND:20261025T014500Z']),
    ).events;
    expect(event).toMatchObject({ fromMs: ms('2026-10-25T00:00Z'), toMs: ms('2026-10-25T01:45Z') });
  });
});

/** After `calendar_with_edited_recurring_events.ics` of Grafana OnCall's tests, as it behaves. */
describe('an edited instance', () => {
  const zone = 'TZID=Asia/Yekaterinburg';
  const edited = (...lines: readonly string[]) =>
    calendarOf(
      [`RECURRENCE-ID;${zone}:20210127T130000`, 'UID:x', ...lines],
      [
        `DTSTART;${zone}:20210124T130000`,
        `DTEND;${zone}:20210124T220000`,
        'RRULE:FREQ=DAILY',
        'UID:x',
        'SUMMARY:@Bernard Desruisseaux',
      ],
    ).replace('VERSION:2.0', 'X-WR-TIMEZONE:Asia/Yekaterinburg');

  test('takes the place of the one that it edits, and of no other', () => {
    const text = edited(
      `DTSTART;${zone}:20210127T150000`,
      `DTEND;${zone}:20210127T220000`,
      'SUMMARY:@Bob',
    );
    expect(shiftsOf(text, '2021-01-26T00:00Z', '2021-01-28T23:00Z')).toEqual([
      '2021-01-26T13:00+05:00 bernard-desruisseaux',
      '2021-01-27T15:00+05:00 Bob',
      '2021-01-28T13:00+05:00 bernard-desruisseaux',
    ]);
    expect(good(text).remarks).toEqual(['"Bernard Desruisseaux" is written bernard-desruisseaux']);
  });

  test('that is cancelled is left out', () => {
    const text = edited(`DTSTART;${zone}:20210127T130000`, 'STATUS:CANCELLED');
    expect(shiftsOf(text, '2021-01-26T00:00Z', '2021-01-28T23:00Z')).toHaveLength(2);
  });

  test('of the highest SEQUENCE counts', () => {
    const at = (hour: string, sequence: number) => [
      ...['UID:1', 'SUMMARY:ada', `SEQUENCE:${sequence}`],
      ...[`DTSTART:20260105T${hour}0000Z`, 'DURATION:PT1H'],
    ];
    const text = calendarOf(at('10', 2), at('08', 1));
    expect(shiftsOf(text, '2026-01-05T00:00Z', '2026-01-06T00:00Z')).toEqual([
      '2026-01-05T11:00+01:00 ada',
    ]);
  });
});

test.each([
  ['ada', ['ada'], 0],
  ['[L1] ada', ['ada'], 1],
  ['[L10]ada', ['ada'], 10],
  ['[L1] @ada @bob', ['ada', 'bob'], 1],
  ['ada\\, bob', ['ada', 'bob'], 0],
  ['ada@example.org', ['ada@example.org'], 0],
  ['Łukasz Zażółć', ['ukasz-zazo-c'], 0],
  ['Nobody', ['Nobody'], 0],
])('SUMMARY:%s is %j of priority %i', (summary, persons, priority) => {
  const text = calendarOf([`SUMMARY:${summary}`, 'DTSTART:20260105T080000Z', 'DURATION:PT1H']);
  expect(good(text).events).toMatchObject([{ persons, priority }]);
});

test('without SUMMARY those who attend are taken', () => {
  const text = calendarOf([
    'ATTENDEE;CN=Ada:mailto:ada@example.org',
    'ATTENDEE:MAILTO:bob@example.org',
    'DTSTART:20260105T080000Z',
    'DURATION:PT1H',
  ]);
  expect(good(text).events[0]?.persons).toEqual(['ada@example.org', 'bob@example.org']);
});

test('the name and the zone of the calendar are kept, and an unknown zone is told', () => {
  const text = calendarOf(['SUMMARY:ada', 'DTSTART;VALUE=DATE:20260105']);
  const named = text.replace('VERSION:2.0', 'X-WR-CALNAME:Rota\r\nX-WR-TIMEZONE:Asia/Kolkata');
  expect(good(named)).toMatchObject({ name: 'Rota', timeZone: 'Asia/Kolkata', remarks: [] });
  expect(good(named).events[0]).toMatchObject({ fromMs: ms('2026-01-04T18:30Z') });
  expect(good(text.replace('VERSION:2.0', 'X-WR-TIMEZONE:Mars')).remarks).toEqual([
    'X-WR-TIMEZONE "Mars" names no time zone: days are those of Europe/Berlin',
  ]);
});

describe('a calendar that cannot be read is told where and why', () => {
  const START = 'DTSTART:20260105T080000Z';
  const event = (...lines: readonly string[]) => calendarOf(['SUMMARY:ada', ...lines]);
  test.each([
    ['empty', '', 'c.ics:1:1: is no calendar'],
    ['something else', 'hello\nworld', 'c.ics:1:1: is no iCalendar'],
    ['cut off', event(START).slice(0, 70), 'c.ics:1:1: is no iCalendar: invalid ical body'],
    ['no event', 'BEGIN:VCALENDAR\nEND:VCALENDAR', 'c.ics:1:1: holds no event'],
    ['a line without a colon', event(START, 'WHAT', 'DURATION:PT1H'), 'c.ics:6:1: is no iCalendar'],
    [
      'nobody',
      calendarOf(['SUMMARY: ', START, 'DURATION:PT1H']),
      'c.ics:3:1: event " ": names nobody: write a person',
    ],
    ['no start', event('DURATION:PT1H'), 'c.ics:3:1: event "ada": has no DTSTART'],
    ['no end', event(START), 'has neither DTEND nor DURATION'],
    [
      'an end before its start',
      event(START, 'DTEND:20260105T070000Z'),
      'DTEND is not after DTSTART',
    ],
    ['a time that is none', event('DTSTART:2026-01-05', 'DURATION:PT1H'), 'DTSTART: '],
    ['a month that is none', event('DTSTART:20261305T080000Z', 'DURATION:PT1H'), 'is no time of a'],
    [
      'another century',
      event('DTSTART:19991231T080000Z', 'DURATION:PT1H'),
      'not from 2000 to 2099',
    ],
    ['a duration that is none', event(START, 'DURATION:PXX'), 'DURATION: PXX'],
    ['no duration', event(START, 'DURATION:PT0S'), 'is no time that something lasts'],
    [
      'an unknown zone',
      event('DTSTART;TZID=Mars/Base:20260105T080000', 'DURATION:PT1H'),
      'TZID=Mars/Base names no time zone: write one like Europe/Berlin',
    ],
    [
      'a rule that is none',
      event(START, 'DURATION:PT1H', 'RRULE:FREQ=SOMETIMES'),
      'RRULE: FREQ=SOMETIMES is not one of',
    ],
    [
      'an unknown part of a rule',
      event(START, 'DURATION:PT1H', 'RRULE:FREQ=DAILY;FOO=1'),
      'RRULE: FOO is no part of a rule',
    ],
    [
      'two rules',
      event(START, 'DURATION:PT1H', 'RRULE:FREQ=DAILY', 'RRULE:FREQ=WEEKLY'),
      'more tha',
    ],
    ['EXRULE', event(START, 'DURATION:PT1H', 'EXRULE:FREQ=DAILY'), 'EXRULE is no part of RFC 5545'],
    [
      'an edit of all that follow',
      event('RECURRENCE-ID;RANGE=THISANDFUTURE:20260105T080000Z', START, 'DURATION:PT1H'),
      'RANGE=THISANDFUTURE is not known',
    ],
  ])('%s', (_name, text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  test('each event that is wrong', () => {
    const text = calendarOf(
      ['SUMMARY:ada'],
      ['SUMMARY:bob', START, 'DURATION:PT1H'],
      ['SUMMARY:cy'],
    );
    expect(problemsOf(text)).toEqual([
      'c.ics:3:1: event "ada": has no DTSTART',
      'c.ics:11:1: event "cy": has no DTSTART',
    ]);
  });
});

describe('a hostile calendar is refused at once', () => {
  const base = ['SUMMARY:ada', 'DTSTART:20260105T080000Z', 'DURATION:PT1H'];
  const times = (count: number) =>
    Array.from({ length: count }, (_, at) => new Date(at * 3_600_000 + ms('2026-01-05T08:00Z')))
      .map((time) => time.toISOString().replaceAll(/[-:]|\.\d+/g, ''))
      .join(',');
  test.each([
    ['too long', calendarOf(['SUMMARY:ada'.padEnd(2_000_000, 'x')]), '1048576 is the most'],
    [
      'a line of a megabyte',
      calendarOf([...base, `X:${'a'.repeat(1_000_000)}`]),
      'c.ics:7:1: a line of',
    ],
    ['a folded one', calendarOf([...base, `X:${'a\r\n '.repeat(200_000)}`]), '65536 is the most'],
    [
      'too many parameters',
      calendarOf([...base, `X${';a=b'.repeat(200_000)}:`]),
      '65536 is the most',
    ],
    [
      'too many events',
      calendarOf(...Array.from({ length: 2001 }, () => base)),
      '2000 is the most',
    ],
    [
      'every second',
      calendarOf([...base, 'RRULE:FREQ=SECONDLY']),
      'FREQ=SECONDLY begins too often',
    ],
    [
      'a thousand times an hour',
      calendarOf([
        ...base,
        `RRULE:FREQ=HOURLY;BYMINUTE=${Array.from({ length: 60 }, (_, at) => at).join(',')}`,
      ]),
      'begins 1440 windows a day; 24 is the most',
    ],
    ['a count without end', calendarOf([...base, 'RRULE:FREQ=DAILY;COUNT=999999999']), 'COUNT='],
    [
      'a long rule',
      calendarOf([...base, `RRULE:FREQ=DAILY;BYHOUR=${'1,'.repeat(9000)}1`]),
      '500 is',
    ],
    [
      'rules without end',
      calendarOf(...Array.from({ length: 20 }, () => [...base, 'RRULE:FREQ=HOURLY'])),
      'begin 480 times a day together; 200 is the most',
    ],
    [
      'a thousand exceptions',
      calendarOf([...base, 'RRULE:FREQ=DAILY', `EXDATE:${times(1001)}`]),
      '1001 exc',
    ],
    [
      'a duration without end',
      calendarOf(['SUMMARY:a', base[1] ?? '', 'DURATION:P999999999W']),
      'DURATION',
    ],
    [
      'an event of years, again and again',
      calendarOf(['SUMMARY:a', base[1] ?? '', 'DURATION:P400D', 'RRULE:FREQ=DAILY']),
      'lasts 400d each time; 30d is the most',
    ],
    [
      'components in components',
      `BEGIN:VCALENDAR\r\n${'BEGIN:X\r\n'.repeat(30_000)}${'END:X\r\n'.repeat(30_000)}END:VCALENDAR`,
      'holds no event',
    ],
  ])('%s', (_name, text, expected) => {
    const begunMs = performance.now();
    const problems = problemsOf(text);
    expect(performance.now() - begunMs).toBeLessThan(2000);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });
});
