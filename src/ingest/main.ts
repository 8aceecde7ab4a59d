import { createBelayClient } from '../client/client.ts';
import { hostAndPort } from '../router/main.ts';
import { readIngestConfig } from './config.ts';
import { startIngest } from './ingest.ts';
import { createIngestMetrics } from './metrics.ts';

/** The process that takes alerts in, until it is ended. */
export async function runIngest(environment: NodeJS.ProcessEnv): Promise<void> {
  const { address, atOnce, taskQueue } = readIngestConfig(environment);
  const write = (line: string): unknown => process.stdout.write(line);
  const client = await createBelayClient(taskQueue === undefined ? {} : { taskQueue });
  const metrics = createIngestMetrics();
  const ingest = await startIngest(
    { alerts: client.alerts, metrics, nowMs: Date.now, write },
    { ...hostAndPort(address), atOnce },
  );
  write(`${JSON.stringify({ ingest: 'ready', url: ingest.url })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void ingest
        .close()
        .then(() => client.close())
        .then(() => process.exit(0));
    });
  }
}
