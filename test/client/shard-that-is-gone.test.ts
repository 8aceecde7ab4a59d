import { expect, test } from 'vitest';
import { ownersOf } from '../../src/domain/alerting/owners.ts';
import { Failure } from '../../src/domain/failure.ts';
import { FILE, SHARDS, alert, configurationOf, startRig } from './alert-rig.ts';

const name =
  Array.from({ length: 60 }, (_, at) => `Alert${at}`).find((one) =>
    ownersOf(configurationOf(FILE), { alertname: one }, SHARDS).includes(0),
  ) ?? '';

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
