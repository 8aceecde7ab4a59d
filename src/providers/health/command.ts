import { spawn } from 'node:child_process';
import type { HealthCheckSpec } from '../../domain/release/release.schema.ts';
import { messageOf } from './http.ts';
import type { CheckResult, ProbeRequest } from './probe.ts';

const OUTPUT_KEPT_BYTES = 512;

/** Healthy when the program exits 0. It gets no shell; with its time over, all of it is ended. */
export async function probeCommand(
  { check, version, instance }: ProbeRequest<Extract<HealthCheckSpec, { kind: 'command' }>>,
  signal: AbortSignal,
): Promise<CheckResult> {
  signal.throwIfAborted();
  const [program = '', ...args] = check.command.map((text) =>
    text
      .replaceAll('{version}', version)
      .replaceAll('{host}', instance.host)
      .replaceAll('{port}', String(instance.port))
      .replaceAll('{instance}', instance.id),
  );
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let why: string | undefined;
    const kill = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself a moment ago.
      }
    };
    const timer = setTimeout(() => {
      why = `did not end within ${check.timeoutMs} ms`;
      kill();
    }, check.timeoutMs);
    const finish = (problem: string | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      const tookMs = performance.now() - startedMs;
      if (signal.aborted) {
        reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled'));
      } else if (problem === undefined) resolve({ kind: 'healthy', tookMs });
      else resolve({ kind: 'unhealthy', tookMs, why: `${program}: ${problem}` });
    };
    signal.addEventListener('abort', kill, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString('utf8')).slice(-OUTPUT_KEPT_BYTES);
      });
    }
    child.once('error', (error) => finish(messageOf(error)));
    child.once('close', (code, killedBy) => {
      const ended = code === null ? `ended by ${killedBy}` : `exit status ${code}`;
      const said = output.trim() === '' ? '' : ` (${output.trim()})`;
      finish(why ?? (code === 0 ? undefined : `${ended}${said}`));
    });
  });
}
