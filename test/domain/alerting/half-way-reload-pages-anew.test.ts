import { describe, expect, test } from 'vitest';
import { shardOf } from '../../../src/domain/alerting/group-key.ts';
import { groupsFor } from '../../../src/domain/alerting/routing.ts';
import { configuration } from './configurations.ts';
import { FAR, HOUR, MINUTE, START, TIMES, machines } from './machine.ts';

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

describe.each([
  ['one that inhibits others', byInhibition],
  ['one that goes to two channels', byTwoRoutes],
])('a message while a reload is half-way, of %s', (_what, by) => {
  test('pages nothing anew', () => {
    const [before, after] = [by('alertname'), by('alertname, host')];
    for (let at = 0; at < 10; at += 1) {
      const labels = { alertname: `Down${at}`, host: 'h' };
      const world = machines(before, SHARDS);
      world.post(before, 1, labels, FAR);
      world.advance(START + 5 * MINUTE);
      const next = shardOf(groupsFor(after, labels)[0]?.labels ?? {}, SHARDS);
      // The shard to which the group belongs by the new configuration hears of it first.
      world.tell(next, { kind: 'configuration', version: 2, configuration: after });
      world.post(before, 1, labels, FAR, { summary: 'other words' });
      world.advance(START + 5 * MINUTE + 500);
      world.configure(2, after);
      world.advance(START + HOUR);
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
    const owner = shardOf(groupsFor(after, labels)[0]?.labels ?? {}, SHARDS);
    world.tell(owner, { kind: 'configuration', version: 3, configuration: after });
    world.post(after, 2, labels, FAR, { summary: 'other words' });
    world.advance(START + 10 * MINUTE + 500);
    world.configure(3, after);
    world.advance(START + HOUR);
    expect(world.pages).toEqual(['10s channel/c first_page']);
  }
});
