import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { type BelayClient, createBelayClient } from '../client/client.ts';
import type { CliDeps } from './deps.ts';
import { readFile, readStream } from './read-file.ts';

/** The real world for the commands; the only reader of the environment in this folder. */
export function readCliDeps(environment: NodeJS.ProcessEnv): CliDeps {
  const { NO_COLOR: noColor, BELAY_WHO: who } = environment;
  const isTty = process.stdout.isTTY === true;
  return {
    connect: () => connect(environment),
    user: who ?? userInfo().username,
    cwd: process.cwd(),
    variable: (name) => environment[name],
    isTty,
    colors: isTty && (noColor === undefined || noColor === ''),
    columns: isTty ? process.stdout.columns : undefined,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    now: Date.now,
    pause: (ms) => wait(ms),
    readFile,
    readInput: (maxBytes) => readStream(process.stdin, maxBytes),
    writeNewFile: (path, text) => writeFileSync(path, text, { flag: 'wx' }),
  };
}

async function connect(environment: NodeJS.ProcessEnv): Promise<BelayClient> {
  const { BELAY_TASK_QUEUE: taskQueue, BELAY_ALERT_STORE: alertStore } = environment;
  const options = taskQueue === undefined ? {} : { taskQueue };
  if (alertStore === undefined) return createBelayClient(options);
  // With it come database drivers, which few commands need.
  const { openAlertStore } = await import('../worker/open-alert-store.ts');
  const store = openAlertStore(alertStore);
  const client = await createBelayClient({
    ...options,
    ...(store === undefined ? {} : { alertStore: store }),
  });
  return {
    ...client,
    async close() {
      await client.close();
      await store?.close();
    },
  };
}
