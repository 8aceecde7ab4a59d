import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../../src/domain/document/problem.ts';
import { onCallAt } from '../../../src/domain/oncall/on-call.ts';
import {
  type ReadFile,
  readSchedules,
  requireSchedules,
} from '../../../src/domain/oncall/read-schedules.ts';
import { ms } from './schedules.ts';

const noFile: ReadFile = (path) => {
  throw new Error(`ENOENT ${path}`);
};

function problemsOf(text: string, readFile = noFile): readonly string[] {
  const read = readSchedules({ text, file: 'p.yaml' }, readFile);
  return read.kind === 'valid' ? [] : read.problems.map(formatProblem);
}

/** A paging file with one schedule, whose keys begin in line 3 and its layer's in line 5. */
function fileOf(...lines: readonly string[]): string {
  return ['schedules:', '  s:', '    time_zone: Europe/Berlin', ...lines].join('\n');
}

const ROTATION = 'rotation: {every: weekly, starts: 2026-01-05T09:00}';
const LAYERS = `    layers: [{${ROTATION}, members: [ada]}]`;
const layer = (keys: string) => fileOf('    layers:', `      - {${keys}}`);
const event = (keys: string) => layer(`events: [{${keys}}]`);
const override = (keys: string) => fileOf(LAYERS, `    overrides: [{${keys}}]`);
const swap = (keys: string) => fileOf(LAYERS, `    swaps: [{${keys}}]`);

describe('what is wrong is told with its place and how to mend it', () => {
  test.each([
    ['no schedules', 'people: {}', 'p.yaml:1:1: schedules: is missing'],
    ['not a map', '- a', 'a paging file is a set of keys, such as `schedules: {}`'],
    ['two documents', 'schedules: {}\n---\na: 1', 'a file holds one set of people and schedules'],
    ['a name with spaces', 'schedules: {a b: {}}', '"a b": a schedule is named by letters'],
    ['no zone', `schedules: {s: {layers: [{${ROTATION}, members: [a]}]}}`, 'time_zone: is missing'],
    [
      'a city instead of a zone',
      fileOf(LAYERS).replace('Europe/Berlin', 'Berlin'),
      'p.yaml:3:16: schedules.s.time_zone: "Berlin" is no time zone: did you mean Europe/Berlin?',
    ],
    ['an unknown key', fileOf(LAYERS, '    override: []'), 'unknown key: did you mean overrides?'],
    [
      'an unknown key of a layer',
      layer(`${ROTATION}, members: [a], restriction: []`),
      'did you mean restrictions?',
    ],
    ['no layer', fileOf('    layers: []'), 's.layers: is empty: write at least one layer'],
    ['a layer of nobody', layer('name: x'), 'layers.0: has nobody: write rotation and members'],
    ['a rotation of nobody', layer(ROTATION), 'members: is missing: who takes turns?'],
    [
      'no members',
      layer(`${ROTATION}, members: []`),
      'members: is empty: name at least one person',
    ],
    [
      'an empty turn',
      layer(`${ROTATION}, members: [[]]`),
      'members.0: is empty: name at least one',
    ],
    ['a number as a person', layer(`${ROTATION}, members: [7]`), 'members.0: 7: a person is named'],
    [
      'a full name',
      layer(`${ROTATION}, members: [Ada L]`),
      'members.0: "Ada L": a person is named',
    ],
    [
      'nobody as a member',
      layer(`${ROTATION}, members: [nobody]`),
      'nobody is the word for no pers',
    ],
    [
      'eleven at once',
      layer(`${ROTATION}, members: [[${'abcdefghijk'.split('').join(',')}]]`),
      '10 together are the most',
    ],
    [
      'two kinds',
      layer(`${ROTATION}, members: [a], ical: x.ics`),
      'ical: does not go with rotation',
    ],
    ['members of events', layer('ical: x.ics, members: [a]'), 'members: goes with rotation'],
    [
      'another unit',
      layer('rotation: {every: week, starts: 2026-01-05T09:00}, members: [a]'),
      'rotation.every: "week" is not one of hourly, daily, weekly, monthly: did you mean weekly?',
    ],
    [
      'a turn of no length',
      layer('rotation: {every: daily, length: 0, starts: 2026-01-05T09:00}, members: [a]'),
      'a turn lasts at least 1',
    ],
    [
      'a day that is not there',
      layer('rotation: {every: monthly, starts: 2026-02-30T09:00}, members: [a]'),
      '2026-02-30T09:00 is in no calendar',
    ],
    [
      'from before the start',
      layer(`${ROTATION}, members: [a], from: 2026-01-01T00:00`),
      'from: 2026-01-01T00:00:00+01:00 is before the rotation starts (2026-01-05T09:00)',
    ],
    [
      'until before from',
      layer(`${ROTATION}, members: [a], from: 2026-03-01T00:00, until: 2026-02-01T00:00`),
      'until: 2026-02-01T00:00 is not after from (2026-03-01T00:00)',
    ],
    [
      'until before the start',
      layer(`${ROTATION}, members: [a], until: 2026-01-01T00:00`),
      'until: is not after the rotation starts',
    ],
    [
      'no restriction',
      layer(`${ROTATION}, members: [a], restrictions: []`),
      'restrictions: is empty: leave it out, or name the hours',
    ],
    [
      'an empty restriction',
      layer(`${ROTATION}, members: [a], restrictions: [{}]`),
      'restrictions.0.between: is missing: write between (and days), or from and to',
    ],
    [
      'hours of no length',
      layer(`${ROTATION}, members: [a], restrictions: [{between: "09:00-09:00"}]`),
      'between: ends when it begins: write 00:00-24:00, or from and to',
    ],
    [
      'a whole week',
      layer(`${ROTATION}, members: [a], restrictions: [{from: fri 09:00, to: fri 09:00}]`),
      'to: ends when it begins, a week later',
    ],
    [
      'both forms of a restriction',
      layer(`${ROTATION}, members: [a], restrictions: [{between: "09:00-10:00", to: fri 09:00}]`),
      'to: does not go with between',
    ],
    [
      'days with from and to',
      layer(
        `${ROTATION}, members: [a], restrictions: [{from: mon 09:00, to: fri 09:00, days: [mon]}]`,
      ),
      'days: goes with between',
    ],
    [
      'half a restriction',
      layer(`${ROTATION}, members: [a], restrictions: [{from: fri 09:00}]`),
      'restrictions.0.to: is missing',
    ],
    [
      'a day of its own',
      layer(`${ROTATION}, members: [a], restrictions: [{from: friday, to: sat 09:00}]`),
      '"friday": a time of the week is like fri 17:00',
    ],
    [
      'an event without a time',
      event('persons: a, to: 2026-01-05T09:00'),
      'events.0.from: is missing: write from and to',
    ],
    [
      'a rule without a start',
      event('persons: a, rrule: FREQ=DAILY, for: 1h'),
      'starts: is missing: an event that recurs has rrule, starts and for',
    ],
    [
      'an event of both kinds',
      event('persons: a, rrule: FREQ=DAILY, to: 2026-01-05T09:00'),
      'to: does not go with a rule',
    ],
    [
      'a rule that is none',
      event('persons: a, rrule: FREQ=DALY, starts: 2026-01-05T09:00, for: 1h'),
      'events.0.rrule: FREQ=DALY is not one of',
    ],
    [
      'a rule that never begins',
      event(
        'persons: a, rrule: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30, starts: 2026-01-05T09:00, for: 1h',
      ),
      'does not begin within 10 years',
    ],
    [
      'a rule that is over before it begins',
      event(
        'persons: a, rrule: FREQ=DAILY;UNTIL=20250101T000000Z, starts: 2026-01-05T09:00, for: 1h',
      ),
      'its UNTIL is before starts',
    ],
    [
      'an override that ends before it begins',
      override('person: a, from: 2026-01-05T09:00, to: 2026-01-05T08:00'),
      'overrides.0.to: 2026-01-05T08:00 is not after from (2026-01-05T09:00): write the later time',
    ],
    [
      'an override of oneself',
      override('person: a, replaces: a, from: 2026-01-05T09:00, to: 2026-01-06T08:00'),
      'replaces: a replaces a',
    ],
    [
      'nobody instead of nobody',
      override('person: nobody, replaces: nobody, from: 2026-01-05T09:00, to: 2026-01-06T08:00'),
      'nobody replaces nobody',
    ],
    [
      'a swap with oneself',
      swap('between: [a, a], from: 2026-01-05T09:00, to: 2026-01-06T08:00'),
      'between: a swap is between two different persons',
    ],
    [
      'a swap of three',
      swap('between: [a, b, c], from: 2026-01-05T09:00, to: 2026-01-06T08:00'),
      'between: a swap is between two persons',
    ],
    [
      'a calendar that is not there',
      layer('ical: rota.ics'),
      'p.yaml:5:16: schedules.s.layers.0.ical: rota.ics cannot be read: ENOENT rota.ics',
    ],
  ])('%s', (_name, text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  test('too many rules at once are refused', () => {
    const one = '{persons: a, rrule: FREQ=HOURLY, starts: 2026-01-05T09:00, for: 1h}';
    const text = layer(`events: [${Array.from({ length: 9 }, () => one).join(', ')}]`);
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('events: may begin 216 times a day together; 200 is the most'),
    ]);
  });

  test('everything at once, in the order of the lines', () => {
    const text = fileOf(
      `    layers: [{${ROTATION}, members: []}]`,
      '    overrides: [{person: a, from: 2026-01-05T09:00}]',
      '    swaps: [{between: [a], from: 2026-01-05T09:00, to: x}]',
    );
    expect(problemsOf(text).map((line) => line.split(': ')[1])).toEqual([
      'schedules.s.layers.0.members',
      'schedules.s.overrides.0.to',
      'schedules.s.swaps.0.between',
      'schedules.s.swaps.0.to',
    ]);
  });
});

test.each(['2026-01-29T09:00', '2026-01-30T09:00', '2026-01-31T09:00'])(
  'a monthly hand-off from %s on is taken',
  (starts) => {
    expect(
      problemsOf(layer(`rotation: {every: monthly, starts: ${starts}}, members: [a]`)),
    ).toEqual([]);
  },
);

describe('people', () => {
  test('whom a schedule names must be among them, where the file has any', () => {
    const text = `people: {ada: {}}\n${fileOf(
      `    layers: [{${ROTATION}, members: [ada, bob]}]`,
      '    swaps: [{between: [ada, cy], from: 2026-01-05T09:00, to: 2026-01-06T09:00}]',
    )}`;
    expect(problemsOf(text)).toEqual([
      'p.yaml:5:83: schedules.s.layers.0.members.1: bob is not among people: add bob there, or write who is meant',
      'p.yaml:6:29: schedules.s.swaps.0.between.1: cy is not among people: add cy there, or write who is meant',
    ]);
    expect(problemsOf(fileOf(`    layers: [{${ROTATION}, members: [ada, bob]}]`))).toEqual([]);
  });

  test('are found in a calendar by their name and their e-mail address', () => {
    const ics = [
      'BEGIN:VCALENDAR',
      ...['Ada Lovelace', 'BOB@example.org'].flatMap((name, index) => [
        'BEGIN:VEVENT',
        `DTSTART:2026010${5 + index}T000000Z`,
        'DURATION:P1D',
        `SUMMARY:${name}`,
        'END:VEVENT',
      ]),
      'END:VCALENDAR',
    ].join('\r\n');
    const text = `people:
  ada: {name: Ada Lovelace}
  bob: {contacts: {mail: {channel: m, to: bob@example.org}, dm: {channel: s, to: U123}}}
${layer('ical: rota.ics')}`;
    const { schedules, remarks } = requireSchedules({ text, file: 'p.yaml' }, () => ics);
    const { s } = schedules;
    if (s === undefined) throw new Error('no schedule');
    expect(onCallAt(s, ms('2026-01-05T12:00Z'))).toEqual(['ada']);
    expect(onCallAt(s, ms('2026-01-06T12:00Z'))).toEqual(['bob']);
    expect(remarks).toEqual([]);
  });

  test('of a calendar who are not among them are told', () => {
    const ics =
      'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260105T000000Z\nDURATION:P1D\nSUMMARY:Zed Zoo\nEND:VEVENT\nEND:VCALENDAR';
    const text = `people: {ada: {}}\n${layer('ical: rota.ics')}`;
    expect(problemsOf(text, () => ics)).toEqual([
      expect.stringContaining('zed-zoo is not among people'),
    ]);
  });
});

test('a calendar that is wrong is told with its own line', () => {
  const ics = 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:ada\nEND:VEVENT\nEND:VCALENDAR';
  expect(problemsOf(layer('ical: rota.ics'), () => ics)).toEqual([
    'p.yaml:5:16: schedules.s.layers.0.ical: rota.ics:2:1: event "ada": has no DTSTART',
  ]);
});

test('other parts of a paging file are passed over', () => {
  expect(problemsOf(`teams: {t: {members: [x]}}\nlast_resort: [m]\n${fileOf(LAYERS)}`)).toEqual([]);
});

test('all problems together are one failure', () => {
  expect(() =>
    requireSchedules({ text: fileOf('    layers: []'), file: 'p.yaml' }, noFile),
  ).toThrow(expect.objectContaining({ code: 'PagingFileInvalid' }));
});
