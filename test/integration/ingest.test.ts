import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { type BelayClient, createBelayClient } from '../../src/client/client.ts';
import { type Child, scriptPath, startChild } from '../../src/dev/children.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { type RunningTemporal, startTemporal } from '../../src/dev/temporal-server.ts';
import { createAlertStore } from '../../src/providers/alert-store/registry.ts';
import { shardId } from '../../src/workflows/alert-messages.ts';
import { FILE } from '../client/alert-rig.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';

const SHARDS = 2;
const BY = { who: 'ada', why: 'a test' };
const folder = mkdtempSync(join(tmpdir(), 'belay-ingest-'));
const BELAY_ALERT_STORE = `sqlite:${join(folder, 'last.db')}`;

let temporal: RunningTemporal;
let client: BelayClient;
let raw: Client;
let ingest: { readonly child: Child; readonly url: string };
let endWorker: () => Promise<void>;

beforeAll(async () => {
  quietRuntime();
  temporal = await startTemporal(readDevConfig(process.env), {}, () => undefined);
  client = await createBelayClient({ address: temporal.address, alertShards: SHARDS });
  raw = new Client({
    connection: await Connection.connect({ address: temporal.address }),
    dataConverter,
  });
  endWorker = await startWorker();
  ingest = await startIngest();
}, 240_000);
afterAll(async () => {
  await ingest?.child.stop();
  await endWorker?.();
  await client?.close();
  await raw?.connection.close();
  await temporal?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startWorker(): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address: temporal.address });
  const workflowsPath = fileURLToPath(new URL('../support/alert-workflows.ts', import.meta.url));
  const worker = await Worker.create({
    connection,
    dataConverter,
    taskQueue: 'belay',
    workflowsPath,
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
    await connection.close();
  };
}

async function startIngest() {
  const child = await startChild({
    command: process.execPath,
    args: [scriptPath('../../src/cli/main', import.meta.url), 'ingest'],
    env: {
      ...{ PATH: process.env.PATH, HOME: folder, TEMPORAL_ADDRESS: temporal.address },
      ...{ BELAY_INGEST_ADDRESS: '127.0.0.1:0', BELAY_ALERT_STORE },
    },
    log: join(folder, 'ingest.log'),
    ready: (line) => line.includes('"ingest":"ready"'),
  });
  const { url }: { url: string } = JSON.parse(child.said);
  return { child, url };
}

async function post(...names: readonly string[]) {
  const answer = await fetch(`${ingest.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(names.map((alertname) => ({ labels: { alertname } }))),
  });
  return { status: answer.status, text: await answer.text() };
}

/** How many alerts all shards were ever sent. */
async function sent(): Promise<number> {
  const shards = await client.alerts.shards();
  return shards.reduce((sum, { alerts }) => sum + alerts, 0);
}

test('nothing is taken before there is a configuration, and the answer says what to do', async () => {
  expect(await post('Down')).toMatchObject({
    ...{ status: 503, text: expect.stringContaining('belay alerting apply') },
  });
  await expect(client.alerts.show()).rejects.toMatchObject({ code: 'AlertingNotConfigured' });
});

test('a file that is wrong begins nothing', async () => {
  const alerting = {
    text: 'route: { receiver: nobody, continue: true }\nreceivers: {}\n',
    file: 'a.yaml',
  };
  await expect(client.alerts.configure({ ...BY, alerting })).rejects.toMatchObject({
    code: 'AlertingFileInvalid',
    message: expect.stringMatching(/a\.yaml:\d+:\d+.*\n.*a\.yaml/s),
  });
  await expect(client.alerts.show()).rejects.toMatchObject({ code: 'AlertingNotConfigured' });
});

test('the first configuration begins the coordinator and the shards; a repeat is the same', async () => {
  const request = { ...BY, requestId: 'first', alerting: { text: FILE, file: 'a.yaml' } };
  expect(await client.alerts.configure(request)).toEqual({ version: 1 });
  expect(await client.alerts.configure(request)).toEqual({ version: 1 });
  expect(await client.alerts.show()).toMatchObject({ shards: SHARDS, version: 1 });
  expect(await fetch(`${ingest.url}/-/ready`)).toMatchObject({ status: 200 });
});

test('an alert is in a workflow when it is answered, and its repeat adds nothing', async () => {
  expect(await post('Down', 'Slow')).toEqual({ status: 200, text: '' });
  expect(await sent()).toBe(2);
  expect(await post('Down', 'Slow')).toMatchObject({ status: 200 });
  expect(await sent()).toBe(2);
});

test('after a kill of the process nothing that was kept is sent again', async () => {
  ingest.child.kill('SIGKILL');
  await ingest.child.exited;
  ingest = await startIngest();
  expect(await post('Down', 'Slow')).toMatchObject({ status: 200 });
  expect(await sent()).toBe(2);
});

test('of a process that died before it could note it, the repeat is sent again', async () => {
  const store = createAlertStore(BELAY_ALERT_STORE);
  const dying = await createBelayClient({
    address: temporal.address,
    alertStore: {
      ...store,
      delivered: () => Promise.reject(new Error('the process is gone')),
    },
  });
  await expect(dying.alerts.post([{ labels: { alertname: 'Dying' } }])).rejects.toThrow('is gone');
  expect(await sent()).toBe(3);
  expect(await post('Dying')).toMatchObject({ status: 200 });
  expect(await sent()).toBe(4);
  expect(await post('Dying')).toMatchObject({ status: 200 });
  expect(await sent()).toBe(4);
  await dying.close();
  await store.close();
});

test('a silence goes its way by HTTP', async () => {
  const body = {
    matchers: [{ name: 'alertname', value: 'Down', isRegex: false, isEqual: true }],
    ...{ startsAt: '2026-01-01T00:00:00Z', endsAt: '2099-01-01T00:00:00Z' },
    ...{ createdBy: 'ada', comment: 'I look at it' },
  };
  const made = await fetch(`${ingest.url}/api/v2/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { silenceID }: { silenceID: string } = JSON.parse(await made.text());
  expect((await client.alerts.show()).silences).toMatchObject([{ id: silenceID }]);
  const ended = await client.alerts.expire(silenceID, BY);
  expect(ended.endsAtMs).toBeLessThanOrEqual(Date.now());
});

test('shards that were ended by hand are begun again, and told what fires', async () => {
  for (let shard = 0; shard < SHARDS; shard += 1) {
    await raw.workflow.getHandle(shardId(shard)).terminate('by hand');
  }
  expect(await post('ClusterDown')).toMatchObject({ status: 200 });
  // Down, Slow and Dying, and the new one to both.
  expect(await sent()).toBe(3 + SHARDS);
});

test('without a worker alerts are kept as long as there was room for them', async () => {
  await post('Warm0', 'Warm1', 'Warm2', 'Warm3');
  await endWorker();
  expect(await post('Late0', 'Late1')).toMatchObject({ status: 200 });
  endWorker = await startWorker();
  expect(await sent()).toBe(3 + SHARDS + 6);
});
