import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { HealthCheckSpec } from '../../domain/release/release.schema.ts';
import { messageOf } from './http.ts';
import type { HealthProbe } from './probe.ts';

type CommandCheck = Extract<HealthCheckSpec, { kind: 'command' }>;
type Child = ChildProcessByStdio<null, Readable, Readable>;

const OUTPUT_KEPT_BYTES = 512;

/**
 * Healthy when the program exits 0 and nothing holds its output any more. It gets no shell, and of
 * the worker's environment only what every instance gets; with its time over, all of it is ended.
 */
export function createCommandProbe(
  inherited: Readonly<Record<string, string>>,
): HealthProbe<CommandCheck> {
  return async ({ check, version, instance }, signal) => {
    signal.throwIfAborted();
    const [program = '', ...args] = check.command.map((text) =>
      text
        .replaceAll('{version}', version)
        .replaceAll('{host}', instance.host)
        .replaceAll('{port}', String(instance.port))
        .replaceAll('{instance}', instance.id),
    );
    const startedMs = performance.now();
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: inherited,
    });
    const problem = await endOf(child, check.timeoutMs, signal);
    const tookMs = performance.now() - startedMs;
    signal.throwIfAborted();
    return problem === undefined
      ? { kind: 'healthy', tookMs }
      : { kind: 'unhealthy', tookMs, why: `${program}: ${problem}` };
  };
}

/** What was wrong with how it ended, if anything. Also returns when its time is over. */
async function endOf(
  child: Child,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let output = '';
    const kill = (): void => {
      // What has left the group keeps the pipes open: nobody waits for it.
      child.stdout.destroy();
      child.stderr.destroy();
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself a moment ago.
      }
    };
    const finish = (problem: string | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(problem);
    };
    const onAbort = (): void => {
      kill();
      finish('cancelled');
    };
    const timer = setTimeout(() => {
      kill();
      finish(`did not end within ${timeoutMs} ms`);
    }, timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString('utf8')).slice(-OUTPUT_KEPT_BYTES);
      });
    }
    child.once('error', (error) => finish(messageOf(error)));
    child.once('close', (code, killedBy) => {
      const ended = code === null ? `ended by ${killedBy}` : `exit status ${code}`;
      const said = output.trim() === '' ? '' : ` (${output.trim()})`;
      finish(code === 0 ? undefined : `${ended}${said}`);
    });
  });
}
