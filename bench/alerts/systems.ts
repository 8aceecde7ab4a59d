import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptPath, startChild } from '../../src/dev/children.ts';
import { findProgram } from '../../src/dev/find-program.ts';
import { closedPort } from '../../test/support/local-server.ts';
import { type PagingStack, startPagingStack } from '../../test/support/paging-stack.ts';
import { poll } from '../../test/support/poll.ts';
import { removeFolder } from '../../test/support/remove-folder.ts';

/** Something that takes alerts and pages a webhook, with nothing in it. */
export interface System {
  readonly url: string;
  /** Where bare signals can be sent to; null, it is not built on Temporal. */
  readonly temporal: string | null;
  /** The most that its processes have had in memory, in MB of 2^20 bytes, each by its name. */
  peakMb(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export type StartSystem = (hookUrl: string) => Promise<System>;

const READY_WITHIN_MS = 20_000;

/** The routes of both: `accept` pages nobody, `one` is one group, `many` one for each alert. */
const ROUTES = {
  accept: { group_by: ['team'], group_wait: '1h', group_interval: '1h' },
  one: { group_by: ['scene'], group_wait: '1s', group_interval: '1s' },
  many: { group_by: ['...'], group_wait: '1s', group_interval: '1m' },
  warm: { group_by: ['scene'], group_wait: '0s', group_interval: '1m' },
};

function treeFor(receiver: string) {
  const routes = Object.entries(ROUTES).map(([scene, timing]) => ({
    ...{ receiver, matchers: [`scene="${scene}"`], repeat_interval: '4h' },
    ...timing,
  }));
  return { receiver, routes };
}

/** One worker, one ingest, a development server in memory, and last messages in SQLite. */
export const startBelay: StartSystem = async (hookUrl) => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-alerts-'));
  const store = { BELAY_ALERT_STORE: `sqlite:${join(folder, 'last.db')}` };
  const stack = await startPagingStack(
    {
      people: {},
      channels: {
        hook: { type: 'webhook', url: hookUrl, rate: { limit: '100000/s', burst: 1000 } },
      },
      policies: { none: { levels: [{ wait: '1h', targets: [{ channel: 'hook' }] }] } },
      last_resort: ['hook'],
    },
    store,
  );
  const close = async (): Promise<void> => {
    await stack.close();
    removeFolder(folder);
  };
  try {
    const { ingest, ...started } = await startOn(stack, folder, store);
    return {
      ...started,
      async close() {
        await ingest.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};

async function startOn(
  stack: PagingStack,
  folder: string,
  store: Readonly<Record<string, string>>,
) {
  const worker = await stack.startWorker();
  const text = JSON.stringify({
    route: treeFor('ops'),
    receivers: { ops: { channels: ['hook'] } },
  });
  const by = { who: 'bench', why: 'how fast it is' };
  await stack.client.alerts.configure({ ...by, alerting: { text, file: 'alerting.yaml' } });
  const ingest = await startChild({
    command: process.execPath,
    args: [scriptPath('../../src/cli/main', import.meta.url), 'ingest'],
    env: {
      ...{ PATH: process.env.PATH, HOME: stack.folder, ...store },
      ...{ TEMPORAL_ADDRESS: stack.temporal.address, BELAY_INGEST_ADDRESS: '127.0.0.1:0' },
    },
    log: join(folder, 'ingest.log'),
    ready: (line) => line.includes('"ingest":"ready"'),
  });
  const { url }: { url: string } = JSON.parse(ingest.said);
  return {
    ...{ url, ingest, temporal: stack.temporal.address },
    peakMb: () => ({ worker: peakMb(worker.pid), ingest: peakMb(ingest.pid) }),
  };
}

/** The program on PATH, by its own name or Debian's; null, there is none. */
export function findAlertmanager(): string | null {
  const names = ['alertmanager', 'prometheus-alertmanager'];
  return (
    names
      .map((name) => findProgram(name, process.env.PATH ?? ''))
      .find((one) => one !== undefined) ?? null
  );
}

/** As it says itself, such as `0.31.1`. */
export function versionOf(program: string): string {
  const said = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return /version (\S+)/.exec(said)?.[1] ?? 'of an unknown version';
}

export function alertmanager(program: string): StartSystem {
  return async (hookUrl) => {
    const folder = mkdtempSync(join(tmpdir(), 'belay-bench-alertmanager-'));
    const file = join(folder, 'alertmanager.yml');
    const webhook = { url: hookUrl, send_resolved: true };
    const receivers = [{ name: 'ops', webhook_configs: [webhook] }];
    writeFileSync(file, JSON.stringify({ route: treeFor('ops'), receivers }));
    const address = `127.0.0.1:${await closedPort()}`;
    const child = await startChild({
      command: program,
      args: [
        ...[`--config.file=${file}`, `--storage.path=${join(folder, 'data')}`],
        ...[`--web.listen-address=${address}`, '--cluster.listen-address=', '--log.level=error'],
      ],
      env: { PATH: process.env.PATH, HOME: folder },
      log: join(folder, 'all.log'),
    });
    const url = `http://${address}`;
    await poll(READY_WITHIN_MS, async () => {
      const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
      return answer?.status === 200 ? true : undefined;
    });
    return {
      url,
      temporal: null,
      peakMb: () => ({ alertmanager: peakMb(child.pid) }),
      async close() {
        await child.stop();
        removeFolder(folder);
      },
    };
  };
}

function peakMb(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}
