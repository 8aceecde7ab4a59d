import { setTimeout as wait } from 'node:timers/promises';
import type { Instance } from '../../domain/release/instance.ts';
import type { HealthCheckSpec } from '../../domain/release/release.schema.ts';
import type { CheckResult, HealthProbe, ProbeRequest } from './probe.ts';
import { isOncePerVersion } from './registry.ts';

export type HealthRound =
  | { readonly kind: 'healthy'; readonly checks: number }
  /** `report` joins every failed check in at most 2 KB. */
  | { readonly kind: 'unhealthy'; readonly failures: number; readonly report: string };

export interface RoundRequest {
  readonly service: string;
  readonly version: string;
  readonly instances: readonly Instance[];
  readonly checks: readonly HealthCheckSpec[];
}

const OPEN_MAX = 20;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 2000;
const REPORT_MAX = 2000;

/**
 * One round: every check of every instance, many at once, each with its own retries. A version
 * without instances or without checks is unhealthy: nothing has been proved. Where a timeout ends
 * `signal`, what has no answer by then is unhealthy; any other end of it is thrown.
 */
export async function checkOnce(
  { service, version, instances, checks }: RoundRequest,
  signal: AbortSignal,
  probe: HealthProbe,
): Promise<HealthRound> {
  const requests = checks.flatMap((check) =>
    (isOncePerVersion(check) ? instances.slice(0, 1) : instances).map((instance) => ({
      check,
      service,
      version,
      instance,
    })),
  );
  if (requests.length === 0) {
    const what = instances.length === 0 ? 'instances' : 'checks';
    return { kind: 'unhealthy', failures: 1, report: `${version} has no ${what}` };
  }
  const failures: string[] = [];
  const queue = [...requests];
  const worker = async (): Promise<void> => {
    for (let request = queue.shift(); request !== undefined; request = queue.shift()) {
      const result = await withRetries(request, signal, probe);
      if (result.kind === 'healthy') continue;
      const name = request.check.name === undefined ? '' : `${request.check.name}: `;
      failures.push(`${request.instance.id}: ${name}${result.why}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(OPEN_MAX, requests.length) }, worker));
  if (failures.length === 0) return { kind: 'healthy', checks: requests.length };
  return { kind: 'unhealthy', failures: failures.length, report: join(failures, requests.length) };
}

async function withRetries(
  request: ProbeRequest,
  signal: AbortSignal,
  probe: HealthProbe,
): Promise<CheckResult> {
  let backoffMs = FIRST_BACKOFF_MS;
  let result: CheckResult = { kind: 'unhealthy', tookMs: 0, why: 'no answer before the deadline' };
  try {
    for (let attempt = 0; ; attempt += 1) {
      result = await probe(request, signal);
      if (result.kind === 'healthy' || attempt >= request.check.retries) return result;
      // Half of it by chance, so that many instances are not asked in step.
      await wait(backoffMs * (0.5 + Math.random() / 2), undefined, { signal });
      backoffMs = Math.min(LONGEST_BACKOFF_MS, backoffMs * 2);
    }
  } catch (error) {
    if (isTimeout(signal)) return result;
    throw error;
  }
}

function isTimeout({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof Error && reason.name === 'TimeoutError';
}

function join(failures: readonly string[], checks: number): string {
  const head = `${failures.length} of ${checks} checks failed: `;
  let text = head;
  for (const [index, failure] of failures.toSorted().entries()) {
    const next = `${index === 0 ? '' : '; '}${failure.slice(0, 400)}`;
    if (text.length + next.length > REPORT_MAX) {
      return `${text}; and ${failures.length - index} more`;
    }
    text += next;
  }
  return text;
}
