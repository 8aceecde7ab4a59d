import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../../src/domain/document/problem.ts';
import { readScenarios } from '../../../src/domain/alerting/read-scenarios.ts';
import { runScenarios } from '../../../src/domain/alerting/run-scenario.ts';
import { changesAt, isIn } from '../../../src/domain/alerting/time-interval.ts';

const FILES: Readonly<Record<string, string>> = {
  'alerting.yaml': `
receivers: { ops: { channels: [ops] }, night: { policy: default } }
time_intervals: { nights: [{ times: [{ start_time: "22:00", end_time: "24:00" }] }] }
route:
  receiver: ops
  group_by: [alertname]
  routes:
    - { matchers: [severity=page], receiver: night, on_alert: rollback }
    - { matchers: [severity=low], mute_time_intervals: [nights] }
heartbeats: { prom: { within: 5m } }
`,
  'other.yaml': `
receivers: { ops: { channels: [other] } }
route: { receiver: ops }
`,
  'broken.yaml': 'route: {}',
};

function readFile(path: string): string {
  const text = FILES[path];
  if (text === undefined) throw new Error('ENOENT');
  return text;
}

function run(scenarios: string, alerting = 'alerting.yaml') {
  const text = `alerting: ${alerting}\nscenarios:\n${scenarios}`;
  const read = readScenarios({ text, file: 's.yaml' }, readFile);
  if (read.kind === 'invalid') return read.problems.map(formatProblem);
  return runScenarios(read.value, { isIn, changesAt });
}

test('all that a scenario may hold is played', () => {
  const results = run(`
  - name: a page
    until: 1h
    steps:
      - { at: 0s, beat: prom }
      - { at: 0s, fire: [{ labels: { alertname: Down, severity: page, service: shop } }] }
      - { at: 1m, fire: [{ labels: { alertname: Slow }, for: 10m }] }
      - { at: 2m, silence: { name: work, matchers: [alertname=Slow], for: 30m } }
      - { at: 3m, expire: work }
      - { at: 4m, resolve: [{ alertname: Down, severity: page, service: shop }] }
    expect:
      - { at: 30s, to: policy/default, reason: first_page, firing: [{ alertname: Down, severity: page, service: shop }] }
      - { at: 1m30s, to: channel/ops, firing: [{ alertname: Slow }] }
      - { at: 5m, to: channel/ops }
      - { at: 5m30s, to: policy/default, reason: all_resolved, firing: [], resolved: [{ alertname: Down, severity: page, service: shop }] }
      - { at: 11m30s, to: channel/ops, reason: all_resolved }
    expect_releases: [{ at: 0s, verb: rollback, service: shop }]
  - name: at night
    start: 2026-11-26T22:30:00Z
    until: 4m
    steps: [{ at: 0s, fire: [{ labels: { alertname: Disk, severity: low } }] }]
    expect: []
`);
  expect(results).toMatchObject([
    // The heartbeat that stops is told after 5m 30s, as any alert is.
    {
      name: 'a page',
      missing: ['5m channel/ops'],
      unexpected: [
        '5m30s channel/ops first_page firing {alertname="HeartbeatMissing", heartbeat="prom"}',
      ],
      hasPassed: false,
    },
    { name: 'at night', hasPassed: true, missing: [], unexpected: [], found: [] },
  ]);
});

test('what differs is told as expected and found', () => {
  const results = run(`
  - name: wrong
    until: 3m
    steps:
      - { at: 0s, fail: { channel: ops, for: 1m } }
      - { at: 0s, fire: [{ labels: { alertname: Down } }] }
      - { at: 0s, silence: { name: all, matchers: [a=~".*"], for: 1m } }
    expect:
      - { at: 30s, to: channel/ops, reason: new_alerts, firing: [{ alertname: Down }] }
    expect_releases: [{ at: 1s, verb: pause, service: shop }]
`);
  expect(results).toEqual([
    {
      name: 'wrong',
      hasPassed: false,
      missing: [
        '0s silence all: {a=~".*"} would silence everything: one matcher must need a label to be there',
        '30s channel/ops new_alerts firing {alertname="Down"}',
        '1s release/shop pause',
      ],
      unexpected: ['30s channel/ops first_page firing {alertname="Down"} (does not arrive)'],
      found: ['30s channel/ops first_page firing {alertname="Down"} (does not arrive)'],
    },
  ]);
});

test('what is expected of less stands before or after what is expected of more', () => {
  const pages = [
    '{ at: 30s, to: channel/ops }',
    '{ at: 30s, to: channel/ops, reason: first_page, firing: [{ alertname: Down }] }',
    '{ at: 30s, to: channel/ops, firing: [{ alertname: Slow }] }',
  ];
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [2, 1, 0],
  ].map((order) => order.map((at) => `      - ${pages[at]}`).join('\n'));
  const scenarios = orders.map(
    (expected) => `
  - name: an order
    until: 1m
    steps:
      - at: 0s
        fire:
          - { labels: { alertname: Down } }
          - { labels: { alertname: Slow } }
          - { labels: { alertname: Warm } }
    expect:
${expected}`,
  );
  expect(run(scenarios.join(''))).toMatchObject(orders.map(() => ({ hasPassed: true })));
});

test('what only the file of a reload has may be named before it, and what it has not after it', () => {
  const steps = [
    '{ at: 0s, fail: { channel: other, for: 1s } }',
    '{ at: 0s, fire: [{ labels: { alertname: Down, empty: "" } }] }',
    '{ at: 1s, reload: other.yaml }',
    '{ at: 1s, beat: prom }',
    '{ at: 2s, resolve: [{ alertname: Down }] }',
  ];
  const results = run(`  - { name: names, until: 2s, expect: [], steps: [${steps.join(', ')}] }`);
  expect(results).toMatchObject([{ hasPassed: true }]);
});

test('what is asked of releases is expected so many times', () => {
  const fired = (names: readonly string[]) =>
    names.map((name) => `{ labels: { alertname: ${name}, severity: page, service: shop } }`);
  const scenario = (came: number, expected: number) => `
  - name: ${came} came, ${expected} expected
    until: 10s
    steps: [{ at: 0s, fire: [${fired(['A', 'B', 'C'].slice(0, came)).join(', ')}] }]
    expect: []
    expect_releases: [${Array(expected).fill('{ at: 0s, verb: rollback, service: shop }').join(', ')}]
`;
  const text = '0s release/shop rollback';
  expect(
    run([scenario(3, 3), scenario(1, 3), scenario(2, 1), scenario(2, 0)].join('')),
  ).toMatchObject([
    { missing: [], unexpected: [], hasPassed: true },
    { missing: [`${text} (1 of 3 came)`], unexpected: [], hasPassed: false },
    { missing: [], unexpected: [`${text} (2 came, 1 expected)`], hasPassed: false },
    { missing: [], unexpected: [`${text} (2 came, 0 expected)`], hasPassed: false },
  ]);
});

test('a reload is played with the other file', () => {
  const results = run(`
  - name: reload
    until: 4m
    steps:
      - { at: 0s, fire: [{ labels: { alertname: Down } }] }
      - { at: 1m, reload: other.yaml }
    expect:
      - { at: 30s, to: channel/ops }
      - { at: 1m30s, to: channel/other }
`);
  expect(results).toMatchObject([{ hasPassed: true }]);
});

describe('a wrong file is told where it is wrong', () => {
  const scenario = (steps: string) => `  - { name: a, until: 1m, expect: [], steps: ${steps} }`;
  test.each([
    [scenario('[]'), 'none.yaml', '1:11: alerting: none.yaml cannot be read: ENOENT'],
    [scenario('[]'), 'broken.yaml', 'alerting: broken.yaml:1:1: receivers: is missing'],
    [scenario('[{ at: 2m, beat: prom }]'), undefined, 'is after `until`: it would never happen'],
    [scenario('[{ at: 5s, beat: prom }, { at: 1s, beat: prom }]'), undefined, 'put it in order'],
    [scenario('[{ at: 5s, expire: x }]'), undefined, 'no step before has a silence x'],
    [
      scenario('[{ at: 5s, beat: promm }]'),
      undefined,
      's.yaml:3:63: scenarios.0.steps.0.beat: there is no heartbeat promm in alerting.yaml: did you mean prom?',
    ],
    [
      scenario('[{ at: 5s, beat: prom }]'),
      'other.yaml',
      'there is no heartbeat prom in other.yaml',
    ],
    [
      scenario('[{ at: 5s, fail: { channel: pager, for: 1m } }]'),
      undefined,
      'scenarios.0.steps.0.fail.channel: no receiver has a channel pager in alerting.yaml; known here: ops',
    ],
    [
      scenario('[{ at: 5s, fail: { channel: opss, for: 1m } }, { at: 6s, reload: other.yaml }]'),
      undefined,
      'no receiver has a channel opss in alerting.yaml or other.yaml: did you mean ops?',
    ],
    [
      scenario('[{ at: 5s, resolve: [{ alertname: Down }] }]'),
      undefined,
      'scenarios.0.steps.0.resolve.0: no step before fires {alertname="Down"}: fire it in a step before',
    ],
    [
      scenario(
        '[{ at: 5s, fire: [{ labels: { alertname: Down, a: b } }] }, { at: 6s, resolve: [{ alertname: Down }] }]',
      ),
      undefined,
      'no step before fires {alertname="Down"}: did you mean {a="b", alertname="Down"}?',
    ],
    [
      scenario(
        '[{ at: 5s, silence: { name: x, matchers: [a=b], for: 1m } }, { at: 5s, silence: { name: x, matchers: [a=c], for: 1m } }]',
      ),
      undefined,
      'scenarios.0.steps.1.silence.name: a step before has a silence x: give this one another name',
    ],
    [scenario('[{ at: 5s }]'), undefined, 'does one thing: fire, resolve, silence'],
    [scenario('[{ at: 5s, fire: [{ labels: {} }] }]'), undefined, 'has no labels'],
    [scenario('[{ at: 5s, fier: [] }]'), undefined, 'unknown key: did you mean fire?'],
    [scenario('[{ at: 5s, reload: none.yaml }]'), undefined, 'none.yaml cannot be read'],
  ])('%s', (text, alerting, problem) => {
    expect(run(text, alerting)).toContainEqual(expect.stringContaining(problem));
  });
});
