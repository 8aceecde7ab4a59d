import { fileURLToPath } from 'node:url';
import {
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
  makeTelemetryFilterString,
} from '@temporalio/worker';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { createActivities, createWatching } from '../activities/activities.ts';
import type { ActivityDeps } from '../activities/deps.ts';
import type { WorkerConfig } from './config.ts';
import { registerSearchAttributes } from './register-search-attributes.ts';

/** However often an activity beats, the server hears of it at most once in this time. */
export const HEARTBEAT_THROTTLE_MS = 2000;

/** Kept in step with the workflows, which send their watches here. */
const WATCH_QUEUE_SUFFIX = '-watch';

export interface RunningWorkers {
  /** Settles when both workers have stopped; rejects when one of them failed. */
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
 * Starts the two workers of Belay: one that moves the world, and one with slots of its own that
 * watches it, so that traffic and paging never queue behind a watch.
 */
export async function startWorkers(
  config: WorkerConfig,
  deps: ActivityDeps,
): Promise<RunningWorkers> {
  const connect = loadClientConnectConfig();
  const connection = await NativeConnection.connect(connect.connectionOptions);
  const namespace = connect.namespace ?? 'default';
  await registerSearchAttributes(connection, namespace);
  const shared = {
    connection,
    namespace,
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
    activities: createActivities(deps),
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
  const done = Promise.all([main.run(), watching.run()])
    .then(() => undefined)
    .finally(() => connection.close());
  return {
    done,
    stop() {
      for (const worker of [main, watching]) {
        if (worker.getState() === 'RUNNING') worker.shutdown();
      }
    },
  };
}

function workflowSource(config: WorkerConfig) {
  if (config.workflowBundle !== undefined) {
    return { workflowBundle: { codePath: config.workflowBundle } };
  }
  const isSource = import.meta.url.endsWith('.ts');
  const index = `../workflows/index.${isSource ? 'ts' : 'js'}`;
  return { workflowsPath: fileURLToPath(new URL(index, import.meta.url)) };
}
