import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, createWriteStream, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where all that it prints goes. */
  readonly log: string;
  /** Resolves the start: the first line of output for which this is true. None, at once. */
  readonly ready?: (line: string) => boolean;
  readonly cwd?: string;
}

export interface Child {
  readonly pid: number;
  /** The line that made it ready. */
  readonly said: string;
  readonly exited: Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, forces it after a while, and returns when it has ended. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 8000;
const CLEANED_WITHIN_MS = 40_000;
const PARENT_ASK_EVERY_MS = 500;

/** Children are in groups of their own, which no Ctrl-C reaches: none outlives this process. */
const running = new Set<(signal: NodeJS.Signals) => void>();
process.once('exit', () => {
  for (const kill of running) kill('SIGKILL');
});

/** Starts a child process in a group of its own, so that all it has started ends with it. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { command, args, env, log, ready, cwd } = options;
  const output = openSync(log, 'a');
  const child = spawn(command, [...args], {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    detached: true,
    stdio: ['ignore', ready === undefined ? output : 'pipe', output],
  });
  closeSync(output);
  const { pid } = child;
  const kill = (signal: NodeJS.Signals): void => {
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended in between.
    }
  };
  running.add(kill);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  void exited.then(() => running.delete(kill));
  const said = await firstLine(child, options);
  return {
    pid: pid ?? -1,
    said,
    exited,
    kill,
    async stop() {
      kill('SIGTERM');
      const timer = setTimeout(() => kill('SIGKILL'), STOP_WITHIN_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function firstLine(child: ChildProcess, options: ChildOptions): Promise<string> {
  const { command, args, log, ready } = options;
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      const tail = readFileSync(log, 'utf8').trim().slice(-800);
      const name = [command, ...args].join(' ').slice(0, 200);
      reject(new Error(`${name} ${why}; its log ${log} ends with:\n${tail}`));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail('was not ready in time');
    }, READY_WITHIN_MS);
    child.once('error', (error) => fail(`did not start (${error.message})`));
    child.once('exit', (code) => fail(`ended with status ${code}`));
    if (ready === undefined) {
      child.once('spawn', () => {
        clearTimeout(timer);
        resolve('');
      });
      return;
    }
    if (child.stdout === null) return fail('has no output');
    child.stdout.pipe(createWriteStream(log, { flags: 'a' }));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!ready(line)) return;
      clearTimeout(timer);
      resolve(line);
    });
  });
}

/**
 * Calls `clean` once when this program is to end, by Ctrl-C, SIGTERM, a closed terminal or the end
 * of the `npm run` around it, and exits with `status` after it. Install it before the first child
 * is started. What has been cut off by the end, and fails for that, is no error.
 */
export function cleanWhenStopped(
  environment: NodeJS.ProcessEnv,
  status: number,
  clean: () => Promise<void>,
): AbortSignal {
  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) return;
    stopping.abort(new Error('stopped'));
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      process.on(event, () => undefined);
    }
    setTimeout(() => process.exit(status), CLEANED_WITHIN_MS);
    const end = (): void => process.exit(status);
    void clean().then(end, end);
  };
  // Not `once`: an impatient second Ctrl-C must not end the cleaning.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (environment.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && stop(), PARENT_ASK_EVERY_MS).unref();
  }
  return stopping.signal;
}

/** A program of this project beside `from`: TypeScript in a checkout, JavaScript once built. */
export function scriptPath(name: string, from: string): string {
  const ending = from.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`${name}.${ending}`, from));
}
