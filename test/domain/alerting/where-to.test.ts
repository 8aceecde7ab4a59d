import { expect, test } from 'vitest';
import { readAlerting } from '../../../src/domain/alerting/alerting-file.ts';
import { destinationText } from '../../../src/domain/alerting/group-key.ts';
import { whereTo } from '../../../src/domain/alerting/where-to.ts';

const TEXT = `
receivers: { ops: { channels: [ops] }, both: { channels: [ops], policy: p }, none: {} }
heartbeats: { prom: { within: 5m, matchers: [beat="1"] }, other: { within: 5m } }
route:
  receiver: ops
  routes:
    - { matchers: [a="1"], receiver: both, group_wait: 1m, group_interval: 1m, continue: true }
    - { matchers: [a="1"], receiver: ops, group_wait: 10s, repeat_interval: 1h }
    - { matchers: [a="2"], receiver: none }
`;

function asked(labels: Readonly<Record<string, string>>) {
  const read = readAlerting({ text: TEXT, file: 'alerting.yaml' });
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems));
  return whereTo(read.configuration, labels);
}

test('a group to which several routes lead has the shortest times of them', () => {
  const { receivers, groups } = asked({ a: '1' });
  expect(receivers).toEqual(['both', 'ops']);
  const told = groups.map(({ ref, routes, ...times }) => ({
    to: destinationText(ref.destination),
    routes: routes.map(({ path }) => path),
    ...times,
  }));
  expect(told).toEqual([
    {
      to: 'channel/ops',
      routes: ['route.routes.0', 'route.routes.1'],
      ...{ groupWaitMs: 10_000, groupIntervalMs: 60_000, repeatIntervalMs: 3_600_000 },
    },
    {
      to: 'policy/p',
      routes: ['route.routes.0'],
      ...{ groupWaitMs: 60_000, groupIntervalMs: 60_000, repeatIntervalMs: 14_400_000 },
    },
  ]);
});

test('a receiver without channels and policy has no group', () => {
  expect(asked({ a: '2' })).toMatchObject({ receivers: ['none'], groups: [] });
});

test('a signal of a heartbeat goes nowhere', () => {
  const nowhere = { heartbeats: ['prom'], routes: [], receivers: [], groups: [] };
  expect(asked({ a: '1', beat: '1' })).toEqual(nowhere);
});
