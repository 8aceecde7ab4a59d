import { activityInfo } from '@temporalio/activity';
import { beating } from './beating.ts';
import type { ActivityDeps } from './deps.ts';
import { prove, readProof } from './proving.ts';
import { awaitSources } from './reachable.ts';
import type { ProveReadyRequest } from './requests.ts';

/** Also where health checks and warm-up have taken all the time. */
const SOURCES_WITHIN_MS = 10_000;

/** Proves that a candidate is ready before any user meets it. */
export function createHealthActivities(deps: ActivityDeps) {
  return {
    /**
     * Health checks, then warm-up, then one question to each metrics source. The deadline counts
     * from when Temporal scheduled the proof: a
     * restart of the worker neither extends it nor repeats the warm-up that has been done.
     */
    async proveReady(request: ProveReadyRequest): Promise<{ readonly report: string }> {
      const { scheduledTimestampMs, heartbeatDetails } = activityInfo();
      let details = readProof(heartbeatDetails);
      const deadlineMs = scheduledTimestampMs + request.health.deadlineMs;
      return beating(
        async (signal) => {
          const report = await prove(
            deps,
            request,
            { from: details, deadlineMs },
            (newer) => {
              details = newer;
            },
            signal,
          );
          await requireSources(deps, request, deadlineMs, signal);
          return { report };
        },
        () => details,
      );
    },
  };
}

async function requireSources(
  deps: ActivityDeps,
  { service, environment, target, judgedBy }: ProveReadyRequest,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (judgedBy === undefined) return;
  const untilMs = Math.max(deadlineMs, deps.clock.nowMs() + SOURCES_WITHIN_MS);
  await awaitSources(deps, { service, environment, ...judgedBy }, target, untilMs, signal);
}
