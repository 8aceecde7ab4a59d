import { describe, expect, test } from 'vitest';
import { run } from './run-cli.ts';

const ALERTING = `
route:
  receiver: ops
  group_by: [alertname]
  routes:
    - matchers: [severity="page"]
      receiver: night
      group_by: ['...']
      repeat_interval: 1h
      on_alert: rollback
      storm: { above: 5, within: 2m }
      continue: true
      routes:
        - { matchers: [team="db"], active_time_intervals: [office], on_alert: pause }
    - { matchers: [severity=~"page|low"], mute_time_intervals: [office] }
    - { matchers: [severity="nobody"], receiver: nobody, group_by: [] }
receivers:
  ops: { channels: [ops] }
  night: { policy: default, channels: [ops, mail], send_resolved: false }
  nobody: {}
time_intervals: { office: [{ weekdays: ['monday:friday'] }] }
inhibit_rules:
  - { source_matchers: [a="1"], target_matchers: [b="1"], equal: [cluster, host] }
heartbeats: { prom: { within: 5m, matchers: [alertname="Watchdog"] } }
`;

const PAGING = `
channels: { ops: { type: log }, mail: { type: log } }
policies: { default: { levels: [{ wait: 5m, targets: [{ channel: ops }] }] } }
last_resort: [ops]
`;

const SCENARIOS = `
alerting: ../alerting.yaml
scenarios:
  - name: a page
    until: 1m
    steps: [{ at: 0s, fire: [{ labels: { alertname: Down } }] }]
    expect: [{ at: AT, to: channel/ops }]
`;

const files = {
  '/srv/alerting.yaml': ALERTING,
  '/srv/paging.yaml': PAGING,
  '/srv/broken.yaml': 'route: { reciever: ops, group_wait: soon }\nreceivers: {}\n',
  '/srv/tests/good.yaml': SCENARIOS.replace('AT', '30s'),
  '/srv/tests/bad.yaml': SCENARIOS.replace('AT', '31s'),
  '/srv/tests/broken.yaml': 'alerting: nowhere.yaml\nscenarios: []\n',
};

const alerting = (...args: readonly string[]) => run(['alerting', ...args], { files });

describe('alerting check', () => {
  test('says what the file means, and connects to nothing', async () => {
    const { code, out, err, connected } = await alerting('check', 'alerting.yaml');
    expect({ code, err, connected }).toEqual({ code: 0, err: '', connected: 0 });
    expect(out.split('\n')).toEqual([
      'routes      5, what none of them takes goes to ops',
      'receivers   ops: channel/ops',
      '            night: channel/ops, channel/mail, policy/default, not told of what is resolved',
      '            nobody: pages nobody',
      'times       office',
      'inhibition  {a="1"} keeps {b="1"} of the same cluster, host quiet',
      'heartbeats  prom: a signal at least every 5m',
      'over after  5m without a message',
      'note: alerting.yaml:20:11: receivers.nobody: has neither channels nor a policy: ' +
        'what it gets pages nobody',
      '',
    ]);
  });

  test('lists every problem with its place, and how to mend it', async () => {
    const { code, out, err } = await alerting('check', 'broken.yaml');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n')).toEqual([
      'broken.yaml:1:10: route.reciever: unknown key: did you mean receiver?',
      expect.stringMatching(/^broken\.yaml:1:37: route\.group_wait: /),
      '',
    ]);
    const told = await alerting('check', 'broken.yaml', '--json');
    expect(told.code).toBe(2);
    expect(JSON.parse(told.out)).toMatchObject({
      kind: 'invalid',
      problems: [{ line: 1, path: 'route.reciever' }, { path: 'route.group_wait' }],
    });
  });

  test('finds channels and policies that the paging file does not have', async () => {
    const good = await alerting('check', 'alerting.yaml', '--paging', 'paging.yaml');
    expect(good.code).toBe(0);
    const world = { files: { ...files, '/srv/paging.yaml': PAGING.replaceAll('ops', 'other') } };
    const args = ['alerting', 'check', 'alerting.yaml', '--paging', 'paging.yaml'];
    const { code, err } = await run(args, world);
    expect(code).toBe(2);
    expect(err.split('\n')).toEqual([
      'alerting.yaml:18:21: receivers.ops.channels.0: the paging file has no channel ops',
      'alerting.yaml:19:40: receivers.night.channels.0: the paging file has no channel ops',
      '',
    ]);
  });

  test('a file that is not there is told as that', async () => {
    const { code, err } = await alerting('check', 'nowhere.yaml');
    expect(code).toBe(2);
    expect(err).toMatch(/^AlertingFileInvalid: nowhere\.yaml cannot be read: ENOENT/);
  });
});

describe('alerting routes test', () => {
  test('tells receivers, routes, groups and times', async () => {
    const asked = ['alertname=Down', 'severity=page', 'team=db', 'service=shop'];
    const { code, out, connected } = await alerting('routes', 'test', 'alerting.yaml', ...asked);
    expect({ code, connected }).toEqual({ code: 0, connected: 0 });
    const all = '{alertname="Down", service="shop", severity="page", team="db"}';
    expect(out.split('\n')).toEqual([
      all,
      'receivers  night, ops',
      'route      route.routes.0.routes.0 {team="db"}',
      '           muted but in office',
      '           more than 5 new groups within 2m become one page',
      '           pauses a running release of shop',
      'route      route.routes.1 {severity=~"page|low"}',
      '           muted in office',
      `group      channel/ops ${all}`,
      '           first page after 30s, changes after 5m, repeated after 1h',
      `group      channel/mail ${all}`,
      '           first page after 30s, changes after 5m, repeated after 1h',
      `group      policy/default ${all}`,
      '           first page after 30s, changes after 5m, repeated after 1h',
      'group      channel/ops {alertname="Down"}',
      '           first page after 30s, changes after 5m, repeated after 4h',
      '',
    ]);
  });

  test.each([
    // A Thursday and a Sunday; the interval has all hours of Monday to Friday.
    ['2026-11-26T12:00Z', ['muted', '2026-11-28T00:00:00.000Z']],
    ['2026-11-29T12:00Z', ['not muted', null]],
  ])('tells what is muted at %s', async (time, [word, until]) => {
    const asked = ['routes', 'test', 'alerting.yaml', 'severity=low', '--at', time ?? ''];
    const { code, out } = await alerting(...asked);
    const at = `${time?.slice(0, -1)}:00.000Z`;
    const end = until === null ? '' : `, until ${until} at least`;
    expect({ code, last: out.trimEnd().split('\n').at(-1)?.trim() }).toEqual({
      code: 0,
      last: `${word} at ${at}${end}`,
    });
    const json = await alerting(...asked, '--json');
    const facts = { at, isMuted: word === 'muted', mutedUntil: until };
    expect(JSON.parse(json.out).groups[0]).toMatchObject(facts);
  });

  test('refuses a time that is none', async () => {
    const { code, err } = await alerting('routes', 'test', 'alerting.yaml', 'a=b', '--at', 'noon');
    expect(code).toBe(2);
    expect(err).toContain('--at "noon"');
  });

  test('tells the same as JSON', async () => {
    const { out } = await alerting('routes', 'test', 'alerting.yaml', 'severity=low', '--json');
    expect(JSON.parse(out)).toEqual({
      labels: { severity: 'low' },
      receivers: ['ops'],
      heartbeats: [],
      routes: [
        {
          path: 'route.routes.1',
          matchers: ['severity=~"page|low"'],
          continue: false,
          receiver: 'ops',
          groupBy: ['alertname'],
          groupWait: '30s',
          groupInterval: '5m',
          repeatInterval: '4h',
          muteTimeIntervals: ['office'],
          activeTimeIntervals: [],
          storm: null,
          onAlert: null,
          serviceLabel: null,
        },
      ],
      groups: [
        {
          to: 'channel/ops',
          labels: {},
          key: expect.stringMatching(/^[0-9a-f]+$/),
          routes: ['route.routes.1'],
          groupWait: '30s',
          groupInterval: '5m',
          repeatInterval: '4h',
        },
      ],
      isAsExpected: true,
    });
  });

  test.each([
    ['a signal of a heartbeat is no alert', 'alertname=Watchdog', /heartbeat prom, and no alert/],
    ['nobody may be paged', 'severity=nobody', /^group +none: nobody is paged$/m],
    ['the first route takes the rest', 'a=b', /^route +route all alerts$/m],
    ['a release is named by a label', 'severity=page', /the alert has no label service$/m],
  ])('%s', async (_, label, told) => {
    const { code, out } = await alerting('routes', 'test', 'alerting.yaml', label);
    expect(code).toBe(0);
    expect(out).toMatch(told);
  });

  test.each([
    ['ops,night', 0, ''],
    ['night, ops', 0, ''],
    ['night,ops,night', 0, ''],
    ['night', 1, 'expected night, found night,ops\n'],
    ['', 1, 'expected no receiver, found night,ops\n'],
  ])('--verify-receivers=%s ends with %i', async (names, status, told) => {
    const asked = ['severity=page', `--verify-receivers=${names}`];
    const { code, err } = await alerting('routes', 'test', 'alerting.yaml', ...asked);
    expect({ code, err }).toEqual({ code: status, err: told });
    const json = await alerting('routes', 'test', 'alerting.yaml', ...asked, '--json');
    expect(json.code).toBe(status);
    expect(JSON.parse(json.out)).toMatchObject({ isAsExpected: status === 0 });
  });

  test('that an alert goes nowhere is verified by no name', async () => {
    const asked = ['routes', 'test', 'alerting.yaml', 'alertname=Watchdog'];
    expect(await alerting(...asked, '--verify-receivers=')).toMatchObject({ code: 0, err: '' });
    const other = await alerting(...asked, '--verify-receivers=ops');
    expect(other).toMatchObject({ code: 1, err: 'expected ops, found no receiver\n' });
  });

  test.each([
    ['severity', /written label=value/],
    ['=page', /written label=value/],
    ['severity!=page', /no matcher/],
    ['severity=~page', /no matcher/],
    ['severity=', /has no labels/],
  ])('%s is no label of an alert', async (label, told) => {
    const { code, err } = await alerting('routes', 'test', 'alerting.yaml', label);
    expect(code).toBe(2);
    expect(err).toMatch(told);
  });

  test('a label is given once, its value may have signs of equality', async () => {
    const twice = await alerting('routes', 'test', 'alerting.yaml', 'a=1', 'a=2');
    expect(twice).toMatchObject({ code: 2, err: expect.stringMatching(/a is given twice/) });
    const { out } = await alerting('routes', 'test', 'alerting.yaml', 'a=b=c', '--json');
    expect(JSON.parse(out)).toMatchObject({ labels: { a: 'b=c' } });
  });

  test('a broken file is told with its problems, also as JSON', async () => {
    const { code, out } = await alerting('routes', 'test', 'broken.yaml', 'a=b', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'AlertingFileInvalid' } });
  });
});

describe('alerting routes show', () => {
  test('draws the tree, each route with what is its own', async () => {
    const { code, out } = await alerting('routes', 'show', 'alerting.yaml');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'all alerts → ops  (by alertname; wait 30s; interval 5m; repeat 4h)',
      '├─ {severity="page"} → night  ' +
        '(continues; by every label; repeat 1h; storm above 5 in 2m; on alert: rollback)',
      '│  └─ {team="db"} → night  (muted but in office; on alert: pause)',
      '├─ {severity=~"page|low"} → ops  (muted in office)',
      '└─ {severity="nobody"} → nobody  (one group)',
      '',
    ]);
  });

  test('gives the tree as JSON, with what each inherits', async () => {
    const { out } = await alerting('routes', 'show', 'alerting.yaml', '--json');
    expect(JSON.parse(out)).toMatchObject({
      path: 'route',
      receiver: 'ops',
      routes: [
        { storm: { above: 5, within: '2m' }, routes: [{ groupBy: ['...'], onAlert: 'pause' }] },
        { path: 'route.routes.1', receiver: 'ops', routes: [] },
        { path: 'route.routes.2', groupBy: [], routes: [] },
      ],
    });
  });
});

describe('alerting test', () => {
  test('plays scenarios by the file beside them', async () => {
    const { code, out, connected } = await alerting('test', 'tests/good.yaml');
    expect({ code, connected }).toEqual({ code: 0, connected: 0 });
    expect(out.split('\n')).toEqual([
      'tests/good.yaml',
      '  ok      a page',
      '1 scenario, all as expected',
      '',
    ]);
  });

  test('says what differs, and ends with 1', async () => {
    const { code, out } = await alerting('test', 'tests/good.yaml', 'tests/bad.yaml');
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      'tests/good.yaml',
      '  ok      a page',
      'tests/bad.yaml',
      '  differs a page',
      '    expected, and did not come:',
      '      31s channel/ops',
      '    came, and was not expected:',
      '      30s channel/ops first_page firing {alertname="Down"}',
      '    all that was sent:',
      '      30s channel/ops first_page firing {alertname="Down"}',
      '2 scenarios, 1 not as expected',
      '',
    ]);
    const json = await alerting('test', 'tests/bad.yaml', '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      files: [{ file: 'tests/bad.yaml', results: [{ name: 'a page', hasPassed: false }] }],
    });
  });

  test('nothing of a wrong file is said to be as expected', async () => {
    const { code, out } = await alerting('test', 'tests/broken.yaml');
    expect({ code, out }).toEqual({ code: 2, out: '1 file is wrong and was not played\n' });
    const mixed = await alerting('test', 'tests/broken.yaml', 'tests/good.yaml');
    expect(mixed.code).toBe(2);
    expect(mixed.out).toMatch(/\n1 scenario as expected; 1 file is wrong and was not played\n$/);
  });

  test('a file that is wrong or not there ends with 2, and the others are played', async () => {
    const all = ['tests/broken.yaml', 'tests/nowhere.yaml', 'tests/bad.yaml'];
    const { code, out, err } = await alerting('test', ...all);
    expect(code).toBe(2);
    expect(out).toMatch(
      /\n1 scenario, 1 not as expected; 2 files are wrong and were not played\n$/,
    );
    expect(err.split('\n')).toEqual([
      'tests/broken.yaml:2:12: scenarios: has no scenario',
      expect.stringMatching(
        /^tests\/nowhere\.yaml:1:1: tests\/nowhere\.yaml cannot be read: ENOENT/,
      ),
      '',
    ]);
    const json = await alerting('test', ...all, '--json');
    expect(json.code).toBe(2);
    expect(JSON.parse(json.out)).toMatchObject({
      files: [{ kind: 'invalid' }, { kind: 'invalid' }, { kind: 'played', file: 'tests/bad.yaml' }],
    });
  });
});
