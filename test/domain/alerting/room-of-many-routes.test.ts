import { expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import { bytesHeld, carriedBytes } from '../../../src/domain/alerting/shard-codec.ts';
import { roomOf } from '../../../src/domain/alerting/room.ts';
import { shareOut } from '../../../src/domain/alerting/share-out.ts';
import { configuration } from './configurations.ts';
import { FAR, MINUTE, START, machines } from './machine.ts';

const LIMIT = 100_000;

const ROUTES = Array.from(
  { length: 1000 },
  (_, at) => `    - { matchers: [half="${at % 2}"], receiver: r, continue: true }`,
).join('\n');
const FILE = configuration(
  `receivers: { r: { channels: [c] } }\nroute:\n  receiver: r\n  group_wait: 10s\n  routes:\n${ROUTES}`,
);

function alertOf(at: number) {
  return received({ labels: { half: `${at % 2}`, host: `${at}` }, endsAtMs: FAR }, START, MINUTE);
}

test('a shard never holds more than it may, whatever number of routes lead to a group', () => {
  const world = machines(FILE, 1, LIMIT);
  const alerts = Array.from({ length: 300 }, (_, at) => ({
    ...{ alert: alertOf(at), groups: null, stays: [] },
  }));
  world.tell(0, { kind: 'alerts', version: 1, alerts });
  const [state] = world.states();
  expect(state === undefined ? 0 : carriedBytes(state)).toBeLessThanOrEqual(LIMIT);
});

test('and ingest sends none that it refuses, as it reckons with them', () => {
  const world = machines(FILE, 1, LIMIT);
  // All that there is room for by what the shard has said once goes at once.
  for (let at = 0, isFull = false; !isFull;) {
    let [left] = world.states().map(roomOf);
    const sent = [];
    for (; left !== undefined; at += 1) {
      const { handed, bytes } = shareOut(FILE, 1, alertOf(at), START);
      if (bytes > left) break;
      left -= bytes;
      sent.push(handed);
    }
    isFull = sent.length === 0;
    expect(world.only(0, { kind: 'alerts', version: 1, alerts: sent }).refused).toEqual([]);
    const [state] = world.states();
    expect(state === undefined ? Infinity : bytesHeld(state)).toBeLessThanOrEqual(0.8 * LIMIT);
  }
  expect(world.states()[0]?.alerts.size).toBeGreaterThan(30);
});
