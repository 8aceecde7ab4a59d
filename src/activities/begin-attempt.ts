import { Context, activityInfo } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Tried } from '../domain/escalation/ledger.ts';
import type { Clock } from './clock.ts';
import type { PagingDeps } from './paging-deps.ts';

const ANSWER_WITHIN_MS = 1000;

/** Of gRPC: the activity has been closed, by a time-out or with its workflow. */
const NOT_FOUND = 5;

/**
 * Tells Temporal directly what has been tried, and is told whether the activity is still wanted. The
 * worker's own heartbeats are held back for seconds and answer later: too late for a page.
 */
export function createAttemptLog(clock: Pick<Clock, 'nowMs'>): PagingDeps['temporal'] {
  return {
    async begin(attempts, signal) {
      if (signal.aborted && !isOfWorker(signal)) return false;
      const { connection, options } = Context.current().client;
      const { taskToken, attempt: tries } = activityInfo();
      const left: Tried = { attempts, tries };
      const asked = connection.withDeadline(clock.nowMs() + ANSWER_WITHIN_MS, () =>
        connection.workflowService.recordActivityTaskHeartbeat({
          taskToken,
          details: { payloads: [defaultPayloadConverter.toPayload(left)] },
          namespace: options.namespace,
        }),
      );
      try {
        const answer = await Promise.race([asked, after(ANSWER_WITHIN_MS)]);
        return answer?.cancelRequested !== true;
      } catch (error) {
        return !isGone(error);
      }
    },
  };
}

/** The worker ends: the activity is still wanted, and goes to its end. */
function isOfWorker({ reason }: AbortSignal): boolean {
  return reason instanceof Error && reason.message === 'WORKER_SHUTDOWN';
}

/** The connection tries again for longer than its deadline: a page does not wait for that. */
function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms).unref();
  });
}

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === NOT_FOUND;
}
