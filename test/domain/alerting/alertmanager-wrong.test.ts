import { describe, expect, test } from 'vitest';
import { importAlertmanager } from '../../../src/domain/alerting/alertmanager-import.ts';
import { formatProblem } from '../../../src/domain/document/problem.ts';

const LIST = 'write [a, b], or each entry in a line of its own that begins with -';

function problemsOf(text: string): readonly string[] {
  const result = importAlertmanager({ text, file: 'am.yml' });
  return result.kind === 'invalid' ? result.problems.map(formatProblem) : [];
}

/** The case begins in line 5, column 5. */
const withRoute = (route: string): string =>
  `receivers: [{ name: a }]\nroute:\n  receiver: a\n  routes:\n  - ${route}`;

describe('what Alertmanager does not take is refused where it stands, never passed over', () => {
  test.each([
    [
      '{ matchers: x=y }',
      `am.yml:5:17: route.routes.0.matchers: must be a list, not text: ${LIST}`,
    ],
    ['{ group_by: x }', `am.yml:5:17: route.routes.0.group_by: must be a list, not text: ${LIST}`],
    [
      '{ routes: {} }',
      `am.yml:5:15: route.routes.0.routes: must be a list, not a set of keys: ${LIST}`,
    ],
    ['[]', 'am.yml:5:5: route.routes.0: must be a set of keys, not a list'],
    ['x', 'am.yml:5:5: route.routes.0: must be a set of keys, not text'],
    ['null', 'am.yml:5:5: route.routes.0: nothing stands here: write a route, or take it out'],
    ['{ match: x }', 'am.yml:5:14: route.routes.0.match: must be a set of keys, not text'],
    [
      '{ match: { a: [b] } }',
      'am.yml:5:19: route.routes.0.match.a: must be text, not a list: ' +
        'write it in quotes where it is meant as text',
    ],
    [
      '{ match_re: { a: } }',
      'am.yml:5:22: route.routes.0.match_re.a: nothing stands here: write an expression, or take it out',
    ],
    [
      '{ matchers: [a: b] }',
      'am.yml:5:18: route.routes.0.matchers.0: must be text, not a set of keys: ' +
        'write it in quotes where it is meant as text',
    ],
    [
      '{ receiver: [a] }',
      'am.yml:5:17: route.routes.0.receiver: must be text, not a list: ' +
        'write it in quotes where it is meant as text',
    ],
    [
      '{ group_wait: soon }',
      'am.yml:5:19: route.routes.0.group_wait: is no duration: write one like 30s, 5m or 1h30m',
    ],
    [
      '{ continue: maybe }',
      'am.yml:5:17: route.routes.0.continue: is neither true nor false: write one of them',
    ],
  ])('the route %s', (route, expected) => {
    expect(problemsOf(withRoute(route))).toEqual([expected]);
  });

  test.each([
    ['1', 'am.yml:3:17: inhibit_rules.0: must be a set of keys, not text'],
    ['null', 'am.yml:3:17: inhibit_rules.0: nothing stands here: write a rule, or take it out'],
    [
      '{ source_matchers: x=y, target_matchers: [a=b] }',
      `am.yml:3:36: inhibit_rules.0.source_matchers: must be a list, not text: ${LIST}`,
    ],
    [
      '{ source_matchers: [x=y], target_matchers: [a=b], equal: q }',
      `am.yml:3:74: inhibit_rules.0.equal: must be a list, not text: ${LIST}`,
    ],
  ])('the inhibit rule %s', (rule, expected) => {
    const text = `route: { receiver: a }\nreceivers: [{ name: a }]\ninhibit_rules: [${rule}]`;
    expect(problemsOf(text)).toEqual([expected]);
  });

  const named = 'there is another t above it: give each its own name';
  test.each([
    [
      'receivers: [{ name: a }, { name: t }, { name: t, slack_configs: [{}] }]',
      `am.yml:2:39: receivers.2: ${named}`,
    ],
    [
      'receivers: [{ name: a }]\ntime_intervals: [{ name: t }, { name: t }]',
      `am.yml:3:31: time_intervals.1: ${named}`,
    ],
    [
      'receivers: [{ name: a }]\nmute_time_intervals: [{ name: t }]\ntime_intervals: [{ name: t }]',
      `am.yml:3:23: mute_time_intervals.0: ${named}`,
    ],
  ])('two of one name: %s', (rest, expected) => {
    expect(problemsOf(`route: { receiver: a }\n${rest}`)).toEqual([expected]);
  });

  test('all of it at once, and no secret with it', () => {
    const problems = problemsOf(
      `receivers: [{ name: a, slack_configs: s3cret }]
route: { receiver: a, routes: [{ matchers: ["x", "y~"], continue: 1 }] }
global: s3cret`,
    );
    expect(problems.map((one) => one.split(':')[1])).toEqual(['1', '2', '2', '2', '3']);
    expect(problems.join('\n')).not.toContain('s3cret');
  });
});

describe('what Belay cannot take is refused where it stands in the file', () => {
  const interval = (parts: string): string =>
    `route: { receiver: a }\nreceivers: [{ name: a }]\ntime_intervals:\n- name: t\n  time_intervals: ${parts}`;

  test.each([
    [interval('[{ months: [13] }]'), '5:31', 'time_intervals.0.time_intervals.0.months.0'],
    [
      interval('[{ years: [] }, { weekdays: [noday] }]'),
      '5:48',
      'time_intervals.0.time_intervals.1.weekdays.0',
    ],
    [
      interval('[{ location: Nowhere }]').replace('time_int', 'mute_time_int'),
      '5:32',
      'mute_time_intervals.0.time_intervals.0.location',
    ],
    [
      interval('[{ times: [null, { start_time: 9, end_time: 10:00 }] }]'),
      '5:50',
      'time_intervals.0.time_intervals.0.times.1.start_time',
    ],
    [interval('[{ weekdays: monday }]'), '5:32', 'time_intervals.0.time_intervals.0.weekdays'],
    [withRoute('{ receiver: nobody }'), '5:17', 'route.routes.0.receiver'],
    [withRoute('{ group_by: [x, x] }'), '5:17', 'route.routes.0.group_by'],
    [
      `route: { receiver: a }\nreceivers:\n- name: a\n  x_configs: [${'{}, '.repeat(21)}]`,
      '3:3',
      'receivers.0',
    ],
    [
      'route: { receiver: a }\nreceivers: [{ name: a }]\ninhibit_rules:\n- { equal: [""] }',
      '4:13',
      'inhibit_rules.0.equal.0',
    ],
  ])('%s', (text, place, path) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(`am.yml:${place}: ${path}: `)]);
  });

  test('of too many integrations it is said what to do', () => {
    const text = `route: { receiver: a }\nreceivers: [{ name: a, x_configs: [${'{}, '.repeat(25)}] }]`;
    expect(problemsOf(text)).toEqual([
      'am.yml:2:13: receivers.0: has 25 integrations, of which Belay takes 20: move some to a second ' +
        'receiver, which routes with continue: true and the same matchers name before those of this one',
    ]);
  });
});
