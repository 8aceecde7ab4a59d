import { describe, expect, test } from 'vitest';
import { run } from './run-cli.ts';

const PAGING = `
people: { ada: {}, bob: {}, eve: {} }
schedules:
  primary:
    time_zone: Europe/Berlin
    layers:
      - name: week
        rotation: { every: weekly, starts: 2026-01-05T09:00 }
        members: [ada, bob]
    overrides:
      - { from: 2026-01-06T00:00, to: 2026-01-07T00:00, person: eve }
  nobody-later:
    time_zone: UTC
    layers:
      - rotation: { every: daily, starts: 2026-01-01T00:00 }
        members: [ada]
        until: 2026-01-11T00:00
`;

const CALENDAR = [
  'BEGIN:VCALENDAR',
  'BEGIN:VEVENT',
  'DTSTART:20260105T080000Z',
  'DURATION:P1D',
  'SUMMARY:[L2] Ada Lovelace',
  'END:VEVENT',
  'END:VCALENDAR',
].join('\r\n');

const world = {
  files: { '/srv/paging.yaml': PAGING, '/srv/rota.ics': CALENDAR, '/srv/bad.ics': 'x' },
  nowMs: Date.parse('2026-01-05T10:00:00Z'),
};

const oncall = (...args: readonly string[]) => run(['oncall', ...args], world);

test('who says who is on call now, and who is next, without connecting to anything', async () => {
  const { code, out, err, connected } = await oncall('who', 'primary');
  expect({ code, err, connected }).toEqual({ code: 0, err: '', connected: 0 });
  expect(out.split('\n')).toEqual([
    'schedule  primary',
    'at        2026-01-05T11:00:00+01:00 Europe/Berlin',
    'on call   ada',
    'next      eve from 2026-01-06T00:00:00+01:00',
    '',
  ]);
});

test.each([
  ['2026-01-06T12:00', 'eve'],
  ['2026-01-06', 'eve'],
  ['2026-01-05T22:59:59Z', 'ada'],
  ['2026-01-12T08:00:00.000Z', 'bob'],
  ['2026-01-12T09:00:00+01:00', 'bob'],
])('who --at %s is %s', async (at, person) => {
  const { out } = await oncall('who', 'primary', '--at', at, '--json');
  expect(JSON.parse(out)).toMatchObject({ persons: [person] });
});

test('who exits 1 where nobody is on call', async () => {
  const { code, out } = await oncall('who', 'nobody-later', '--at', '2026-02-01');
  expect(code).toBe(1);
  expect(out).toContain('on call   nobody\nnext      nobody else within 400 days\n');
});

test('shifts are told with what put people there', async () => {
  const span = ['--from', '2026-01-05T09:00', '--to', '2026-01-08'];
  const { code, out } = await oncall('shifts', 'primary', ...span);
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    'from                       to                         on call  by',
    '2026-01-05T09:00:00+01:00  2026-01-06T00:00:00+01:00  ada      week',
    '2026-01-06T00:00:00+01:00  2026-01-07T00:00:00+01:00  eve      override 1 over week',
    '2026-01-07T00:00:00+01:00  2026-01-08T00:00:00+01:00  ada      week',
    '',
  ]);
  const json = await oncall('shifts', 'primary', ...span, '--json');
  expect(JSON.parse(json.out)[1]).toEqual({
    from: '2026-01-06T00:00:00+01:00',
    to: '2026-01-07T00:00:00+01:00',
    persons: ['eve'],
    cause: { kind: 'override', index: 0, layer: 'week' },
  });
});

test('gaps exits 0 where there are none, and 1 with each of them', async () => {
  const none = await oncall('gaps', 'primary');
  expect(none).toMatchObject({
    code: 0,
    out: 'somebody is on call at every moment of the next 90 days\n',
  });
  const some = await oncall('gaps', 'nobody-later', '--days', '7');
  expect(some.code).toBe(1);
  expect(some.out.split('\n')).toEqual([
    'nobody is on call for 1d10h of the next 7 days:',
    'from                       to                         lasts  by',
    '2026-01-11T00:00:00+00:00  2026-01-12T10:00:00+00:00  1d10h  no layer has anybody',
    '',
  ]);
  const json = await oncall('gaps', 'nobody-later', '--days', '7', '--json');
  expect(JSON.parse(json.out)).toMatchObject({
    gaps: [{ from: '2026-01-11T00:00:00+00:00', to: '2026-01-12T10:00:00+00:00', cause: null }],
  });
});

test('export writes a calendar that import reads', async () => {
  const { code, out } = await oncall('export', 'primary', '--to', '2026-01-08');
  expect(code).toBe(0);
  const again = await run(['oncall', 'import', 'e.ics', '--name', 'primary'], {
    ...world,
    files: { '/srv/e.ics': out },
  });
  expect(again.code).toBe(0);
  const who = await run(['oncall', 'who', 'primary', '--at', '2026-01-06T12:00', '--json'], {
    ...world,
    files: { '/srv/paging.yaml': again.out },
  });
  expect(JSON.parse(who.out)).toMatchObject({
    at: '2026-01-06T12:00:00+01:00',
    persons: ['eve'],
    next: { at: '2026-01-07T00:00:00+01:00', persons: ['ada'] },
  });
});

test('the shift of now is the same event at every export', async () => {
  const eventsAt = async (time: string) => {
    const asked = ['oncall', 'export', 'primary', '--to', '2026-01-08'];
    const { out } = await run(asked, { ...world, nowMs: Date.parse(time) });
    return out.split('\r\n').filter((line) => /^(?:UID|DTSTART):/.test(line));
  };
  const events = await eventsAt('2026-01-05T10:00:00Z');
  expect(events.slice(0, 2)).toEqual([
    'UID:primary-20260105T080000Z@belay',
    'DTSTART:20260105T080000Z',
  ]);
  expect(await eventsAt('2026-01-05T10:00:07Z')).toEqual(events);
  expect(await eventsAt('2026-01-06T10:00:00Z')).toEqual(events.slice(2));
});

test('import prints the YAML of a schedule, and what it wrote otherwise', async () => {
  const { code, out } = await oncall('import', 'rota.ics', '--time-zone', 'Asia/Kolkata');
  expect(code).toBe(0);
  expect(out).toBe(`# "Ada Lovelace" is written ada-lovelace
schedules:
  imported:
    time_zone: Asia/Kolkata
    layers:
      - events:
          - persons: ada-lovelace
            priority: 2
            from: 2026-01-05T13:30+05:30
            to: 2026-01-06T13:30+05:30
`);
});

describe('what is wrong exits 2', () => {
  test.each([
    [['who', 'primry'], 'error: paging.yaml has no schedule "primry": did you mean primary?'],
    [['who', 'constructor'], 'has no schedule "constructor": known: primary, nobody-later'],
    [['who', 'primary', '--at', 'noon'], 'or 2026-03-01T10:00 in Europe/Berlin'],
    [['who', 'primary', '--at', '2026-02-30'], 'error: --at "2026-02-30"'],
    [['who', 'primary', '--file', 'none.yaml'], 'PagingFileInvalid: none.yaml cannot be read'],
    [['shifts', 'primary', '--to', '2026-01-01'], 'error: --to is not after --from'],
    [['shifts', 'primary', '--to', '2028-01-01'], 'error: at most 400 days at once'],
    [['gaps', 'primary', '--days', '401'], 'It is a number from 1 to 400.'],
    [['import', 'bad.ics'], 'PagingFileInvalid: bad.ics:1:1: is no iCalendar'],
    [['import', 'rota.ics', '--time-zone', 'Mars'], 'A time zone is written like'],
    [['import', 'rota.ics', '--name', 'a b'], 'A name has letters'],
    [['whom'], "unknown command 'whom'"],
  ])('%j', async (args, expected) => {
    const { code, err, out } = await oncall(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(expected);
  });
});

test('a paging file that is wrong is told line by line', async () => {
  const { code, err } = await run(['oncall', 'who', 'primary'], {
    ...world,
    files: { '/srv/paging.yaml': PAGING.replace('members: [ada, bob]', 'members: [ada, bib]') },
  });
  expect(code).toBe(2);
  expect(err).toBe(
    'PagingFileInvalid: paging.yaml:9:24: schedules.primary.layers.0.members.1: ' +
      'bib is not among people: add bib there, or write who is meant\n' +
      'Correct the file where the message points; `belay oncall --help` has an example.\n',
  );
});

test('help teaches by an example that can be read', async () => {
  const { code, out } = await oncall('--help');
  expect(code).toBe(0);
  const example = out.slice(out.indexOf('  people:'), out.indexOf('A TIME is'));
  const files = { '/srv/paging.yaml': example };
  const who = await run(['oncall', 'who', 'primary', '--at', '2026-12-24T12:00'], { files });
  expect(who).toMatchObject({ code: 0, err: '' });
  expect(who.out).toContain('on call   eve');
});
