import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BelayClient, type IncidentView, createBelayClient } from '../../src/client/client.ts';
import { type Child, scriptPath, startChild } from '../../src/dev/children.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { freePort } from '../../src/dev/free-port.ts';
import {
  type RunningTemporal,
  type TemporalServerOptions,
  startTemporal,
} from '../../src/dev/temporal-server.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import { bundleWorkflows } from '../../src/worker/bundle.ts';
import { poll } from './poll.ts';
import { removeFolder } from './remove-folder.ts';

const WITHIN_MS = 60_000;

export interface PagingStack {
  readonly temporal: RunningTemporal;
  /** As if its machine were gone. */
  endTemporal(): Promise<void>;
  readonly client: BelayClient;
  readonly folder: string;
  /** Everything that the workers and the program for answers have printed so far. */
  printed(): string;
  /** `number` tells workers of one stack apart; default: 0, whose metrics are `metricsOfWorker`. */
  startWorker(number?: number): Promise<Child>;
  /** `belay answers`, with its address. */
  startAnswers(): Promise<{
    readonly child: Child;
    readonly url: string;
    readonly metrics: string;
  }>;
  /** `belay ingest`, which says its address when it is ready. */
  startIngest(): Promise<Child>;
  metricsOfWorker(): Promise<string>;
  /** Waits until the incident is as described. */
  until(id: string, is: (view: IncidentView) => boolean): Promise<IncidentView>;
  close(): Promise<void>;
}

/** A real Temporal, and real programs of Belay that page by this file: for whole incidents. */
export async function startPagingStack(
  document: PagingDocument,
  secrets: Readonly<Record<string, string>>,
  /** `keep`: in a database file, so that the server can be started again on what it knew. */
  server: 'forget' | 'keep' = 'forget',
): Promise<PagingStack> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-paging-'));
  const closing: (() => Promise<void>)[] = [async () => removeFolder(folder)];
  const pagingFile = join(folder, 'paging.json');
  writeFileSync(pagingFile, JSON.stringify(document));
  const bundle = join(folder, 'workflows.js');
  await bundleWorkflows(bundle);
  const temporal = await startTemporal(
    readDevConfig(process.env),
    server === 'forget' ? {} : await kept(folder),
    () => undefined,
  );
  let ended: Promise<void> | undefined;
  const endTemporal = (): Promise<void> => (ended ??= temporal.close());
  closing.push(endTemporal);
  const client = await createBelayClient({ address: temporal.address });
  closing.push(() => client.close());
  const log = join(folder, 'all.log');
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    TEMPORAL_ADDRESS: temporal.address,
    BELAY_PAGING: pagingFile,
    BELAY_STATE_DIR: join(folder, 'state'),
    BELAY_WORKFLOW_BUNDLE: bundle,
    ...secrets,
  };
  const start = async (
    program: string,
    args: readonly string[],
    more: Readonly<Record<string, string>>,
    ready: string,
  ): Promise<Child> => {
    const child = await startChild({
      command: process.execPath,
      args: [scriptPath(program, import.meta.url), ...args],
      env: { ...environment, ...more },
      log,
      ready: (line) => line.includes(ready),
    });
    closing.push(() => child.stop());
    return child;
  };
  const port = await freePort();
  const metricsAddressOf = (number: number): string => `127.0.0.1:${port + number}`;
  return {
    temporal,
    endTemporal,
    client,
    folder,
    printed: () => readFileSync(log, 'utf8'),
    startWorker: (number = 0) =>
      start(
        '../../src/worker/main',
        [],
        { BELAY_METRICS_ADDRESS: metricsAddressOf(number) },
        '"worker":"ready"',
      ),
    async startAnswers() {
      const any = { BELAY_ANSWERS_ADDRESS: '127.0.0.1:0', BELAY_METRICS_ADDRESS: '127.0.0.1:0' };
      const child = await start('../../src/cli/main', ['answers'], any, '"answers":"ready"');
      const { url, metrics }: { url: string; metrics: string } = JSON.parse(child.said);
      return { child, url, metrics };
    },
    startIngest: () => {
      const any = { BELAY_INGEST_ADDRESS: '127.0.0.1:0' };
      return start('../../src/cli/main', ['ingest'], any, '"ingest":"ready"');
    },
    metricsOfWorker: async () => (await fetch(`http://${metricsAddressOf(0)}/metrics`)).text(),
    async until(id, is) {
      let last: IncidentView | undefined;
      const found = await poll(WITHIN_MS, async () => {
        last = (await client.incidents.show(id).catch(() => undefined)) ?? last;
        return last !== undefined && is(last) ? last : undefined;
      }).catch(() => undefined);
      if (found !== undefined) return found;
      const ledger = last?.ledger.map(({ channel, state }) => `${channel}: ${state}`);
      throw new Error(`it is ${last?.status}, not as wanted: ${ledger?.join(', ')}`);
    },
    async close() {
      for (const step of closing.splice(0).toReversed()) await step();
    },
  };
}

async function kept(folder: string): Promise<TemporalServerOptions> {
  return {
    dbFile: join(folder, 'temporal.sqlite'),
    port: await freePort(),
    // Of four partitions each serves few workers slowly while much is waiting, as after a kill.
    extraArgs: ['Read', 'Write'].flatMap((way) => [
      '--dynamic-config-value',
      `matching.numTaskqueue${way}Partitions=1`,
    ]),
  };
}
