import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BelayClient, createBelayClient } from '../client/client.ts';
import { createProcessEnvironment } from '../providers/environment/process.ts';
import { type BalancerKind, type RunningBalancer, USUAL_PORTS, startBalancer } from './balancer.ts';
import { type Child, scriptPath, startChild } from './children.ts';
import type { DevConfig } from './config.ts';
import { freePort } from './free-port.ts';
import { type RunningTemporal, startTemporal } from './temporal-server.ts';

export interface StackOptions {
  readonly service: string;
  readonly balancer: BalancerKind;
  /** State, logs and sockets of everything. */
  readonly folder: string;
  /** For people: the ports that the documents name, where they are free. */
  readonly usualPorts: 'yes' | 'no';
  /** Built once, for workers that start fast; none, the worker bundles at its start. */
  readonly workflowBundle?: string;
  readonly taskQueue?: string;
  /** Whom the worker pages, and the secrets that the file names, by their variables. */
  readonly paging?: { readonly file: string; readonly secrets: Readonly<Record<string, string>> };
  /** More arguments for the Temporal server. */
  readonly temporalArgs?: readonly string[];
}

export interface RunningStack {
  readonly temporal: RunningTemporal;
  /** None for a server that somebody else runs. */
  readonly uiUrl: string | undefined;
  readonly balancer: RunningBalancer;
  readonly client: BelayClient;
  readonly metricsAddress: string;
  worker(): Child;
  /** Another worker, in the place of the one before. */
  startWorker(): Promise<Child>;
  close(): Promise<void>;
}

/** All parts of a Belay on this machine, as processes of their own: real ones, only near together. */
export async function startStack(
  config: DevConfig,
  options: StackOptions,
  log: (line: string) => void,
): Promise<RunningStack> {
  const { folder, service, taskQueue = 'belay' } = options;
  mkdirSync(folder, { recursive: true });
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).toReversed()) await step();
  };
  const usual = (port: number): Promise<number> =>
    freePort(options.usualPorts === 'yes' ? port : undefined);
  try {
    const uiPort = await usual(8233);
    const temporal = await startTemporal(
      config,
      {
        dbFile: join(folder, 'temporal.sqlite'),
        port: await usual(7233),
        uiPort,
        extraArgs: options.temporalArgs ?? [],
      },
      log,
    );
    closing.push(temporal.close);
    // A server of somebody else's may be away: then nothing else is started.
    const client = await createBelayClient({ address: temporal.address, taskQueue });
    closing.push(() => client.close());
    const balancer = await startBalancer(options.balancer, config, {
      service,
      folder: join(folder, options.balancer),
      ...(options.usualPorts === 'yes' ? { ports: USUAL_PORTS[options.balancer] } : {}),
    });
    closing.push(balancer.close);
    log(`Load balancer: ${balancer.kind} at ${balancer.url}`);

    const metricsAddress = `127.0.0.1:${await usual(9464)}`;
    let worker: Child | undefined;
    const startWorker = async (): Promise<Child> => {
      worker = await startChild({
        command: process.execPath,
        args: [scriptPath('../worker/main', import.meta.url)],
        env: {
          ...config.environment,
          TEMPORAL_ADDRESS: temporal.address,
          BELAY_TASK_QUEUE: taskQueue,
          BELAY_STATE_DIR: join(folder, 'environment'),
          BELAY_METRICS_ADDRESS: metricsAddress,
          ...(options.workflowBundle === undefined
            ? {}
            : { BELAY_WORKFLOW_BUNDLE: options.workflowBundle }),
          ...(options.paging === undefined
            ? {}
            : { ...options.paging.secrets, BELAY_PAGING: options.paging.file }),
        },
        log: join(folder, 'worker.log'),
        ready: (line) => line.includes('"worker":"ready"'),
      });
      return worker;
    };
    const current = (): Child => {
      if (worker === undefined) throw new Error('no worker has been started');
      return worker;
    };
    // Instances outlive every worker; here they end with everything else.
    closing.push(() => removeInstances(join(folder, 'environment'), service));
    await startWorker();
    closing.push(() => current().stop());
    log(`Worker: task queue ${taskQueue}, metrics at http://${metricsAddress}/metrics`);
    return {
      temporal,
      uiUrl: temporal.environment === undefined ? undefined : `http://127.0.0.1:${uiPort}`,
      balancer,
      client,
      metricsAddress,
      worker: current,
      startWorker,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Ends every instance of a service that is recorded in this state folder; a release may follow. */
async function removeInstances(stateDir: string, service: string): Promise<void> {
  const environment = createProcessEnvironment({ stateDir, inherited: {} });
  await environment.stop(service, 1000, new AbortController().signal);
}
