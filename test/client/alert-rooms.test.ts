import { expect, test } from 'vitest';
import { ownersOf } from '../../src/domain/alerting/owners.ts';
import { FILE, SHARDS, alert, configurationOf, startRig } from './alert-rig.ts';

const ownerOf = (name: string): number =>
  ownersOf(configurationOf(FILE), { alertname: name }, SHARDS)[0] ?? -1;
const names = Array.from({ length: 100 }, (_, at) => `Alert${at}`);
const own = names.filter((name) => ownerOf(name) === 0);
const [A = '', B = '', C = ''] = own;
const other = names.find((name) => ownerOf(name) === 1) ?? '';

test('alerts of a full shard are refused, the others go on', async () => {
  const rig = startRig();
  rig.world.room = (shard) => ({ version: 1, bytesLeft: shard === 0 ? 100 : 1_000_000 });
  const posted = await rig.post([alert(A), alert(other)]);
  expect(posted).toMatchObject({ accepted: 1, news: 1 });
  expect(posted.refused).toEqual([
    { at: 0, code: 'AlertingFull', why: expect.stringContaining('shard 0 has no room') },
  ]);
  expect(rig.names()).toEqual([other]);
});

test('what was refused is news when it comes again and there is room', async () => {
  const rig = startRig();
  rig.world.room = () => ({ version: 1, bytesLeft: 100 });
  expect(await rig.post([alert(A)])).toMatchObject({ accepted: 0 });
  rig.world.room = () => ({ version: 1, bytesLeft: 100_000 });
  expect(await rig.post([alert(A)])).toMatchObject({ accepted: 1, news: 1 });
});

test('the end of an alert needs no room', async () => {
  const rig = startRig();
  await rig.post([alert(A)]);
  rig.world.room = () => ({ version: 1, bytesLeft: 0 });
  rig.world.nowMs += 20_000;
  const ended = alert(A, { endsAtMs: rig.world.nowMs });
  expect(await rig.post([ended])).toEqual({ accepted: 1, news: 1, refused: [] });
});

test('a shard is asked every 10 s, and once more when that would not suffice', async () => {
  const rig = startRig();
  rig.world.room = () => ({ version: 1, bytesLeft: 1500 });
  await rig.post([alert(A)]);
  expect(rig.asked.rooms).toEqual([0]);
  await rig.post([alert(B)]);
  expect(rig.asked.rooms).toEqual([0]);
  expect(await rig.post([alert(C)])).toMatchObject({ accepted: 1 });
  expect(rig.asked.rooms).toEqual([0, 0]);
  rig.world.nowMs += 10_000;
  await rig.post([alert(own[3] ?? '')]);
  expect(rig.asked.rooms).toEqual([0, 0, 0]);
});

test('one that takes less than it was sent is sent a batch of any size, piece by piece', async () => {
  const rig = startRig();
  let used = 0;
  rig.world.onSignal = async (_shard, { alerts }) => {
    used += alerts.length * 100;
  };
  rig.world.room = () => ({ version: 1, bytesLeft: 100_000 - used });
  const many = Array.from({ length: 500 }, (_, at) => ({
    labels: { alertname: A, instance: `i${at}` },
  }));
  expect(await rig.post(many)).toEqual({ accepted: 500, news: 500, refused: [] });
  const order = rig.sent.flatMap(({ batch }) =>
    batch.alerts.map((one) => one.alert.labels.instance),
  );
  expect(order).toEqual(many.map(({ labels }) => labels.instance));
  expect(rig.sent.length).toBeGreaterThan(2);
});

test('without workers signals go on as long as the last answer suffices', async () => {
  const rig = startRig();
  rig.world.room = () => ({ version: 1, bytesLeft: 1500 });
  await rig.post([alert(A)]);
  rig.world.hasWorkers = false;
  rig.world.nowMs += 60_000;
  expect(await rig.post([alert(B)])).toMatchObject({ accepted: 1 });
  const refused = await rig.post([alert(C)]);
  expect(refused).toMatchObject({ accepted: 0, refused: [{ at: 0, code: 'AlertingFull' }] });
  expect(rig.names()).toEqual([A, B]);
});

test('a shard that has never answered is sent nothing that needs room', async () => {
  const rig = startRig();
  await rig.post([alert(other)]);
  rig.world.hasWorkers = false;
  expect((await rig.post([alert(A)])).refused).toEqual([
    { at: 0, code: 'AlertingFull', why: expect.stringContaining('nobody says how much room') },
  ]);
});

test('where nobody answers, nobody is asked for the next five seconds', async () => {
  const rig = startRig();
  await rig.post([alert(other)]);
  rig.world.hasWorkers = false;
  await rig.post([alert(A)]);
  const before = rig.asked.rooms.length;
  await rig.post([alert(A)]);
  expect(rig.asked.rooms).toHaveLength(before);
  rig.world.nowMs += 5000;
  rig.world.hasWorkers = true;
  expect(await rig.post([alert(A)])).toMatchObject({ accepted: 1 });
});

test('posts at the same time never send more than there was room for', async () => {
  const rig = startRig();
  let given = 0;
  rig.world.room = () => ({ version: 1, bytesLeft: 5000 - given });
  rig.world.onSignal = async (_shard, { alerts }) => {
    given += JSON.stringify(alerts).length;
    await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const posted = await Promise.all(own.map((name) => rig.post([alert(name)])));
  const accepted = posted.reduce((sum, one) => sum + one.accepted, 0);
  expect(accepted).toBeGreaterThan(5);
  expect(accepted).toBeLessThan(own.length);
  expect(given).toBeLessThanOrEqual(5000);
});

test('one that can inhibit others needs room everywhere', async () => {
  const rig = startRig();
  rig.world.room = (shard) => ({ version: 1, bytesLeft: shard === 3 ? 10 : 1_000_000 });
  expect(await rig.post([alert('ClusterDown')])).toMatchObject({
    accepted: 0,
    refused: [{ code: 'AlertingFull', why: expect.stringContaining('shard 3') }],
  });
  expect(rig.sent).toEqual([]);
});
