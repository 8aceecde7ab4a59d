import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BelayClient, createBelayClient } from '../../src/client/client.ts';
import { scriptPath } from '../../src/dev/children.ts';
import type { AlertStore } from '../../src/domain/alerting/alert-store.ts';
import type { Labels } from '../../src/domain/alerting/labels.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { createAlertStore } from '../../src/providers/alert-store/registry.ts';
import { shardId } from '../../src/workflows/alert-messages.ts';
import { type LocalServer, startHttp } from '../support/local-server.ts';
import { poll } from '../support/poll.ts';
import { QUICK, SERVICE, type TestStack, startTestStack } from '../support/stack.ts';

const ADA = { who: 'ada', why: 'by a test' } as const;
const SOON_MS = 30_000;
const GROUP_WAIT_MS = 1000;
const SHARDS = 4;
const FILE = `
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
  routes:
    - { matchers: [severity="ticket"], on_alert: pause }
    - { matchers: [severity="page"], receiver: on-call, on_alert: rollback, service_label: app }
receivers:
  ops: { channels: [hook] }
  on-call: { policy: night }
`;
const HEARTBEATS = `
heartbeats:
  backup: { within: 3s }
`;
/** A canary that stays at its first step unless somebody moves it on. */
const CANARY = {
  ...{ ...QUICK, strategy: 'canary' },
  steps: [{ weight: '25%', for: '10m' }, { weight: '100%' }],
} as const satisfies Partial<ReleaseDocument>;
const SILENCED = {
  ...CANARY,
  alerts: { silence: ['service="{service}", version="{version}"'] },
} as const satisfies Partial<ReleaseDocument>;

const folder = mkdtempSync(join(tmpdir(), 'belay-alerts-'));
const BELAY_ALERT_STORE = `sqlite:${join(folder, 'last.db')}`;

let hook: LocalServer;
let stack: TestStack;
let store: AlertStore;
let client: BelayClient;

beforeAll(async () => {
  hook = await startHttp((_request, response) => response.end());
  const paging: PagingDocument = {
    channels: { hook: { type: 'webhook', url: `${hook.url}/` }, lines: { type: 'log' } },
    policies: { night: { levels: [{ wait: '1h', targets: [{ channel: 'lines' }] }] } },
    last_resort: ['lines'],
  };
  const file = join(folder, 'paging.json');
  writeFileSync(file, JSON.stringify(paging));
  stack = await startTestStack('embedded', { paging: { file, secrets: { BELAY_ALERT_STORE } } });
  store = createAlertStore(BELAY_ALERT_STORE);
  client = await createBelayClient({
    ...{ address: stack.temporal.address, alertStore: store, alertShards: SHARDS },
  });
  await configure(FILE);
  await stack.begin(QUICK);
});

afterAll(async () => {
  await client?.close();
  await store?.close();
  await stack?.close();
  await hook?.close();
  rmSync(folder, { recursive: true, force: true });
});

const configure = (text: string): Promise<unknown> =>
  client.alerts.configure({ ...ADA, alerting: { text, file: 'alerting.yaml' } });

async function fire(labels: Labels): Promise<void> {
  expect(await client.alerts.post([{ labels }])).toMatchObject({ accepted: 1, refused: [] });
}

/** What the webhook has been told of an alert of this name. */
const pagesOf = (name: string): readonly string[] =>
  hook.received.map(({ body }) => body).filter((body) => body.includes(`"${name}"`));

const paged = (name: string, times: number): Promise<void> =>
  expect.poll(() => pagesOf(name), { timeout: SOON_MS }).toHaveLength(times);

/** Longer than a group waits, so that what has not come by then does not come. */
const settle = (): Promise<void> => pause(2 * GROUP_WAIT_MS);

async function belay(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [scriptPath('../../src/cli/main', import.meta.url), ...args],
    {
      env: {
        ...{ PATH: process.env.PATH, HOME: folder, TEMPORAL_ADDRESS: stack.temporal.address },
        ...environment,
      },
    },
  );
  return stdout;
}

async function atFirstStep(version: string, changes: Partial<ReleaseDocument>): Promise<string> {
  const { workflowId } = await stack.deploy(version, changes);
  await poll(SOON_MS, async () => ((await stack.weights())[version] === 25 ? true : undefined));
  return workflowId;
}

/** An alert about the first instance of a version, as its monitoring would tell it. */
async function fireOfInstance(alertname: string, version: string): Promise<void> {
  const [instance] = await stack.environment.find(SERVICE, version);
  expect(instance).toBeDefined();
  const { host, port } = instance ?? { host: '', port: 0 };
  await fire({ ...{ alertname, service: SERVICE, version }, instance: `${host}:${port}` });
}

test('a firing alert pauses the release of its service, and its page shows which', async () => {
  const workflowId = await atFirstStep('paused', CANARY);
  await fire({ alertname: 'QueueGrows', severity: 'ticket', service: 'another' });
  await fire({ alertname: 'AnswersSlow', severity: 'ticket', service: SERVICE });
  await stack.when(workflowId, ({ waiting }) => waiting?.why === 'paused');
  await paged('AnswersSlow', 1);
  await paged('QueueGrows', 1);
  expect(pagesOf('AnswersSlow')[0]).toContain(workflowId);
  expect(pagesOf('QueueGrows')[0]).not.toContain(workflowId);
  expect(await stack.weights()).toEqual({ v1: 75, paused: 25 });
  await client.abort(SERVICE, ADA);
  expect(await stack.end(workflowId)).toMatchObject({ version: 'paused', outcome: 'aborted' });
});

test('another one is taken back, and the incident of its alert shows it', async () => {
  const workflowId = await atFirstStep('bad', CANARY);
  await fire({ alertname: 'CheckoutDown', severity: 'page', app: SERVICE });
  const { outcome, reason } = await stack.end(workflowId);
  expect({ outcome, reason }).toMatchObject({
    outcome: 'aborted',
    reason: expect.stringContaining('CheckoutDown'),
  });
  expect(await stack.weights()).toEqual({ v1: 100 });
  expect(await stack.serving()).toBe('v1');
  const incident = await poll(SOON_MS, async () => {
    const open = await client.incidents.list();
    return open.find(({ title }) => title.includes('CheckoutDown'));
  });
  const view = await client.incidents.show(incident.id);
  expect(view).toMatchObject({
    ...{ status: 'triggered', policy: 'night', source: 'alerts' },
    labels: { alertname: 'CheckoutDown', release: workflowId },
  });
  expect(view.text).toContain('was rolled back because of this alert');
  const shown = await belay(['incident', 'show', incident.id], {});
  expect(shown).toMatch(/release checkout\/\d+ \(bad, canary\) was rolled back because/);
  expect(shown).toContain('belay silence add alertname=CheckoutDown --for 2h');
});

test('alerts of the candidate page nobody during its release, and do after it', async () => {
  const workflowId = await atFirstStep('v2', SILENCED);
  await fireOfInstance('InstanceWarm', 'v2');
  await fireOfInstance('StableWarm', 'v1');
  await paged('StableWarm', 1);
  await settle();
  expect(pagesOf('InstanceWarm')).toEqual([]);
  await client.promoteFull(SERVICE, ADA);
  expect(await stack.end(workflowId)).toMatchObject({ outcome: 'succeeded' });
  await paged('InstanceWarm', 1);
});

test('a release that was terminated silences nothing any more', async () => {
  const workflowId = await atFirstStep('lost', SILENCED);
  await fireOfInstance('LostWarm', 'lost');
  await settle();
  expect(pagesOf('LostWarm')).toEqual([]);
  await stack.terminate(workflowId);
  await paged('LostWarm', 1);
  await client.untilFree(workflowId);
});

test('a heartbeat that stops is paged, and a beat ends that', async () => {
  await configure(FILE + HEARTBEATS);
  for (let second = 0; second < 4; second += 1) {
    await client.alerts.beat('backup');
    await pause(1000);
  }
  expect(pagesOf('HeartbeatMissing')).toEqual([]);
  // It is ended by the command, with the store and without one.
  for (const [times, environment] of [
    [2, { BELAY_ALERT_STORE }],
    [4, {}],
  ] as const) {
    await paged('HeartbeatMissing', times - 1);
    const fromMs = Date.now();
    expect(await belay(['alert', 'beat', 'backup'], environment)).toContain('taken');
    await paged('HeartbeatMissing', times);
    expect(pagesOf('HeartbeatMissing').at(-1)).toContain('"status":"resolved"');
    const noted = (await store.beatsOf(['backup'])).get('backup') ?? 0;
    expect(noted >= fromMs).toBe('BELAY_ALERT_STORE' in environment);
  }
  await configure(FILE);
});

test('what was accepted is paged by the next worker where one is killed', async () => {
  await fire({ alertname: 'Kept' });
  stack.worker().kill('SIGKILL');
  await stack.worker().exited;
  await settle();
  expect(pagesOf('Kept')).toEqual([]);
  await stack.startWorker();
  await paged('Kept', 1);
  await settle();
  expect(pagesOf('Kept')).toHaveLength(1);
});

test('shards that were terminated begin again with what still fires', async () => {
  await fire({ alertname: 'Fires', host: 'a' });
  await paged('Fires', 1);
  for (let shard = 0; shard < SHARDS; shard += 1) await stack.terminate(shardId(shard));
  await fire({ alertname: 'Fires', host: 'b' });
  // What they had told is lost with them: what fired before is told again, before or with what is new.
  await expect
    .poll(() => pagesOf('Fires').at(-1), { timeout: SOON_MS })
    .toContain('Fires (2 firing)');
  expect(pagesOf('Fires').length).toBeLessThanOrEqual(3);
  // The others begin when somebody next speaks to them.
  await configure(FILE);
  expect(await client.alerts.shards()).toHaveLength(SHARDS);
});

test('and so they do where a new configuration begins them', async () => {
  await fire({ alertname: 'Unheard', host: 'a' });
  await paged('Unheard', 1);
  for (let shard = 0; shard < SHARDS; shard += 1) await stack.terminate(shardId(shard));
  await configure(FILE);
  const told = pagesOf('Unheard').length;
  // As its source does each minute: it says nothing new, but nobody knows of it any more.
  await expect
    .poll(
      async () => {
        await fire({ alertname: 'Unheard', host: 'a' });
        return pagesOf('Unheard').length;
      },
      { timeout: SOON_MS, interval: 1000 },
    )
    .toBeGreaterThan(told);
});
