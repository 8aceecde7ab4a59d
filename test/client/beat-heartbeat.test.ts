import { expect, test } from 'vitest';
import { heartbeatShardOf } from '../../src/domain/alerting/heartbeat.ts';
import { Failure } from '../../src/domain/failure.ts';
import { FILE, SHARDS, configurationOf, startRig } from './alert-rig.ts';

const MINUTE = 60_000;
const SHARD = heartbeatShardOf('prometheus', SHARDS);
const SAID = { shard: SHARD, heartbeat: 'prometheus' };

test('one that comes in time is noted, and enters no history', async () => {
  const rig = startRig();
  await rig.beat('prometheus');
  const first = rig.beats.length;
  rig.world.nowMs += 9 * MINUTE;
  await rig.beat('prometheus');
  expect(rig.beats).toHaveLength(first);
  const noted = await rig.store.beatsOf(['prometheus']);
  expect(noted.get('prometheus')).toBe(rig.world.nowMs);
});

test('of one that comes late the shard is told, which may have missed it', async () => {
  const rig = startRig();
  await rig.beat('prometheus');
  rig.world.nowMs += 10 * MINUTE;
  await rig.beat('prometheus');
  expect(rig.beats).toEqual([SAID, SAID]);
});

test('without a store, or while it is away, the shard is told of every one', async () => {
  const without = startRig({ withStore: false });
  await without.beat('prometheus');
  await without.beat('prometheus');
  expect(without.beats).toEqual([SAID, SAID]);
  const away = startRig();
  away.store.state.isAway = true;
  await away.beat('prometheus');
  await away.beat('prometheus');
  expect(away.beats).toEqual([SAID, SAID]);
});

test('a shard that was ended by hand is begun again for it', async () => {
  const rig = startRig({ withStore: false });
  rig.world.onBeat = async () => {
    throw new Failure('NotFound', 'no such shard runs');
  };
  await rig.beat('prometheus');
  expect(rig.asked.revived).toEqual([SHARD]);
  expect(rig.beats).toEqual([SAID]);
});

test('one that the alerting file has only just got is found', async () => {
  const rig = startRig();
  await rig.beat('prometheus');
  rig.world.configuration = configurationOf(FILE.replace('prometheus:', 'backup:'));
  await rig.beat('backup');
  expect(rig.beats.map(({ heartbeat }) => heartbeat)).toEqual(['prometheus', 'backup']);
});

test('one that the alerting file does not have is not found', async () => {
  const rig = startRig();
  await expect(rig.beat('nobody')).rejects.toMatchObject({ code: 'NotFound' });
  await expect(rig.beat('constructor')).rejects.toMatchObject({ code: 'NotFound' });
  expect(rig.beats).toEqual([]);
});
