import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCaller } from '../../src/client/caller.ts';
import { reachShards } from '../../src/client/shards.ts';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { shardId } from '../../src/workflows/alert-messages.ts';
import { type AlertRig, startAlertRig } from '../support/alert-rig.ts';

const FILE = `
receivers: { ops: { channels: [chat] } }
route: { receiver: ops, group_by: [alertname], group_wait: 1s }
`;

let rig: AlertRig;
beforeAll(async () => {
  rig = await startAlertRig({ shards: 1 });
  rig.use({ channels: { chat: { type: 'log' } }, policies: {}, last_resort: ['chat'] });
  await rig.configure(FILE);
});
afterAll(() => rig.close());

test('a shard that was ended by hand has no room, whatever it had, until it is begun again', async () => {
  const { connection } = rig.env;
  const shards = reachShards(
    new Client({ connection, dataConverter }),
    createCaller({ connection, taskQueue: 'belay', address: rig.env.address }),
  );
  const { version } = await shards.room(0);
  await rig.env.client.workflow.getHandle(shardId(0)).terminate('by hand');
  await expect(shards.room(0)).rejects.toMatchObject({ code: 'NotFound' });
  const posted = await rig.post({ labels: { alertname: 'Down' } });
  expect(posted).toEqual({ accepted: 1, news: 1, refused: [] });
  expect(await shards.room(0)).toMatchObject({ version });
});
