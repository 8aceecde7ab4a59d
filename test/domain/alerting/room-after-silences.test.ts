import { expect, test } from 'vitest';
import { roomOf } from '../../../src/domain/alerting/room.ts';
import { bytesHeld } from '../../../src/domain/alerting/shard-codec.ts';
import { configuration } from './configurations.ts';
import { FAR, HOUR, MINUTE, START, TIMES, machines } from './machine.ts';

const LIMIT = 100_000;

test('a shard whose silences are over has room for alerts again', () => {
  const file = configuration(
    `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [alertname], ${TIMES} }`,
  );
  const world = machines(file, 1, LIMIT);
  const silences = Array.from({ length: 40 }, (_, at) => ({
    id: `s${at}`,
    matcherSets: [[{ name: 'alertname', operator: '=' as const, value: `${at}`.padEnd(300, 'x') }]],
    ...{ startsAtMs: START, endsAtMs: START + HOUR, createdBy: 'ada', comment: 'a test' },
    updatedAtMs: START,
  }));
  world.tell(0, { kind: 'silences', silences });
  const room = (): number => world.states().map(roomOf)[0] ?? 0;
  for (let host = 0; room() > 500; host += 1) {
    world.post(file, 1, { alertname: 'Down', host: `${host}` }, FAR);
  }
  world.advance(START + 5 * HOUR + MINUTE);
  const [state] = world.states();
  expect(state?.silences.size).toBe(0);
  // Four fifths of what it may hold are for ingest.
  const free = 0.8 * LIMIT - (state === undefined ? 0 : bytesHeld(state));
  expect(free).toBeGreaterThan(0.15 * LIMIT);
  expect(room()).toBeGreaterThan(0.1 * LIMIT);
});
