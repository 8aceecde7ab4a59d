import { createConnection } from 'node:net';
import type { HealthCheckSpec } from '../../domain/release/release.schema.ts';
import { messageOf } from './http.ts';
import type { CheckResult, ProbeRequest } from './probe.ts';

/** Healthy when the port accepts a connection. */
export async function probeTcp(
  { check, instance }: ProbeRequest<Extract<HealthCheckSpec, { kind: 'tcp' }>>,
  signal: AbortSignal,
): Promise<CheckResult> {
  signal.throwIfAborted();
  const { host } = instance;
  const port = check.port ?? instance.port;
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, timeout: check.timeoutMs });
    const end = (why?: string): void => {
      socket.destroy();
      signal.removeEventListener('abort', onAbort);
      const tookMs = performance.now() - startedMs;
      if (why === undefined) resolve({ kind: 'healthy', tookMs });
      else resolve({ kind: 'unhealthy', tookMs, why: `tcp ${host}:${port}: ${why}` });
    };
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason instanceof Error ? signal.reason : new Error('cancelled'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => end());
    socket.once('timeout', () => end(`no connection within ${check.timeoutMs} ms`));
    socket.once('error', (error) => end(messageOf(error)));
  });
}
