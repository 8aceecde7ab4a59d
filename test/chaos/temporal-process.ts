import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { Connection } from '@temporalio/client';

export interface TemporalProcess {
  /** Ends the server as a crash does and starts it again on its database file. */
  crash(): Promise<void>;
  /** Ends it; `start` brings it back on its database file. */
  end(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The process of the development server that listens at this address. */
export function temporalProcess(address: string): TemporalProcess {
  const port = address.slice(address.lastIndexOf(':') + 1);
  let { pid, argv } = serverAt(port);
  let child: ChildProcess | undefined;

  const end = async (): Promise<void> => {
    process.kill(pid, 'SIGKILL');
    while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  const start = async (): Promise<void> => {
    const [program = '', ...args] = argv;
    child = spawn(program, args, { stdio: 'ignore' });
    pid = child.pid ?? -1;
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

/** A process that has ended, but that its parent has not waited for, has no command line. */
function isThere(pid: number): boolean {
  return argvOf(String(pid)).length > 0;
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
