import { createAlertingActivities } from './alerting.ts';
import { readWorkerConfig } from './config.ts';
import { openAlertStore } from './open-alert-store.ts';
import { createPagingProviders, createProviders } from './providers.ts';
import { installTelemetry, startWorkers } from './worker.ts';

/** One worker process: configuration, adapters, activities, workers; stopped in reverse order. */
export async function runWorker(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = readWorkerConfig(environment);
  installTelemetry(config.metricsAddress);
  const paging = createPagingProviders(config);
  const { taskQueue, alertStore } = config;
  const store = openAlertStore(alertStore);
  const alerting = createAlertingActivities({ taskQueue, store }, paging);
  const workers = await startWorkers(config, createProviders(config), paging, alerting);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => workers.stop());
  }
  process.stdout.write(`${JSON.stringify({ worker: 'ready', taskQueue: config.taskQueue })}\n`);
  await workers.done;
}

if (import.meta.main) await runWorker(process.env);
