import { describe, expect, test } from 'vitest';
import { importAlertmanager } from '../../../src/domain/alerting/alertmanager-import.ts';
import { routesFor } from '../../../src/domain/alerting/routing.ts';
import { isIn } from '../../../src/domain/alerting/time-interval.ts';
import { configuration } from './configurations.ts';

const WHOLE = `
global:
  resolve_timeout: 1w
  smtp_smarthost: 'localhost:25'
  slack_api_url: https://hooks.example.org/s3cret
templates: ['/etc/alertmanager/*.tmpl']
tracing: { endpoint: localhost:4317 }
route:
  receiver: 'Team X: mails'
  group_by: ['alertname', 'cluster']
  group_wait: 0
  group_interval: 5m
  repeat_interval: 5w
  routes:
    - match_re: { service: ^(foo1|foo2|baz)$ }
      match: { env: prod }
      receiver: team-X-pager
      continue: yes
      labels: { tier: '{{ .x }}' }
      routes:
        - matchers: [ severity="critical", 'note = a\\b' ]
          mute_time_intervals: [nights]
          active_time_intervals: [local]
          group_by: ['...']
    - matchers: ['severity =~ "info|low"']
      receiver: blackhole
      group_by: []
      unheard_of: 1
inhibit_rules:
  - name: critical first
    source_match: { severity: critical }
    target_match_re: { severity: 'warning|info' }
    equal: [alertname, 'any name']
  - source_matchers: [a=1]
    target_matchers: [b=1]
mute_time_intervals:
  - name: nights
    time_intervals: [{ times: [{ start_time: '22:00', end_time: '24:00' }], weekdays: ['monday:friday'], location: Europe/Berlin }]
time_intervals:
  - name: local
    time_intervals: [{ days_of_month: ['1:-1'], location: Local, months: null }]
receivers:
  - name: 'Team X: mails'
    email_configs: [{ to: x@example.org }, { to: y@example.org }]
  - name: team-X-pager
    pagerduty_configs: [{ routing_key: s3cret }]
    slack_configs: [{ channel: '#x', send_resolved: true }]
    victorops_configs: [{ api_key: s3cret, send_resolved: false }]
  - name: blackhole
`;

function imported(text: string) {
  const result = importAlertmanager({ text, file: 'alertmanager.yml' });
  if (result.kind === 'invalid') throw new Error(JSON.stringify(result.problems));
  return result;
}

test('the whole of a configuration is carried over, and what cannot be is listed in its place', () => {
  const { document, channels, left } = imported(WHOLE);
  expect(document).toEqual({
    resolve_timeout: '7d',
    route: {
      receiver: 'Team X: mails',
      group_by: ['alertname', 'cluster'],
      group_wait: '0s',
      group_interval: '5m',
      repeat_interval: '30d',
      routes: [
        {
          receiver: 'team-X-pager',
          continue: true,
          matchers: ['env="prod"', 'service=~"^(foo1|foo2|baz)$"'],
          routes: [
            {
              group_by: ['...'],
              mute_time_intervals: ['nights'],
              active_time_intervals: ['local'],
              matchers: ['severity="critical"', 'note="a\\\\b"'],
            },
          ],
        },
        { receiver: 'blackhole', group_by: [], matchers: ['severity=~"info|low"'] },
      ],
    },
    receivers: {
      'Team X: mails': {
        channels: ['team-x-mails-email', 'team-x-mails-email-2'],
        send_resolved: false,
      },
      'team-X-pager': {
        channels: ['team-x-pager-pagerduty', 'team-x-pager-slack', 'team-x-pager-victorops'],
      },
      blackhole: { channels: [] },
    },
    time_intervals: {
      nights: [
        {
          times: [{ start_time: '22:00', end_time: '24:00' }],
          weekdays: ['monday:friday'],
          location: 'Europe/Berlin',
        },
      ],
      local: [{ days_of_month: ['1:-1'] }],
    },
    inhibit_rules: [
      {
        name: 'critical first',
        source_matchers: ['severity="critical"'],
        target_matchers: ['severity=~"warning|info"'],
        equal: ['alertname', 'any name'],
      },
      { source_matchers: ['a="1"'], target_matchers: ['b="1"'], equal: [] },
    ],
  });
  expect(channels).toEqual([
    { name: 'team-x-mails-email', type: 'email', path: 'receivers.0.email_configs.0' },
    { name: 'team-x-mails-email-2', type: 'email', path: 'receivers.0.email_configs.1' },
    { name: 'team-x-pager-pagerduty', type: 'pagerduty', path: 'receivers.1.pagerduty_configs.0' },
    { name: 'team-x-pager-slack', type: 'slack', path: 'receivers.1.slack_configs.0' },
    { name: 'team-x-pager-victorops', type: null, path: 'receivers.1.victorops_configs.0' },
  ]);
  expect(left.map(({ line, path }) => `${line} ${path}`).toSorted()).toEqual(
    [
      '4 global.smtp_smarthost',
      '5 global.slack_api_url',
      '6 templates',
      '7 tracing',
      '13 route.repeat_interval',
      '19 route.routes.0.labels',
      '21 route.routes.0.routes.0.matchers.1',
      '28 route.routes.1.unheard_of',
      '41 time_intervals.0.time_intervals.0.location',
      '44 receivers.0.email_configs.0',
      '44 receivers.0.email_configs.1',
      '45 receivers.1',
      '46 receivers.1.pagerduty_configs.0',
      '47 receivers.1.slack_configs.0',
      '48 receivers.1.victorops_configs.0',
    ].toSorted(),
  );
  expect(JSON.stringify({ document, channels, left })).not.toContain('s3cret');
});

test('the tree routes as it did', () => {
  const { routes } = configuration(JSON.stringify(imported(WHOLE).document));
  const to = (labels: Record<string, string>) =>
    routesFor(routes, labels).map((at) => routes[at]?.path);
  expect(to({ service: 'foo1', env: 'prod', severity: 'info' })).toEqual([
    'route.routes.0',
    'route.routes.1',
  ]);
  expect(to({ service: 'foo1', env: 'prod', severity: 'critical', note: 'a\\b' })).toEqual([
    'route.routes.0.routes.0',
  ]);
  expect(to({ service: 'foo12', env: 'prod' })).toEqual(['route']);
});

describe('what means something else now is listed too', () => {
  const small = (routes: string, more = '') =>
    `route: { receiver: a, group_by: [x], routes: ${routes} }\nreceivers: [{ name: a }]\n${more}`;

  test.each([
    [
      small('[{ matchers: [b=1] }, { matchers: [b=2], group_by: [y] }]'),
      'route.routes.0: pages a by the same labels as route: equal ones become one group',
    ],
    [
      small('[{ match_re: { b: "(?!x)" }, group_by: [y] }]'),
      'route.routes.0.match_re.b: invalid or unsupported Perl syntax: `(?!`: RE2 has no look-around; ' +
        'write a second matcher with !~ instead: nothing matches it until you mend it',
    ],
    [
      'route: { receiver: a, "<<": 1 }\nreceivers: [{ name: a }]',
      'route.<<: Belay has no such setting',
    ],
    [
      'route: { receiver: a }\nreceivers: [{ name: a, constructor: 1 }]\nconstructor: 1',
      'constructor: Belay has no such setting',
    ],
  ])('%s', (text, message) => {
    expect(imported(text).left.map((one) => `${one.path}: ${one.message}`)).toContain(message);
  });

  test('an expression that cannot be taken lets no alert in, not every one', () => {
    const { routes } = configuration(
      JSON.stringify(imported(small('[{ match_re: { b: "(?!x)" } }]')).document),
    );
    for (const labels of [{}, { b: '' }, { b: 'x' }])
      expect(routesFor(routes, labels)).toEqual([0]);
  });
});

test.each([
  ['', "Alertmanager's configuration is a set of keys"],
  ['route: { receiver: a }', 'receivers: is missing'],
  ['route: { receiver: b }\nreceivers: [{ name: a }]', 'there is no receiver b in this file'],
  ['route: { receiver: a, matchers: ["x"] }\nreceivers: [{ name: a }]', 'x: at 2: the text ends'],
  [
    'route: { receiver: a, continue: true }\nreceivers: [{ name: a }]',
    'nothing comes after the first route',
  ],
])('%s is refused: %s', (text, message) => {
  const result = importAlertmanager({ text, file: 'alertmanager.yml' });
  expect(
    result.kind === 'invalid' && result.problems.map((one) => `${one.path}: ${one.message}`),
  ).toContainEqual(expect.stringContaining(message));
});

describe('every kind of receiver is a channel with a name, of a type that Belay has or of none', () => {
  test.each([
    ...['slack', 'pagerduty', 'email', 'webhook', 'opsgenie', 'discord'].map(
      (kind) => [kind, kind] as const,
    ),
    ...['msteams', 'msteamsv2'].map((kind) => [kind, 'teams'] as const),
    ...['victorops', 'pushover', 'wechat', 'sns', 'telegram', 'webex', 'jira'].map(
      (kind) => [kind, null] as const,
    ),
    ...['rocketchat', 'incidentio', 'mattermost'].map((kind) => [kind, null] as const),
  ])('%s: %s', (kind, type) => {
    const text = `
route: { receiver: all }
receivers: [{ name: all, ${kind}_configs: [{ to: x }, { to: y }] }]`;
    const read = importAlertmanager({ text, file: 'alertmanager.yml' });
    if (read.kind === 'invalid') throw new Error('it was not read');
    expect(read.channels).toEqual([
      { name: `all-${kind}`, type, path: `receivers.0.${kind}_configs.0` },
      { name: `all-${kind}-2`, type, path: `receivers.0.${kind}_configs.1` },
    ]);
  });
});

describe('time intervals that Alertmanager takes mean the same', () => {
  const withInterval = (parts: string) =>
    imported(
      `route: { receiver: a }\nreceivers: [{ name: a }]\ntime_intervals: [{ name: t, time_intervals: ${parts} }]`,
    );
  const intervalOf = (parts: string) => withInterval(parts).document.time_intervals?.t;

  test.each([
    ['', []],
    ['[]', []],
    ['[{ weekdays: [] }]', []],
    ['[{ weekdays: [], times: [] }, { years: ["2026"] }]', [{ years: ['2026'] }]],
    ['[{}]', [{}]],
    ['[null]', [{}]],
    ['[{ weekdays: null, times: }]', [{}]],
    ['[{ years: ["1950:2030"] }]', [{ years: ['1950:2030'] }]],
    ['[{ location: "" }]', [{}]],
    ['[{ times: [null] }, { years: ["2026"] }]', [{ years: ['2026'] }]],
    [
      '[{ times: [null, { start_time: 09:00, end_time: 17:00 }] }]',
      [{ times: [{ start_time: '09:00', end_time: '17:00' }] }],
    ],
    [
      '[{ times: [{ start_time: 09:00, end_time: 17:00 }] }]',
      [{ times: [{ start_time: '09:00', end_time: '17:00' }] }],
    ],
  ])('%s', (parts, expected) => {
    expect(intervalOf(parts)).toEqual(expected);
  });

  test('what is never is left out, and listed', () => {
    const { left } = withInterval('[{ weekdays: [] }]');
    expect(left.map((one) => `${one.line}:${one.column}: ${one.path}: ${one.message}`)).toEqual([
      '3:58: time_intervals.0.time_intervals.0.weekdays: ' +
        'none of an empty list is ever: this entry is left out',
    ]);
  });

  test('where nothing stands instead of one, or of its times, that is left out and listed', () => {
    const { document, left } = imported(`
route: { receiver: a }
receivers: [{ name: a }]
time_intervals:
-
- name: t
  time_intervals: [{ times: [null, { start_time: 09:00, end_time: 17:00 }] }]`);
    expect(Object.keys(document.time_intervals ?? {})).toEqual(['t']);
    expect(left.map((one) => `${one.line}: ${one.path}: ${one.message}`)).toEqual([
      '5: time_intervals.0: nothing stands here: it is left out',
      '7: time_intervals.1.time_intervals.0.times.0: nothing stands here: it is left out',
    ]);
  });

  test('one without entries mutes nothing', () => {
    const { document } = imported(`
route: { receiver: a, routes: [{ mute_time_intervals: [t] }, { active_time_intervals: [t] }] }
receivers: [{ name: a }]
time_intervals: [{ name: t }]`);
    const { timeIntervals } = configuration(JSON.stringify(document));
    expect(isIn(timeIntervals.t ?? [{} as never], Date.now())).toBe(false);
  });
});

describe('what Alertmanager takes and Belay cannot is taken as well as it can be, and listed', () => {
  const leftOf = (text: string) =>
    imported(text).left.map((one) => `${one.line}: ${one.path}: ${one.message}`);

  test('names that are longer, wherever they stand', () => {
    const long = (end: string): string => `${'x'.repeat(250)}${end}`;
    const text = `
route: { receiver: ${long('1')}, routes: [{ receiver: ${long('2')}, mute_time_intervals: [${long('t')}] }] }
receivers:
- name: ${long('1')}
- name: ${long('2')}
time_intervals:
- name: ${long('t')}
  time_intervals: [{ years: ['2026'] }]
inhibit_rules:
- { name: ${long('r')}, source_matchers: [a=b], target_matchers: [c=d] }`;
    expect(leftOf(text)).toEqual([
      '4: receivers.0.name: is longer than 200 characters: it is cut',
      '5: receivers.1.name: is longer than 200 characters: it is cut',
      '7: time_intervals.0.name: is longer than 200 characters: it is cut',
      '10: inhibit_rules.0.name: is longer than 200 characters: it is cut',
    ]);
    const { document } = imported(text);
    const names = Object.keys(document.receivers);
    expect(names.map((name) => name.slice(0, 179))).toEqual(['x'.repeat(179), 'x'.repeat(179)]);
    expect([document.route.receiver, document.route.routes?.[0]?.receiver]).toEqual(names);
    const { routes, timeIntervals } = configuration(JSON.stringify(document));
    expect(routes[1]?.mutedIn).toEqual(Object.keys(timeIntervals));
  });

  test('what is wrong with a receiver of a longer name is told where it stands', () => {
    const long = 'x'.repeat(250);
    const text = `route: { receiver: ${long} }\nreceivers:\n- name: ${long}\n  x_configs: 1`;
    const read = importAlertmanager({ text, file: 'alertmanager.yml' });
    expect(read).toMatchObject({ problems: [{ line: 4, path: 'receivers.0.x_configs' }] });
  });

  test('a resolve_timeout of 0s, by which no alert without an end would fire', () => {
    const text =
      'global: { resolve_timeout: 0s }\nroute: { receiver: a }\nreceivers: [{ name: a }]';
    expect(leftOf(text)).toEqual([
      '1: global.resolve_timeout: ends an alert that names no end at once: here that is after 5m',
    ]);
    expect(imported(text).document.resolve_timeout).toBeUndefined();
  });
});

describe('of several documents of a file Alertmanager reads the first', () => {
  const FIRST = 'route: { receiver: a }\nreceivers: [{ name: a }]\n';

  test.each(['---\n', '---\n# the end\n', '---\nnull\n', '---\n---\n~\n', '...\n---\n'])(
    'those after it may be empty: %j',
    (rest) => {
      expect(imported(FIRST + rest).document.route.receiver).toBe('a');
    },
  );

  test.each(['---\nroute: { receiver: b }\n', '---\n---\na: b\n', '---\na: [\n', '---\n"null"\n'])(
    'but nothing that is written there is passed over: %j',
    (rest) => {
      const read = importAlertmanager({ text: FIRST + rest, file: 'alertmanager.yml' });
      const message = 'a second document begins here: a file holds one configuration';
      expect(read).toMatchObject({ problems: [{ line: 3, message }] });
    },
  );
});
