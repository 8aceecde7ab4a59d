import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { type Child, scriptPath, startChild } from '../../src/dev/children.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { freePort } from '../../src/dev/free-port.ts';
import { type PretendPagerDuty, startPretendPagerDuty } from '../../src/dev/pretend/pagerduty.ts';
import { type PretendSlack, startPretendSlack } from '../../src/dev/pretend/slack.ts';
import { type RunningTemporal, startTemporal } from '../../src/dev/temporal-server.ts';
import { type LocalServer, startHttp } from './local-server.ts';

/** A Temporal that can be stopped and comes back, workers, a watchdog process, and whom it pages. */
export interface WatchdogRig {
  readonly address: string;
  readonly slack: PretendSlack;
  readonly pagerDuty: PretendPagerDuty;
  /** The dead-man's switch. */
  readonly heartbeat: LocalServer;
  /** For a watchdog, whose waits are as short as they can be. */
  readonly environment: NodeJS.ProcessEnv;
  temporal(): RunningTemporal;
  startTemporal(): Promise<void>;
  /** One for each queue of Belay's; what is returned stops them. */
  startWorkers(): Promise<() => Promise<void>>;
  startWatchdog(): Promise<{ readonly child: Child; readonly url: string }>;
  close(): Promise<void>;
}

const ROUTING_KEY = 'R'.repeat(32);
const TASK_QUEUE = 'belay';

export async function startWatchdogRig(): Promise<WatchdogRig> {
  // Once in a process, before the first server: a failing workflow task is no news here.
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const folder = mkdtempSync(join(tmpdir(), 'belay-watchdog-'));
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const slack = await startPretendSlack({ botToken: 'xoxb-1', signingSecret: 'sign' });
  const pagerDuty = await startPretendPagerDuty({ routingKey: ROUTING_KEY, webhookSecret: 'x' });
  const heartbeat = await startHttp((_, response) => response.end('OK'));
  const paging = join(folder, 'paging.yaml');
  const channels = {
    chat: { type: 'slack', bot_token: { env: 'TOKEN' }, channel: '#ops', url: slack.apiUrl },
    pager: { type: 'pagerduty', routing_key: { env: 'ROUTING_KEY' }, url: pagerDuty.enqueueUrl },
  };
  const lastResort = Object.keys(channels);
  writeFileSync(paging, JSON.stringify({ channels, policies: {}, last_resort: lastResort }));
  const environment = {
    ...process.env,
    ...{ TEMPORAL_ADDRESS: address, BELAY_PAGING: paging, TOKEN: 'xoxb-1', ROUTING_KEY },
    BELAY_WATCHDOG_EVERY: '300ms',
    BELAY_WATCHDOG_FOR: '1s',
    BELAY_WATCHDOG_UNREACHABLE_FOR: '1s',
    BELAY_WATCHDOG_ATTEMPTS: '1',
    BELAY_WATCHDOG_OVERDUE_BY: '2s',
    BELAY_WATCHDOG_ADDRESS: '127.0.0.1:0',
    BELAY_WATCHDOG_HEARTBEAT_URL: `${heartbeat.url}/ping/secret-1`,
  };
  let temporal: RunningTemporal | undefined;
  const children: Child[] = [];
  return {
    ...{ address, slack, pagerDuty, heartbeat, environment },
    temporal() {
      if (temporal === undefined) throw new Error('no Temporal has been started');
      return temporal;
    },
    async startTemporal() {
      const config = { ...readDevConfig(process.env), temporalAddress: undefined };
      const dbFile = join(folder, 'temporal.sqlite');
      temporal = await startTemporal(config, { port, dbFile }, () => undefined);
    },
    startWorkers: () => startWorkers(address),
    async startWatchdog() {
      const child = await startChild({
        command: process.execPath,
        args: [scriptPath('../../src/watchdog/main', import.meta.url)],
        env: environment,
        log: join(folder, 'watchdog.log'),
        ready: (line) => line.includes('"watchdog":"ready"'),
      });
      children.push(child);
      const { url }: { url: string } = JSON.parse(child.said);
      return { child, url };
    },
    async close() {
      for (const child of children) await child.stop();
      for (const server of [slack, pagerDuty, heartbeat]) await server.close();
      await temporal?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startWorkers(address: string): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address });
  const activities = { none: async () => undefined };
  const workflowsPath = fileURLToPath(new URL('watchdog-workflows.ts', import.meta.url));
  const start = (options: Partial<WorkerOptions> & { readonly taskQueue: string }) =>
    Worker.create({ connection, dataConverter, activities, ...options });
  const workers = [
    await start({ taskQueue: TASK_QUEUE, workflowsPath }),
    await start({ taskQueue: `${TASK_QUEUE}-watch` }),
    await start({ taskQueue: `${TASK_QUEUE}-page` }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  return async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await connection.close();
  };
}
