import { expect, test } from 'vitest';
import { ownersOf } from '../../src/domain/alerting/owners.ts';
import { Failure } from '../../src/domain/failure.ts';
import { FILE, SHARDS, alert, configurationOf, startRig } from './alert-rig.ts';

const nameOf = (shard: number): string =>
  Array.from({ length: 60 }, (_, at) => `Alert${at}`).find((one) =>
    ownersOf(configurationOf(FILE), { alertname: one }, SHARDS).includes(shard),
  ) ?? '';
const name = nameOf(0);

test('a shard that was ended, and deleted since, is begun again by whoever posts', async () => {
  const rig = startRig();
  const isThere = (): boolean => rig.asked.revived.includes(0);
  const gone = new Failure('NotFound', 'alerts/0 is not known to Belay');
  rig.world.room = (shard) => {
    if (shard === 0 && !isThere()) throw gone;
    return { version: 1, bytesLeft: 1_000_000 };
  };
  rig.world.onSignal = async (shard) => {
    if (shard === 0 && !isThere()) throw gone;
  };
  for (let minute = 0; minute < 10; minute += 1) {
    await rig.post([alert(name)]);
    rig.world.nowMs += 60_000;
  }
  expect(rig.asked.revived).toEqual([0]);
  expect(rig.names()).toContain(name);
});

test('others that were gone and are begun with it are told all that fires, too', async () => {
  const rig = startRig();
  const [second, third] = [nameOf(1), nameOf(2)];
  await rig.post([alert(second), alert(third)]);
  rig.world.nowMs += 20_000;
  rig.world.gone = () => [0, 1];
  rig.world.onSignal = async () => {
    throw new Failure('NotFound', 'alerts/0 is not known to Belay');
  };
  await rig.post([alert(name)]);
  expect([0, 1, 2].map((shard) => rig.sentTo(shard))).toEqual([[name], [second, second], [third]]);
  rig.world.nowMs += 20_000;
  // Whoever has begun them may have ended before they were told.
  expect(await rig.post([alert(second), alert(third)])).toMatchObject({ news: 1 });
});
