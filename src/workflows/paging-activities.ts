import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { PagingActivities } from '../activities/paging.ts';
import { PAGE_QUEUE_SUFFIX } from './queues.ts';

/** One attempt ends after 10 s by itself; more is a worker that has died. */
const ATTEMPT_MAX_MS = 13_000;

/** As the server names it where it decides about another try. */
const ATTEMPT_TIMED_OUT = 'TemporalTimeout:StartToClose';

const LEAST_MS = 1000;

/**
 * What an incident asks of the world. What is only read runs inside the workflow task, as a level
 * must cost no more events than its timer.
 */
export function pagingActivitiesFor(taskQueue: string, sendForMs: number) {
  // Nobody is heard while the task waits for it: whoever asked asks again later, by a timer.
  const local = proxyLocalActivities<PagingActivities>({
    startToCloseTimeout: 5000,
    retry: { initialInterval: 200, backoffCoefficient: 2, maximumAttempts: 3 },
  });
  const retry = { initialInterval: 1000, backoffCoefficient: 2, maximumInterval: 30_000 };
  const send = (summary: string, forMs: number, nonRetryableErrorTypes: string[] = []) =>
    proxyActivities<PagingActivities>({
      taskQueue: `${taskQueue}${PAGE_QUEUE_SUFFIX}`,
      startToCloseTimeout: ATTEMPT_MAX_MS,
      scheduleToCloseTimeout: forMs,
      retry: { ...retry, nonRetryableErrorTypes },
      // Called off is only what has not begun; what has begun says how it ended.
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      summary,
    });
  return {
    findPolicy: local.findPolicy,
    planLevel: local.planLevel,
    planAssigned: local.planAssigned,
    /** Ends at the first try of which nothing is known; not once `earlier` says that there is one. */
    sendPage: (request: Parameters<PagingActivities['sendPage']>[0]) => {
      const leftMs = Math.max(LEAST_MS, sendForMs - (Date.now() - request.dueMs));
      const last = request.earlier === undefined ? [ATTEMPT_TIMED_OUT] : [];
      return send(`page ${request.place}`, leftMs, last).sendPage(request);
    },
    showStatus: (request: Parameters<PagingActivities['showStatus']>[0]) =>
      send(`show ${request.action} in ${request.channel}`, sendForMs).showStatus(request),
  };
}
