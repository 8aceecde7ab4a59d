import {
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
  makeTelemetryFilterString,
} from '@temporalio/worker';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { createActivities, createPaging, createWatching } from '../activities/activities.ts';
import type { ActivityDeps } from '../activities/deps.ts';
import { createPagingReads } from '../activities/paging.ts';
import type { PagingDeps } from '../activities/paging-deps.ts';
import { dataConverter } from '../codec/data-converter.ts';
import { PAGE_QUEUE_SUFFIX, WATCH_QUEUE_SUFFIX } from '../workflows/queues.ts';
import type { AlertingActivities } from './alerting.ts';
import type { WorkerConfig } from './config.ts';
import { registerSearchAttributes } from './register-search-attributes.ts';
import { WORKFLOWS_PATH, WORKFLOW_INTERCEPTORS, bundledAsWritten } from './workflow-files.ts';

/** However often an activity beats, the server hears of it at most once in this time. */
export const HEARTBEAT_THROTTLE_MS = 2000;

export interface RunningWorkers {
  /** Settles when all workers have stopped; rejects when one of them failed. */
  readonly done: Promise<void>;
  stop(): void;
}

/** Installs telemetry; once in a process, before the first connection. */
export function installTelemetry(metricsAddress: string | undefined): void {
  Runtime.install({
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} },
      ...(metricsAddress === undefined
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metricsAddress,
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
              },
            },
          }),
    },
  });
}

/**
 * Starts the three workers of Belay: one that moves the world, and two with slots of their own, one
 * that watches it and one that pages people, so that none of these ever queues behind another.
 */
export async function startWorkers(
  config: WorkerConfig,
  deps: ActivityDeps,
  pagingDeps: PagingDeps,
  alerting: AlertingActivities,
): Promise<RunningWorkers> {
  const connect = loadClientConnectConfig();
  const connection = await NativeConnection.connect(connect.connectionOptions);
  const namespace = connect.namespace ?? 'default';
  await registerSearchAttributes(connection, namespace);
  const shared = {
    connection,
    namespace,
    dataConverter,
    ...(config.identity === undefined ? {} : { identity: config.identity }),
    // Without a force time a hanging activity would keep a failed worker from ever ending.
    shutdownGraceTime: '5s',
    shutdownForceTime: '15s',
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
  } satisfies Partial<WorkerOptions>;
  const main = await Worker.create({
    ...shared,
    ...workflowSource(config),
    taskQueue: config.taskQueue,
    // An incident's own look-ups are local activities: they run where its workflow does.
    activities: {
      ...createActivities(deps),
      ...createPagingReads(pagingDeps),
      ...alerting.reads,
    },
    maxCachedWorkflows: config.maxCachedWorkflows,
    // After a kill, work goes on with another worker in 1 s instead of 10 s.
    stickyQueueScheduleToStartTimeout: '1s',
    maxConcurrentActivityTaskExecutions: 100,
    maxConcurrentWorkflowTaskExecutions: 40,
  });
  const watching = await Worker.create({
    ...shared,
    taskQueue: `${config.taskQueue}${WATCH_QUEUE_SUFFIX}`,
    activities: createWatching(deps),
    // A watch mostly waits: its slots bound memory, not processor time.
    maxConcurrentActivityTaskExecutions: 500,
  });
  const paging = await Worker.create({
    ...shared,
    taskQueue: `${config.taskQueue}${PAGE_QUEUE_SUFFIX}`,
    activities: { ...createPaging(pagingDeps), ...alerting.sends },
    // A page is one call of at most 10 s; one whose channel asks to wait holds no slot.
    maxConcurrentActivityTaskExecutions: 200,
  });
  const all = [main, watching, paging];
  const done = Promise.all(all.map((worker) => worker.run()))
    .then(() => undefined)
    .finally(() => Promise.all([connection.close(), alerting.close()]));
  return {
    done,
    stop() {
      for (const worker of all) {
        if (worker.getState() === 'RUNNING') worker.shutdown();
      }
    },
  };
}

function workflowSource(config: WorkerConfig) {
  if (config.workflowBundle !== undefined) {
    return { workflowBundle: { codePath: config.workflowBundle } };
  }
  return {
    workflowsPath: WORKFLOWS_PATH,
    interceptors: { workflowModules: WORKFLOW_INTERCEPTORS },
    bundlerOptions: { webpackConfigHook: bundledAsWritten },
  };
}
