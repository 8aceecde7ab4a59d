import { activityInfo } from '@temporalio/activity';
import type { WatchResult } from '../domain/release/decide.ts';
import { beating } from './beating.ts';
import type { ActivityDeps } from './deps.ts';
import type { WatchRequest } from './requests.ts';
import { readBack, requireOwn, takeBackIfAlone } from './take-back.ts';
import { isWatchDetails, newWatch, watchUntil } from './watch-loop.ts';

/** Watches a version under live traffic. */
export function createWatchActivities(deps: ActivityDeps) {
  return {
    /**
     * Looks every interval until `untilMs`, and returns at once when a limit is broken, when the
     * instances are unhealthy several times in a row, or, where it judges, when there was no data
     * for longer than the budget. A look after a restart also covers the time nobody looked. A
     * breach that cannot be reported is acted on where `takeBack` allows it; a later attempt finds
     * that at the load balancer and reports it. Where somebody else has moved the traffic
     * meanwhile, its figures say nothing of the version: it throws `TrafficTakenBack`.
     */
    async watchRelease(request: WatchRequest): Promise<WatchResult> {
      const { heartbeatDetails } = activityInfo();
      const { takeBack: _takeBack, standsAt: _standsAt, ...plan } = request;
      let details = isWatchDetails(heartbeatDetails) ? heartbeatDetails : newWatch(request.fromMs);
      return beating(
        async (signal) => {
          const done = await readBack(deps, request, signal);
          if (done !== undefined) return done;
          const result = await watchUntil(
            deps,
            { ...plan, others: [] },
            details,
            (newer) => {
              details = newer;
            },
            signal,
          );
          await requireOwn(deps, request, result, signal);
          return takeBackIfAlone(deps, request, result, signal);
        },
        () => details,
      );
    },
  };
}
