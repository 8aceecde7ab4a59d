import { describe, expect, test } from 'vitest';
import { importAlertmanager } from '../../../src/domain/alerting/alertmanager-import.ts';
import { formatProblem } from '../../../src/domain/document/problem.ts';

const RECEIVERS = 'receivers: [{ name: a }, { name: b }, { name: 123 }]';

function read(text: string) {
  const result = importAlertmanager({ text: `${text}\n${RECEIVERS}`, file: 'am.yml' });
  return result.kind === 'imported' ? result.document : result.problems.map(formatProblem);
}

/** What amtool shows of the same routes. */
function routes(written: string): unknown {
  const document = read(`route: { receiver: a, routes: ${written} }`);
  return 'route' in document ? document.route.routes : document;
}

describe('a scalar is the text that stands there', () => {
  test.each([
    ['1.10', '1.10'],
    ['0500', '0500'],
    ['12345678901234567890', '12345678901234567890'],
    ['TRUE', 'TRUE'],
    ['yes', 'yes'],
    ['0x1F', '0x1F'],
    ['1e3', '1e3'],
    ['1_000', '1_000'],
    ['.inf', '.inf'],
    ['2020-01-02', '2020-01-02'],
    ['"null"', 'null'],
    ['!!str 1.10', '1.10'],
    ['!!int 05', '05'],
    ['!!float 5', '5'],
    ['!!bool yes', 'yes'],
    ['""', ''],
  ])('the label %s', (written, value) => {
    expect(routes(`[{ match: { x: ${written} } }, { match_re: { x: ${written} } }]`)).toEqual([
      { matchers: [`x="${value}"`] },
      { matchers: [`x=~"${value}"`] },
    ]);
  });

  test.each(['null', '~', ''])('the label %s is empty', (written) => {
    expect(routes(`[{ match: { x: ${written} } }]`)).toEqual([{ matchers: ['x=""'] }]);
  });

  test('in names and lists too', () => {
    expect(
      read(`
route: { receiver: 123, group_by: [1.10], routes: [{ receiver: 123, mute_time_intervals: [07] }] }
time_intervals: [{ name: 07, time_intervals: [{ years: [2026], days_of_month: [05], location: }] }]
inhibit_rules: [{ name: 0.50, source_match: { 1.10: 1.10 }, equal: [1e3] }]`),
    ).toMatchObject({
      route: {
        receiver: '123',
        group_by: ['1.10'],
        routes: [{ receiver: '123', mute_time_intervals: ['07'] }],
      },
      receivers: { '123': { channels: [] } },
      time_intervals: { '07': [{ years: ['2026'], days_of_month: ['05'] }] },
      inhibit_rules: [{ name: '0.50', source_matchers: ['"1.10"="1.10"'], equal: ['1e3'] }],
    });
  });

  test.each(['y', 'Yes', 'on', 'TRUE', 'true'])('continue: %s is true', (written) => {
    expect(routes(`[{ continue: ${written} }]`)).toEqual([{ continue: true }]);
  });
});

describe('<< merges keys as it does for Alertmanager', () => {
  const D = '&d { receiver: b, matchers: [x=y], match: { q: r }, group_by: [k], continue: true }';
  const ALL = {
    receiver: 'b',
    matchers: ['q="r"', 'x="y"'],
    group_by: ['k'],
    continue: true,
  };

  test.each([
    ['{ <<: *d }', ALL],
    ['{ !!merge <<: *d }', ALL],
    ['{ <<: { <<: *d } }', ALL],
    // What comes later counts, whether it is merged or not.
    ['{ <<: *d, receiver: 123 }', { ...ALL, receiver: '123' }],
    ['{ receiver: 123, <<: *d }', ALL],
    ['{ <<: *d, receiver: }', { matchers: ALL.matchers, group_by: ['k'], continue: true }],
    ['{ <<: *d, group_by: [l] }', { ...ALL, group_by: ['l'] }],
    ['{ <<: [{ receiver: 123 }, *d] }', { ...ALL, receiver: '123' }],
    ['{ <<: { receiver: 123 }, <<: *d }', ALL],
    // But matchers are added up.
    ['{ <<: *d, matchers: [z=w] }', { ...ALL, matchers: ['q="r"', 'x="y"', 'z="w"'] }],
    ['{ <<: *d, matchers: [] }', ALL],
    ['{ <<: *d, matchers: }', { ...ALL, matchers: ['q="r"'] }],
    ['{ <<: *d, match: { s: t } }', { ...ALL, matchers: ['q="r"', 's="t"', 'x="y"'] }],
    ['{ match: { s: t }, <<: *d }', { ...ALL, matchers: ['s="t"', 'q="r"', 'x="y"'] }],
    ['{ <<: *d, match: }', { ...ALL, matchers: ['x="y"'] }],
    ['{ match: { <<: { a: b }, c: d } }', { matchers: ['a="b"', 'c="d"'] }],
  ])('%s', (written, expected) => {
    expect(routes(`[${D}, ${written}]`)).toEqual([ALL, expected]);
  });

  test('an inhibit rule keeps its matchers', () => {
    const document = read(`
route: { receiver: a }
inhibit_rules:
- &rule { source_matchers: [x=y], target_matchers: [z=y], equal: [q] }
- { <<: *rule, equal: [r] }`);
    const rule = { source_matchers: ['x="y"'], target_matchers: ['z="y"'] };
    expect(document).toMatchObject({
      inhibit_rules: [
        { ...rule, equal: ['q'] },
        { ...rule, equal: ['r'] },
      ],
    });
  });

  test.each([
    ['{ <<: x }', '1:44: << takes a set of keys, an alias of one, or a list of these'],
    ['{ <<: }', '1:44: << takes a set of keys, an alias of one, or a list of these'],
    ['{ matchers: &m [], routes: [{ <<: *m }] }', '1:72: << takes a set of keys'],
    ['{ match: { q: a, <<: { q: b } } }', '1:65: q is set here and by a merge: write it once'],
    [
      '{ matchers: x=y, <<: { matchers: [] } }',
      '1:65: matchers is text and, by a merge, a list: only one can be right',
    ],
    ['{ <<: { match: { q: a } }, match: { q: b } }', '1:69: q is set here and by a merge'],
  ])('%s is refused, as by Alertmanager', (written, expected) => {
    expect(routes(`[{ x: 1 }, ${written}]`)).toEqual([
      expect.stringContaining(`am.yml:${expected}`),
    ]);
  });

  test('a key in quotes merges nothing', () => {
    const text = `route: { receiver: a, "<<": { receiver: b } }\n${RECEIVERS}`;
    const result = importAlertmanager({ text, file: 'am.yml' });
    expect(result).toMatchObject({
      document: { route: { receiver: 'a' } },
      left: [{ path: 'route.<<', message: 'Belay has no such setting' }],
    });
  });
});

describe('aliases', () => {
  test('stand for what they name, however often', () => {
    const copies = Array.from({ length: 50 }, () => '*r');
    expect(routes(`[&r { matchers: [x=y] }, ${copies.join(', ')}]`)).toHaveLength(51);
  });

  test('of aliases do not make a large file of a small one', () => {
    const lists = Array.from({ length: 10 }, (_, at) =>
      at === 0 ? '&l0 { x: 1 }' : `&l${at} { routes: [${`*l${at - 1}, `.repeat(10)}] }`,
    );
    expect(routes(`[${lists.join(', ')}]`)).toEqual([
      expect.stringContaining('aliases make more than 100000 values of this file'),
    ]);
  });

  test('of aliases do not nest deeper than a file may', () => {
    const nested = Array.from({ length: 3000 }, (_, at) =>
      at === 0 ? '&l0 { x: 1 }' : `&l${at} { routes: [*l${at - 1}] }`,
    );
    expect(routes(`[${nested.join(', ')}]`)).toEqual([
      expect.stringContaining('is nested too deep'),
    ]);
  });

  test('of what they stand in are refused', () => {
    expect(read('route: &r { receiver: a, routes: [*r] }')).toEqual([
      'am.yml:1:35: *r stands within &r itself: write out what is meant here',
    ]);
  });
});
