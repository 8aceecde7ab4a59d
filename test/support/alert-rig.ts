import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { createPaging } from '../../src/activities/activities.ts';
import { type Clock, systemClock } from '../../src/activities/clock.ts';
import { createFlush } from '../../src/activities/flush-pages.ts';
import { createLastMessages } from '../../src/activities/last-messages.ts';
import { createNap } from '../../src/activities/nap.ts';
import { createPagingReads } from '../../src/activities/paging.ts';
import { createTellIncidents } from '../../src/activities/tell-incidents.ts';
import { createTimeTables } from '../../src/activities/time-tables.ts';
import { createBelayClient } from '../../src/client/client.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';
import type { AlertActivities } from '../../src/domain/alerting/alert-activities.ts';
import type { PostedAlert } from '../../src/domain/alerting/alert.ts';
import type { Ask, Forgetting } from '../../src/domain/alerting/shard-state.ts';
import { readMatchers } from '../../src/domain/alerting/read-matchers.ts';
import { createSqliteAlertStore } from '../../src/providers/alert-store/sqlite.ts';
import { incidentsBy } from '../../src/worker/alerting.ts';
import { type AlertingInput, COORDINATOR_ID } from '../../src/workflows/alert-messages.ts';
import { createMemoryPaging } from './memory-paging.ts';
import { quietRuntime } from './quiet-runtime.ts';
import { addSearchAttributes } from './search-attributes.ts';
import { workflowCode } from './workflow-code.ts';

export type AlertRig = Awaited<ReturnType<typeof startAlertRig>>;

export const BY = { who: 'ada', why: 'by a test' } as const;

/**
 * The real shards, coordinator, client and store on a server whose time is skipped. Every channel
 * is a list that the test reads, and fails when it is told to; no release runs.
 */
export async function startAlertRig({
  shards = 4,
  maxCachedWorkflows = 500,
  eventsMax,
  nap,
}: {
  readonly shards?: number;
  readonly maxCachedWorkflows?: number;
  /** Of a run of a shard, and of the coordinator. */
  readonly eventsMax?: number;
  /** Instead of one that really waits. */
  readonly nap?: AlertActivities['nap'];
} = {}) {
  quietRuntime();
  const env = await startTimeSkippingServer(readDevConfig(process.env), () => undefined);
  await addSearchAttributes(env);
  const memory = createMemoryPaging(env);
  const folder = mkdtempSync(join(tmpdir(), 'belay-alerts-'));
  const store = createSqliteAlertStore(join(folder, 'alerts.db'));
  const taskQueue = 'belay';
  const nowMs = (): Promise<number> => env.currentTimeMs();
  const client = await createBelayClient({
    address: env.address,
    taskQueue,
    alertStore: store,
    alertShards: shards,
  });
  const steered: Parameters<AlertActivities['steerRelease']>[0][] = [];
  const shared = {
    connection: env.nativeConnection,
    dataConverter,
    shutdownForceTime: '2s',
  } as const;
  const code = await workflowCode();
  const { deps } = memory;
  // Only the server knows what time it is there.
  const clockNow = async (): Promise<Clock> => {
    const atMs = await nowMs();
    return { nowMs: () => atMs, pause: systemClock.pause };
  };

  async function start(): Promise<() => Promise<void>> {
    const incidents = incidentsBy(async () => client);
    const workers = await Promise.all([
      Worker.create({
        ...shared,
        ...{ taskQueue, workflowBundle: { code }, maxCachedWorkflows },
        stickyQueueScheduleToStartTimeout: '1s',
        activities: {
          ...createPagingReads(deps),
          ...createTimeTables(),
          nap: nap ?? createNap({ clock: systemClock }).nap,
          askLastMessages: async (asks: readonly Ask[]) =>
            createLastMessages({ store, clock: await clockNow() }).askLastMessages(asks),
          forgetAlerts: async (fingerprints: readonly string[]) =>
            createLastMessages({ store, clock: await clockNow() }).forgetAlerts(fingerprints),
          forgetFiring: async (what: Forgetting) =>
            createLastMessages({ store, clock: await clockNow() }).forgetFiring(what),
        },
      }),
      Worker.create({
        ...shared,
        taskQueue: `${taskQueue}-page`,
        activities: {
          ...createPaging(deps),
          ...createFlush({ ...deps, clock: systemClock }),
          ...createTellIncidents({ clock: deps.clock, incidents }),
          async steerRelease(request: Parameters<AlertActivities['steerRelease']>[0]) {
            steered.push(request);
            return { kind: 'none', why: 'no release runs in this test' } as const;
          },
        },
      }),
    ]);
    const running = Promise.all(workers.map((worker) => worker.run()));
    return async () => {
      for (const worker of workers) worker.shutdown();
      await running;
    };
  }

  if (eventsMax !== undefined) {
    const input: AlertingInput = { schemaVersion: 1, shards, eventsMax };
    await env.client.workflow.start('alerting', {
      ...{ workflowId: COORDINATOR_ID, taskQueue, args: [input] },
    });
  }
  const stop = await start();
  return {
    ...memory,
    env,
    client,
    store,
    steered,
    nowMs,
    configure: (text: string) =>
      client.alerts.configure({ ...BY, alerting: { text, file: 'alerting.yaml' } }),
    post: (...alerts: readonly PostedAlert[]) => client.alerts.post(alerts),
    silence: async (matchers: string, forMs: number) => {
      const read = readMatchers(matchers);
      if (read.kind !== 'valid') throw new Error(read.message);
      const startsAtMs = await nowMs();
      const silence = {
        ...{ id: null, matcherSets: [read.matchers], startsAtMs, endsAtMs: startsAtMs + forMs },
        ...{ createdBy: 'ada', comment: 'by a test' },
      };
      return client.alerts.silence({ ...BY, silence });
    },
    /** Skips this much time. */
    pass: (ms: number): Promise<void> => env.sleep(ms),
    async close(): Promise<void> {
      await client.close();
      await stop();
      await store.close();
      await env.teardown();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
