import { describe, expect, test } from 'vitest';
import type { Configuration } from '../../../src/domain/alerting/alerting-file.ts';
import { shardOf } from '../../../src/domain/alerting/group-key.ts';
import type { Labels } from '../../../src/domain/alerting/labels.ts';
import { groupsFor } from '../../../src/domain/alerting/routing.ts';
import { configuration } from './configurations.ts';
import { FAR, HOUR, MINUTE, type Machines, START, TIMES, machines } from './machine.ts';

const SHARDS = 16;
const byInhibition = (by: string) =>
  configuration(`receivers: { r: { channels: [c] } }
route: { receiver: r, group_by: [${by}], ${TIMES} }
inhibit_rules: [{ source_matchers: [alertname=~"Down.*"], target_matchers: [severity=info] }]`);
const byTwoRoutes = (by: string) =>
  configuration(`receivers: { r: { channels: [c] }, d: { channels: [d] } }
route:
  receiver: r
  routes:
    - { receiver: r, group_by: [${by}], ${TIMES}, continue: true }
    - { receiver: d, group_by: [alertname, host], ${TIMES} }`);

/** A message by the configuration before comes while one shard has heard of `version` alone. */
function reloadHalfWay(
  world: Machines,
  labels: Labels,
  [before, after]: readonly [Configuration, Configuration],
  version: number,
  nowMs: number,
): void {
  const owner = shardOf(groupsFor(after, labels)[0]?.labels ?? {}, SHARDS);
  // The shard to which the group belongs by the new configuration hears of it first.
  world.tell(owner, { kind: 'configuration', version, configuration: after });
  world.post(before, version - 1, labels, FAR, { summary: 'other words' });
  world.advance(nowMs + 500);
  world.configure(version, after);
  world.advance(START + HOUR);
}

describe.each([
  ['one that inhibits others', byInhibition],
  ['one that goes to two channels', byTwoRoutes],
])('a message while a reload is half-way, of %s', (_what, by) => {
  test('pages nothing anew', () => {
    const [before, after] = [by('alertname'), by('alertname, host')] as const;
    for (let at = 0; at < 10; at += 1) {
      const labels = { alertname: `Down${at}`, host: 'h' };
      const world = machines(before, SHARDS);
      world.post(before, 1, labels, FAR);
      world.advance(START + 5 * MINUTE);
      reloadHalfWay(world, labels, [before, after], 2, START + 5 * MINUTE);
      expect(world.pages.filter((page) => page.includes('channel/c'))).toEqual([
        '10s channel/c first_page',
      ]);
    }
  });
});

test('nor does one about what has stayed in its group since a reload before, though the file is the same', () => {
  const by = (labels: string) =>
    configuration(
      `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [${labels}], ${TIMES} }`,
    );
  const [before, after] = [by('alertname'), by('alertname, host')];
  for (let at = 0; at < 10; at += 1) {
    const labels = { alertname: `Down${at}`, host: 'h' };
    const world = machines(before, SHARDS);
    world.post(before, 1, labels, FAR);
    world.advance(START + 5 * MINUTE);
    world.configure(2, after);
    world.advance(START + 10 * MINUTE);
    reloadHalfWay(world, labels, [after, after], 3, START + 10 * MINUTE);
    expect(world.pages).toEqual(['10s channel/c first_page']);
  }
});
