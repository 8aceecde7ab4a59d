import { createBelayClient } from '../client/client.ts';
import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { hostAndPort } from '../router/main.ts';
import { openAlertStore } from '../worker/open-alert-store.ts';
import { readIngestConfig } from './config.ts';
import { startIngest } from './ingest.ts';
import { createIngestMetrics } from './metrics.ts';

/** What has been over for a day is forgotten; nobody asks for it any more. */
const KEPT_MS = 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;

/** The process that takes alerts in, until it is ended. */
export async function runIngest(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = readIngestConfig(environment);
  const { taskQueue } = config;
  const write = (line: string): unknown => process.stdout.write(line);
  const alertStore = openAlertStore(config.alertStore);
  const client = await createBelayClient({
    ...(taskQueue === undefined ? {} : { taskQueue }),
    ...(alertStore === undefined ? {} : { alertStore }),
  });
  const metrics = createIngestMetrics();
  const ingest = await startIngest(
    { alerts: client.alerts, metrics, nowMs: Date.now, write },
    { ...hostAndPort(config.address), atOnce: config.atOnce },
  );
  const pruning = setInterval(() => void prune(alertStore, write), PRUNE_EVERY_MS);
  const store = alertStore === undefined ? 'none' : 'ready';
  write(`${JSON.stringify({ ingest: 'ready', url: ingest.url, store })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      clearInterval(pruning);
      void ingest
        .close()
        .then(() => client.close())
        .then(() => alertStore?.close())
        .then(() => process.exit(0));
    });
  }
}

async function prune(
  store: AlertStore | undefined,
  write: (line: string) => unknown,
): Promise<void> {
  try {
    await store?.prune(Date.now() - KEPT_MS);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    write(`${JSON.stringify({ kind: 'ingest', what: 'prune', text })}\n`);
  }
}
