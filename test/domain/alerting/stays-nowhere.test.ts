import { expect, test } from 'vitest';
import { received } from '../../../src/domain/alerting/alert.ts';
import { carried, restored } from '../../../src/domain/alerting/shard-codec.ts';
import { usableBatch } from '../../../src/domain/alerting/usable-batch.ts';
import { configuration } from './configurations.ts';
import { FAR, MINUTE, SECOND, START, TIMES, machines } from './machine.ts';

const FILE = configuration(`receivers: { c: { channels: [c] } }
route: { receiver: c, group_by: [alertname], ${TIMES} }`);
const alert = received({ labels: { alertname: 'Down' }, endsAtMs: FAR }, START, 5 * MINUTE);
const ref = {
  ...{ key: 'a'.repeat(64), destination: { kind: 'channel', name: 'c' }, labels: {} },
  ...{ isStorm: false, routes: [0] },
};

test('a batch by signal brings no message to a shard that is not there', () => {
  const world = machines(FILE, 1);
  const stays = [{ shard: 999, version: 1, ref }];
  const { version, alerts } = usableBatch({ version: 1, alerts: [{ alert, groups: [], stays }] });
  world.only(0, { kind: 'alerts', version, alerts });
  const sent = [{ alert, groups: null, stays: [] }];
  const { passOn } = world.only(0, { kind: 'alerts', version: 1, alerts: sent });
  expect(passOn.map(({ shard }) => shard)).toEqual([]);
});

test('a group by signal whose key is of other labels is the same in the next run', () => {
  const world = machines(FILE, 1);
  const sent = { version: 1, alerts: [{ alert, groups: [ref], stays: [] }] };
  const { version, alerts } = usableBatch(sent);
  world.only(0, { kind: 'alerts', version, alerts });
  world.clock(START + 20 * SECOND);
  world.only(0, { kind: 'time' });
  const [state] = world.states();
  if (state === undefined) throw new RangeError('there is no shard');
  expect(restored(carried(state), FILE).groups).toEqual(state.groups);
});
