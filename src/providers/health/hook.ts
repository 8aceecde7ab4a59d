import { request as fetchUrl } from 'undici';
import type { HealthCheckSpec } from '../../domain/release/release.schema.ts';
import { readLimited } from '../limited-body.ts';
import { messageOf } from './http.ts';
import type { CheckResult, ProbeRequest } from './probe.ts';

const SAID_MAX_BYTES = 200;

/** Asks somebody else's validator: POST `{service, version, instance}`; healthy on any 2xx. */
export async function probeHook(
  { check, service, version, instance }: ProbeRequest<Extract<HealthCheckSpec, { kind: 'hook' }>>,
  signal: AbortSignal,
): Promise<CheckResult> {
  const startedMs = performance.now();
  const took = (): number => performance.now() - startedMs;
  try {
    const { statusCode, body } = await fetchUrl(check.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ service, version, instance }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(check.timeoutMs)]),
    });
    const said = (await readLimited(body, SAID_MAX_BYTES)).text.trim();
    if (statusCode >= 200 && statusCode < 300) return { kind: 'healthy', tookMs: took() };
    const why = `hook ${check.url}: status ${statusCode}${said === '' ? '' : ` (${said})`}`;
    return { kind: 'unhealthy', tookMs: took(), why };
  } catch (error) {
    signal.throwIfAborted();
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    const why = timedOut ? `no answer within ${check.timeoutMs} ms` : messageOf(error);
    return { kind: 'unhealthy', tookMs: took(), why: `hook ${check.url}: ${why}` };
  }
}
