import { expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import { carriedBytes } from '../../../src/domain/alerting/shard-codec.ts';
import type { Handed, ShardState } from '../../../src/domain/alerting/shard-state.ts';
import { configuration } from './configurations.ts';
import { FAR, MINUTE, START, TIMES, machines } from './machine.ts';

const LIMIT = 100_000;

test('a shard never holds more than it may where many alerts had one text, and have their own now', () => {
  const file = configuration(
    `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [alertname], ${TIMES} }`,
  );
  const world = machines(file, 1, LIMIT);
  const state = (): ShardState | undefined => world.states()[0];
  const send = (summaryOf: (host: number) => string, endsAtMs: number) => {
    const alerts = Array.from({ length: 60 }, (_, host): Handed => {
      const labels = { alertname: 'Down', host: `h${host}` };
      const annotations = { summary: summaryOf(host).padEnd(5000, 'x') };
      const alert = received({ labels, annotations, endsAtMs }, START, MINUTE);
      return { alert, groups: null, stays: [] };
    });
    return world.only(0, { kind: 'alerts', version: 1, alerts }).refused;
  };
  expect(send(() => 'one', FAR)).toEqual([]);
  expect(state()?.alerts.size).toBe(60);
  // Numbers that are none of their labels.
  const refused = send((host) => `${host * 7 + 1000}`, FAR + 1);
  const now = state();
  expect(now === undefined ? Infinity : carriedBytes(now)).toBeLessThanOrEqual(LIMIT);
  expect(refused.length).toBeGreaterThan(30);
  // They fire on with the text that is known, and until the end that is told.
  const held = [...(now?.alerts.values() ?? [])];
  expect(held.map(({ alert }) => alert.endsAtMs)).toEqual(held.map(() => FAR + 1));
  const summaries = held.map(({ alert }) => alert.annotations.summary?.slice(0, 3));
  expect(summaries.filter((one) => one === 'one')).toHaveLength(refused.length);
  expect(now?.refused.length).toBeGreaterThan(5);
});
