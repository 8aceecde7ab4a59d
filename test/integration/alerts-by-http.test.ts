import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Child, scriptPath, startChild } from '../../src/dev/children.ts';
import { createBelayClient } from '../../src/client/client.ts';
import { createAlertStore } from '../../src/providers/alert-store/registry.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';
import { type PagingStack, startPagingStack } from '../support/paging-stack.ts';

const GROUP_WAIT_MS = 1000;
const FILE = `
route: { receiver: ops, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h }
receivers:
  ops: { channels: [hook] }
`;

let hook: LocalServer;
let stack: PagingStack;
let worker: Child;
let ingest: { readonly child: Child; readonly url: string };
const folder = mkdtempSync(join(tmpdir(), 'belay-by-http-'));
const alertStore = `sqlite:${join(folder, 'last.db')}`;

beforeAll(async () => {
  hook = await startHttp((_request, response) => response.end());
  stack = await startPagingStack(
    {
      people: {},
      channels: { hook: { type: 'webhook', url: `${hook.url}/` }, siren: { type: 'log' } },
      policies: { none: { levels: [{ wait: '1h', targets: [{ channel: 'siren' }] }] } },
      last_resort: ['siren'],
    },
    { BELAY_ALERT_STORE: alertStore },
  );
  worker = await stack.startWorker();
  ingest = await startIngest();
  await stack.client.alerts.configure({
    ...{ who: 'ada', why: 'a test', alerting: { text: FILE, file: 'alerting.yaml' } },
  });
}, 240_000);
afterAll(async () => {
  await ingest?.child.stop();
  await worker?.stop();
  await stack?.close();
  await hook?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startIngest() {
  const child = await startChild({
    command: process.execPath,
    args: [scriptPath('../../src/cli/main', import.meta.url), 'ingest'],
    env: {
      ...{ PATH: process.env.PATH, HOME: stack.folder },
      ...{ TEMPORAL_ADDRESS: stack.temporal.address, BELAY_ALERT_STORE: alertStore },
      BELAY_INGEST_ADDRESS: '127.0.0.1:0',
    },
    log: `${stack.folder}/ingest.log`,
    ready: (line) => line.includes('"ingest":"ready"'),
  });
  const { url }: { url: string } = JSON.parse(child.said);
  return { child, url };
}

async function post(alert: object): Promise<number> {
  const answer = await fetch(`${ingest.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([alert]),
  });
  return answer.status;
}

const pagesOf = (name: string): number =>
  hook.received.filter(({ body }) => body.includes(name)).length;
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 3 * GROUP_WAIT_MS);
  });

test('an alert that is posted pages once, however often it is sent again', async () => {
  const alert = { labels: { alertname: 'AlertOne' } };
  expect(await post(alert)).toBe(200);
  await expect.poll(() => pagesOf('AlertOne')).toBe(1);
  for (let times = 0; times < 5; times += 1) expect(await post(alert)).toBe(200);
  await settle();
  expect(pagesOf('AlertOne')).toBe(1);
});

test('after a kill between the signal and its note, the repeat does not page twice', async () => {
  const labels = { alertname: 'AlertTwo' };
  const store = createAlertStore(alertStore);
  const dying = await createBelayClient({
    address: stack.temporal.address,
    alertStore: { ...store, delivered: () => Promise.reject(new Error('the process is gone')) },
  });
  await expect(dying.alerts.post([{ labels }])).rejects.toThrow('is gone');
  await dying.close();
  await store.close();
  ingest.child.kill('SIGKILL');
  await ingest.child.exited;
  ingest = await startIngest();
  expect(await post({ labels })).toBe(200);
  await expect.poll(() => pagesOf('AlertTwo')).toBe(1);
  await settle();
  expect(pagesOf('AlertTwo')).toBe(1);
});

test('its end is told, and Alertmanager lists it no more', async () => {
  const list = async (): Promise<string> => (await fetch(`${ingest.url}/api/v2/alerts`)).text();
  expect(await list()).toContain('AlertTwo');
  const endsAt = new Date().toISOString();
  expect(await post({ labels: { alertname: 'AlertTwo' }, endsAt })).toBe(200);
  await expect.poll(() => pagesOf('AlertTwo')).toBe(2);
  expect(await list()).not.toContain('AlertTwo');
});

test('a silenced alert pages nobody until the silence is ended by HTTP', async () => {
  const body = {
    matchers: [{ name: 'alertname', value: 'AlertThree', isRegex: false, isEqual: true }],
    startsAt: new Date().toISOString(),
    ...{ endsAt: '2099-01-01T00:00:00Z', createdBy: 'ada', comment: 'I look at it' },
  };
  const made = await fetch(`${ingest.url}/api/v2/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { silenceID }: { silenceID: string } = JSON.parse(await made.text());
  expect(await post({ labels: { alertname: 'AlertThree' } })).toBe(200);
  await settle();
  expect(pagesOf('AlertThree')).toBe(0);
  const ended = await fetch(`${ingest.url}/api/v2/silence/${silenceID}`, { method: 'DELETE' });
  expect(ended.status).toBe(200);
  await expect.poll(() => pagesOf('AlertThree')).toBe(1);
});
