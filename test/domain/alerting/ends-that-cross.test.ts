import { expect, test } from 'vitest';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import { shardOf } from '../../../src/domain/alerting/group-key.ts';
import { configuration } from './configurations.ts';
import { crossing } from './crossing.ts';
import { HOUR, MINUTE, SECOND, TIMES } from './machine.ts';

/** Ends that come before what they end, or after it fires anew: none fires on until its own end. */
const by = (labels: string) =>
  configuration(
    `receivers: { r: { channels: [c] } }\nroute: { receiver: r, group_by: [${labels}], ${TIMES} }`,
  );
const [COARSE, FINE] = [by('alertname'), by('alertname, host')];
const LASTS_MS = 6 * HOUR;
/** Of two shards the first owns it by the one file, and the second by the other. */
const MOVES =
  Array.from({ length: 50 }, (_, at) => ({ alertname: `Down${at}`, host: 'h' })).find(
    ({ alertname, host }) =>
      shardOf({ alertname }, 2) === 0 && shardOf({ alertname, host }, 2) === 1,
  ) ?? {};

type Crossing = ReturnType<typeof crossing>;

/** Delivers by senders, each what comes first of its own. */
function deliver(
  world: Crossing,
  ways: readonly (readonly [sender: string, shard: number])[],
): void {
  for (const [sender, shard] of ways) world.passOne(sender, shard);
}

function expectNothingIsLeft(world: Crossing): void {
  world.wait(10 * MINUTE, true);
  expect(world.states().map(({ alerts, groups }) => alerts.size + groups.size)).toEqual([0, 0]);
  expect(world.isTold('channel/c', fingerprint(MOVES))).toBe(false);
}

function begin(): Crossing {
  return crossing(COARSE, 2, () => 0);
}

/** It fires by the configuration that is on its way, and ends by the one before. */
function endedByTheOneBefore(file: typeof FINE): Crossing {
  const world = begin();
  world.reload(file);
  world.post(MOVES, LASTS_MS, false);
  world.wait(1, false);
  world.post(MOVES, 0, true);
  return world;
}

test('what waits for its configuration is ended by an end of the one before', () => {
  const world = endedByTheOneBefore(COARSE);
  deliver(world, [
    ['ingest', 0],
    ['ingest', 0],
    ['coordinator', 0],
  ]);
  expectNothingIsLeft(world);
  expect(world.wasTold('channel/c', fingerprint(MOVES))).toBe(false);
});

test('an end that another shard passes on before the alert has come is found in the store', () => {
  const world = endedByTheOneBefore(FINE);
  deliver(world, [
    ['coordinator', 0],
    ['coordinator', 1],
    ['ingest', 0],
    ['0', 1],
    ['ingest', 1],
  ]);
  expectNothingIsLeft(world);
});

test('an answer from before a reload is none to what is asked because of it', () => {
  const world = begin();
  world.reload(COARSE);
  world.wait(SECOND, true);
  world.post(MOVES, LASTS_MS, false);
  world.passOne('ingest', 0);
  world.reload(FINE);
  world.wait(70 * SECOND, false);
  world.post(MOVES, 0, false);
  deliver(world, [
    // It is paged, and stays there.
    ['activity of 0', 0],
    ['coordinator', 0],
    ['coordinator', 1],
    ['ingest', 1],
    ['0', 1],
    // Two answers.
    ['activity of 0', 0],
    ['activity of 0', 0],
  ]);
  expectNothingIsLeft(world);
});

test('an end from before it fired anew brings it back into no group', () => {
  const world = begin();
  world.post(MOVES, LASTS_MS, false);
  world.passOne('ingest', 0);
  world.reload(FINE);
  world.wait(70 * SECOND, false);
  world.post(MOVES, 0, true);
  world.wait(1, false);
  world.post(MOVES, LASTS_MS, true);
  deliver(world, [
    ['activity of 0', 0],
    ['coordinator', 0],
    ['coordinator', 1],
    ['0', 1],
    ['ingest', 0],
    ['ingest', 0],
    // The end, and that it fires anew.
    ['0', 1],
    ['0', 1],
    ['1', 0],
  ]);
  world.wait(10 * MINUTE, true);
  world.post(MOVES, 0, false);
  expectNothingIsLeft(world);
});
