import { expect, test } from 'vitest';
import { fingerprint } from '../../src/domain/alerting/fingerprint.ts';
import { ownersOf } from '../../src/domain/alerting/owners.ts';
import { FILE, SHARDS, alert, configurationOf, startRig } from './alert-rig.ts';

const nameOf = (shard: number): string =>
  Array.from({ length: 60 }, (_, at) => `Alert${at}`).find((name) =>
    ownersOf(configurationOf(FILE), { alertname: name }, SHARDS).includes(shard),
  ) ?? '';

test('what a shard has refused before its delivery is noted is news when it comes again', async () => {
  const rig = startRig();
  const [full, slow] = [nameOf(0), nameOf(1)];
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  rig.world.onSignal = async (shard) => {
    if (shard === 1) await held;
  };
  const posting = rig.post([alert(full), alert(slow)]);
  await expect.poll(() => rig.sentTo(0)).toEqual([full]);
  // What a shard does that has no room, while the batch still waits for another one.
  await rig.store.forget([fingerprint({ alertname: full })], rig.world.nowMs);
  go();
  expect(await posting).toMatchObject({ accepted: 2 });
  rig.world.nowMs += 60_000;
  expect(await rig.post([alert(full)])).toMatchObject({ news: 1 });
});
