import { describe, expect, test } from 'vitest';
import {
  type GroupRef,
  destinationText,
  groupRef,
  shardOf,
} from '../../../src/domain/alerting/group-key.ts';
import { formatLabels } from '../../../src/domain/alerting/labels.ts';
import { groupsFor, routesFor } from '../../../src/domain/alerting/routing.ts';
import { configuration } from './configurations.ts';

const TREE = `
receivers:
  default: { channels: [default] }
  a: { channels: [a] }
  b: { channels: [b], policy: b }
  c: { channels: [c] }
  none: {}
route:
  receiver: default
  group_by: [alertname]
  routes:
    - matchers: [test=~"1|2"]
      receiver: a
      continue: true
      routes:
        - { matchers: [deep="yes"], group_by: ['...'] }
    - { matchers: [test="2"], receiver: b, group_by: [] }
    - { matchers: [test=~"2|3"], receiver: c }
    - { matchers: [test="4"], receiver: none }
`;

const tree = configuration(TREE);

function shown(refs: readonly GroupRef[]): readonly string[] {
  return refs.map(({ destination, labels }) => destinationText(destination) + formatLabels(labels));
}

describe('an alert goes to the first child that matches, and on where that says continue', () => {
  test.each([
    [{ alertname: 'A' }, [0], ['channel/default{alertname="A"}']],
    [{ alertname: 'A', test: '1' }, [1], ['channel/a{alertname="A"}']],
    [
      { alertname: 'A', test: '1', deep: 'yes' },
      [2],
      ['channel/a{alertname="A", deep="yes", test="1"}'],
    ],
    [
      { alertname: 'A', test: '2' },
      [1, 3],
      ['channel/a{alertname="A"}', 'channel/b{}', 'policy/b{}'],
    ],
    [{ alertname: 'A', test: '3' }, [4], ['channel/c{alertname="A"}']],
    [{ alertname: 'A', test: '4' }, [5], []],
    [{ test: '1' }, [1], ['channel/a{}']],
  ])('%j', (labels, routes, groups) => {
    expect(routesFor(tree.routes, labels)).toEqual(routes);
    expect(shown(groupsFor(tree, labels))).toEqual(groups);
  });
});

test('two routes to one place with equal labels make one group', () => {
  const twice = configuration(`
receivers: { ops: { channels: [ops] }, other: { channels: [ops] } }
route:
  receiver: ops
  group_by: [alertname]
  routes: [{ matchers: [a="1"], receiver: other, continue: true }, { matchers: [b="1"] }]
`);
  const groups = groupsFor(twice, { alertname: 'A', a: '1', b: '1' });
  expect(groups).toMatchObject([{ destination: { name: 'ops' }, routes: [1, 2] }]);
});

test('the key of a group stays when the tree around it and its receiver are changed', () => {
  const changed = configuration(`
receivers: { x: { channels: [y] }, renamed: { channels: [a] } }
route:
  receiver: x
  routes:
    - { matchers: [alertname!="", team!="x"], receiver: renamed, group_by: [alertname] }
`);
  const labels = { alertname: 'A', test: '1' };
  expect(groupsFor(changed, labels)[0]?.key).toBe(groupsFor(tree, labels)[0]?.key);
  expect(groupsFor(changed, labels)[0]?.key).toMatch(/^[0-9a-f]{64}$/);
});

test('a group of a channel and one of a policy of the same name are two', () => {
  const keys = (['channel', 'policy'] as const).map(
    (kind) => groupRef({ kind, name: 'x' }, { a: '1' }, [0]).key,
  );
  expect(new Set(keys).size).toBe(2);
});

test('groups are shared out evenly, all destinations of the same labels to one shard', () => {
  const counts = Array.from({ length: 16 }, () => 0);
  for (let at = 0; at < 3200; at += 1) {
    const shard = shardOf({ alertname: `alert ${at}` }, 16);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(140);
  expect(Math.max(...counts)).toBeLessThan(260);
  expect(shardOf({ a: '1', b: '2', c: '' }, 16)).toBe(shardOf({ b: '2', a: '1' }, 16));
});
