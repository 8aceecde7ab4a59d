import { describe, expect, test } from 'vitest';
import { type Configuration, readAlerting } from '../../../src/domain/alerting/alerting-file.ts';
import { formatProblem } from '../../../src/domain/document/problem.ts';

const HEAD = 'receivers: { ops: { channels: [slack] }, night: { policy: default } }\n';

function read(text: string): Configuration | readonly string[] {
  const file = readAlerting({ text, file: 'a.yaml' });
  return file.kind === 'valid' ? file.configuration : file.problems.map(formatProblem);
}

test('the smallest file has the defaults of Alertmanager', () => {
  expect(read(`${HEAD}route: { receiver: ops }`)).toMatchObject({
    resolveTimeoutMs: 300_000,
    routes: [
      {
        path: 'route',
        receiver: 'ops',
        groupBy: [],
        groupWaitMs: 30_000,
        groupIntervalMs: 300_000,
        repeatIntervalMs: 14_400_000,
        storm: null,
        onAlert: null,
      },
    ],
    receivers: { ops: { channels: ['slack'], sendResolved: true, severity: 'error' } },
  });
});

test('a route has from its parent what it does not say itself, but for its time intervals', () => {
  const text = `${HEAD}time_intervals: { nights: [{ weekdays: ['sunday'] }] }
route:
  receiver: ops
  group_by: [a]
  group_wait: 1s
  storm: { above: 5 }
  routes:
    - { receiver: night, repeat_interval: 1h, mute_time_intervals: [nights], on_alert: pause,
        routes: [{ group_by: [] }, { group_by: ['...'], storm: { above: 2, within: 10s } }] }
`;
  expect(read(text)).toMatchObject({
    routes: [
      { children: [1], storm: { above: 5, withinMs: 60_000, of: 0 } },
      { path: 'route.routes.0', mutedIn: ['nights'], children: [2, 3], groupBy: ['a'] },
      {
        path: 'route.routes.0.routes.0',
        receiver: 'night',
        groupBy: [],
        groupWaitMs: 1000,
        repeatIntervalMs: 3_600_000,
        mutedIn: [],
        onAlert: 'pause',
        storm: { above: 5, of: 0 },
      },
      { groupBy: 'all', storm: { above: 2, withinMs: 10_000, of: 3 } },
    ],
  });
});

describe('what is wrong is told where it stands, with what to write instead', () => {
  test.each([
    ['route: { reciever: ops }', '2:10: route.reciever: unknown key: did you mean receiver?'],
    [
      'route: { receiver: ops, routes: [{ routes: [{ group_weight: 1s }] }] }',
      '2:47: route.routes.0.routes.0.group_weight: unknown key: did you mean group_wait?',
    ],
    ['route: {}', '2:8: route: has no receiver: alerts that match no route need one'],
    [
      'route: { receiver: op }',
      '2:20: route.receiver: there is no receiver op in this file: did you mean ops?',
    ],
    [
      'route: { receiver: ops, matchers: [a=b] }',
      'the first route takes every alert: give its matchers to a route below it',
    ],
    ['route: { receiver: ops, continue: true }', 'nothing comes after the first route'],
    [
      'route: { receiver: ops, routes: [{ matchers: [sev] }] }',
      '2:47: route.routes.0.matchers.0: sev: at 4: the text ends, but here comes =, !=, =~ or !~ after sev',
    ],
    [
      'route: { receiver: ops, routes: [{ matchers: ["a=~(?!b)"] }] }',
      'RE2 has no look-around; write a second matcher with !~ instead',
    ],
    [
      "route: { receiver: ops, group_by: ['...', a] }",
      "route.group_by: '...' already means every label: let it stand alone",
    ],
    ['route: { receiver: ops, group_wait: 30 }', 'like 90s, 10m or 1h30m: did you mean 30s?'],
    [
      'route: { receiver: ops, routes: [{ mute_time_intervals: [nights] }] }',
      'there is no time interval nights in this file',
    ],
    ['route: { receiver: ops, on_alert: stop }', '"stop" is not one of pause, rollback'],
    [
      'route: { receiver: ops, service_label: app }',
      'route.service_label: goes with on_alert, which is not set',
    ],
    ['route: { receiver: ops, storm: { above: 0 } }', 'route.storm.above'],
    [
      'route: { receiver: ops }\ntime_intervals: { n: [{ weekdays: [mon] }] }',
      'time_intervals.n.0.weekdays.0: "mon" is no weekday: write monday',
    ],
    [
      'route: { receiver: ops }\ntime_intervals: { n: [{ weekdays: ["friday:monday"] }] }',
      '"friday:monday" ends before it begins: write two ranges instead',
    ],
    [
      'route: { receiver: ops }\ntime_intervals: { n: [{ times: [{ start_time: "22:00", end_time: "06:00" }] }] }',
      'ends before it begins: for hours over midnight write two, with 24:00 and 00:00',
    ],
    [
      'route: { receiver: ops }\ntime_intervals: { n: [{ times: [{ start_time: 9:00, end_time: "10:00" }] }] }',
      'a time of day is written like 09:30',
    ],
    [
      'route: { receiver: ops }\ntime_intervals: { n: [{ days_of_month: ["-1:5"] }] }',
      '"-1:5" ends before it begins',
    ],
    [
      'route: { receiver: ops }\ntime_intervals: { n: [{ days_of_month: ["0"] }] }',
      '"0" is no day of a month: write a number from -31 to 31',
    ],
    [
      'route: { receiver: ops }\ntime_intervals: { n: [{ months: [Febuary] }] }',
      '"Febuary" is no month: write february',
    ],
    [
      'route: { receiver: ops }\ntime_intervals: { n: [{ location: Berlin }] }',
      '"Berlin" is no time zone: did you mean Europe/Berlin?',
    ],
    [
      'route: { receiver: ops }\ninhibit_rules: [{ source_matchers: [a=b] }]',
      'inhibit_rules.0.target_matchers: is missing',
    ],
    ['route: { receiver: ops }\nheartbeats: { p: {} }', 'heartbeats.p.within: is missing'],
    ['[]', 'an alerting file is a set of keys, such as `route: { receiver: ops }`'],
  ])('%s', (text, problem) => {
    const problems = read(text === '[]' ? text : HEAD + text);
    expect(problems).toContainEqual(expect.stringContaining(problem));
    expect(problems).toHaveLength(1);
  });

  test('routes that are nested without end are refused, not followed', () => {
    const deep = 5000;
    const text = `${HEAD}route: ${'{"routes": ['.repeat(deep)}${']}'.repeat(deep)}`;
    expect(read(text)).toEqual([expect.stringContaining('nested too deep')]);
  });
});

describe('a file that cannot be read as a tree is refused where it cannot', () => {
  test('a route that stands within itself', () => {
    expect(read(`${HEAD}route: &all\n  receiver: ops\n  routes: [*all]`)).toEqual([
      'a.yaml:4:12: *all stands within &all itself: write out what is meant here',
    ]);
  });
});

test('a key is the text that stands there', () => {
  const text = `${HEAD}route: { receiver: ops }\nheartbeats: { p: { within: 1m, labels: { 1.10: x } } }`;
  expect(read(text)).toMatchObject({ heartbeats: { p: { labels: { '1.10': 'x' } } } });
});
