import { Failure } from '../domain/failure.ts';
import { formatDuration } from '../domain/quantity.ts';
import type { HealthRound } from '../providers/health/check-all.ts';
import type { ActivityDeps } from './deps.ts';
import type { ProveReadyRequest } from './requests.ts';

/** What a later attempt begins from; a deadline that has begun is not begun anew. */
export interface ProofDetails {
  readonly rounds: number;
  readonly warmSinceMs: number | undefined;
  readonly sent: number;
}

export const NO_PROOF: ProofDetails = { rounds: 0, warmSinceMs: undefined, sent: 0 };

const SLOWEST_FACTOR = 5;

/**
 * Checks every instance until all checks of a round pass or `deadlineMs` has come, then warms them
 * up with requests. Throws `HealthCheckFailed` with every failed check joined.
 */
export async function prove(
  deps: ActivityDeps,
  request: ProveReadyRequest,
  { from, deadlineMs }: { readonly from: ProofDetails; readonly deadlineMs: number },
  onDetails: (details: ProofDetails) => void,
  signal: AbortSignal,
): Promise<string> {
  let details = from;
  if (details.warmSinceMs === undefined) {
    const rounds = await checkUntil(deps, request, deadlineMs, details.rounds, signal);
    details = { ...details, rounds, warmSinceMs: deps.clock.nowMs() };
    onDetails(details);
  }
  const endMs = (details.warmSinceMs ?? deps.clock.nowMs()) + request.warmup.durationMs;
  await warmUp(deps, request, endMs, signal, () => {
    details = { ...details, sent: details.sent + 1 };
    onDetails(details);
  });
  return (
    `healthy after ${details.rounds} round(s), warmed up with ${details.sent} ` +
    `request(s) in ${formatDuration(request.warmup.durationMs)}`
  );
}

async function checkUntil(
  deps: ActivityDeps,
  request: ProveReadyRequest,
  deadlineMs: number,
  roundsBefore: number,
  signal: AbortSignal,
): Promise<number> {
  const { target, health } = request;
  const { version } = target;
  let waitMs = health.intervalMs;
  // At least one round, also when the worker was away until the deadline.
  for (let rounds = roundsBefore + 1; ; rounds += 1) {
    const leftMs = deadlineMs - deps.clock.nowMs();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.max(leftMs, 5000))]);
    const round = await inspect(deps, request, limit);
    if (round.kind === 'healthy') return rounds;
    if (deps.clock.nowMs() + waitMs >= deadlineMs) {
      throw new Failure(
        'HealthCheckFailed',
        `${version} was not healthy within ${formatDuration(health.deadlineMs)}, ` +
          `${rounds} round(s): ${round.report}`,
      );
    }
    await deps.clock.pause(waitMs, signal);
    waitMs = Math.min(waitMs * 2, health.intervalMs * SLOWEST_FACTOR);
  }
}

/** An answer proves nothing where the instance itself has ended: somebody else has its port. */
async function inspect(
  deps: ActivityDeps,
  { service, environment, target, health }: ProveReadyRequest,
  signal: AbortSignal,
): Promise<HealthRound> {
  const { version, instances } = target;
  const known = await deps.environment(environment).find(service, version);
  const ended = known.filter(({ running }) => !running);
  if (ended.length > 0) {
    const report = ended.map(({ id, log }) => `${id} has ended by itself; its log is ${log}`);
    return { kind: 'unhealthy', failures: ended.length, report: report.join('; ') };
  }
  return deps.checkHealth({ service, version, instances, checks: health.checks }, signal);
}

/** Sends requests to each instance in turn; their answers are not judged, only the time counts. */
async function warmUp(
  deps: ActivityDeps,
  request: ProveReadyRequest,
  endMs: number,
  signal: AbortSignal,
  onSent: () => void,
): Promise<void> {
  const { target, warmup } = request;
  const everyMs = 1000 / warmup.requestsPerSecond;
  const open = new Set<Promise<unknown>>();
  for (let count = 0; deps.clock.nowMs() < endMs; count += 1) {
    const instance = target.instances[count % target.instances.length];
    if (instance === undefined) return;
    const sent = deps.probe(
      {
        url: `http://${instance.host}:${instance.port}${warmup.path}`,
        headers: {},
        timeoutMs: 10_000,
      },
      signal,
    );
    onSent();
    open.add(sent);
    void sent.finally(() => open.delete(sent)).catch(() => undefined);
    await deps.clock.pause(Math.min(everyMs, Math.max(0, endMs - deps.clock.nowMs())), signal);
  }
  await Promise.allSettled(open);
}

export function readProof(value: unknown): ProofDetails {
  if (typeof value !== 'object' || value === null) return NO_PROOF;
  const rounds = 'rounds' in value && typeof value.rounds === 'number' ? value.rounds : 0;
  const sent = 'sent' in value && typeof value.sent === 'number' ? value.sent : 0;
  const warmSinceMs =
    'warmSinceMs' in value && typeof value.warmSinceMs === 'number' ? value.warmSinceMs : undefined;
  return { rounds, sent, warmSinceMs };
}
