import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { Connection } from '@temporalio/client';

export interface TemporalProcess {
  /** Ends the server as a crash does and starts it again on its database file. */
  crash(): Promise<void>;
  /** Ends it where it runs; `start` brings it back on its database file. */
  end(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The process of the development server that listens at this address. */
export function temporalProcess(address: string): TemporalProcess {
  const port = address.slice(address.lastIndexOf(':') + 1);
  let { pid, argv } = serverAt(port);
  let child: ChildProcess | undefined;

  /** One that has ended has no command line, and its number may be that of another by now. */
  const isThere = (): boolean => argvOf(String(pid)).join('\0') === argv.join('\0');

  const end = async (): Promise<void> => {
    if (!isThere()) return;
    process.kill(pid, 'SIGKILL');
    while (isThere()) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  const start = async (): Promise<void> => {
    const [program = '', ...args] = argv;
    const next = spawn(program, args, { stdio: 'ignore' });
    await once(next, 'spawn');
    // A number of its own in any case: -1 would be every process there is.
    if (next.pid === undefined) throw new Error(`${program} has no process`);
    ({ pid } = next);
    child = next;
    await untilAnswers(address);
  };

  return {
    async crash() {
      await end();
      await start();
    },
    end,
    start,
    async close() {
      if (child !== undefined) await end();
    },
  };
}

function serverAt(port: string): { pid: number; argv: readonly string[] } {
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const argv = argvOf(name);
    const at = argv.indexOf('--port');
    if (argv.includes('start-dev') && argv[at + 1] === port) return { pid: Number(name), argv };
  }
  throw new Error(`no Temporal server on this machine has --port ${port}`);
}

function argvOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

async function untilAnswers(address: string): Promise<void> {
  for (const untilMs = Date.now() + 30_000; ;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '1s' });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      await connection.close();
      return;
    } catch (error) {
      if (Date.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
