import { activityInfo } from '@temporalio/activity';
import { beating } from './beating.ts';
import type { ActivityDeps } from './deps.ts';
import { prove, readProof } from './proving.ts';
import type { ProveReadyRequest } from './requests.ts';

/** Proves that a candidate is ready before any user meets it. */
export function createHealthActivities(deps: ActivityDeps) {
  return {
    /**
     * Health checks, then warm-up. The deadline counts from when Temporal scheduled the proof: a
     * restart of the worker neither extends it nor repeats the warm-up that has been done.
     */
    async proveReady(request: ProveReadyRequest): Promise<{ readonly report: string }> {
      const { scheduledTimestampMs, heartbeatDetails } = activityInfo();
      let details = readProof(heartbeatDetails);
      const deadlineMs = scheduledTimestampMs + request.health.deadlineMs;
      return beating(
        async (signal) => ({
          report: await prove(
            deps,
            request,
            { from: details, deadlineMs },
            (newer) => {
              details = newer;
            },
            signal,
          ),
        }),
        () => details,
      );
    },
  };
}
