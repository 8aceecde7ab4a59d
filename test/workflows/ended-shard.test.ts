import { Client } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCaller } from '../../src/client/caller.ts';
import { reachShards } from '../../src/client/shards.ts';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { shardOf } from '../../src/domain/alerting/group-key.ts';
import { shardId } from '../../src/workflows/alert-messages.ts';
import { type AlertRig, startAlertRig } from '../support/alert-rig.ts';

const FILE = `
receivers: { ops: { channels: [chat] } }
route: { receiver: ops, group_by: [alertname], group_wait: 1s, storm: { above: 2, within: 1h } }
`;

let rig: AlertRig;
beforeEach(async () => {
  rig = await startAlertRig({ shards: 2 });
  rig.use({ channels: { chat: { type: 'log' } }, policies: {}, last_resort: ['chat'] });
  await rig.configure(FILE);
});
afterEach(() => rig.close());

/** Names of alerts whose groups this shard of the two owns. */
function namesOf(shard: number, count: number): string[] {
  const names = Array.from({ length: 100 }, (_, at) => `Down${at}`);
  return names.filter((alertname) => shardOf({ alertname }, 2) === shard).slice(0, count);
}

test('a shard that was ended by hand has no room, whatever it had, until it is begun again', async () => {
  const { connection } = rig.env;
  const shards = reachShards(
    new Client({ connection, dataConverter }),
    createCaller({ connection, taskQueue: 'belay', address: rig.env.address }),
  );
  const { version } = await shards.room(0);
  await rig.env.client.workflow.getHandle(shardId(0)).terminate('by hand');
  await expect(shards.room(0)).rejects.toMatchObject({ code: 'NotFound' });
  const [alertname = ''] = namesOf(0, 1);
  const posted = await rig.post({ labels: { alertname } });
  expect(posted).toEqual({ accepted: 1, news: 1, refused: [] });
  expect(await shards.room(0)).toMatchObject({ version });
});

test('one that the word of a storm begins again has what fires there told anew', async () => {
  const [alertname = ''] = namesOf(1, 1);
  const fires = { labels: { alertname } };
  expect(await rig.post(fires)).toMatchObject({ news: 1 });
  expect(await rig.post(fires)).toMatchObject({ news: 0 });
  await rig.env.client.workflow.getHandle(shardId(1)).terminate('by hand');
  await rig.post(...namesOf(0, 5).map((name) => ({ labels: { alertname: name } })));
  const news = () => rig.post(fires).then((posted) => posted.news);
  await expect.poll(news, { timeout: 10_000 }).toBe(1);
});
