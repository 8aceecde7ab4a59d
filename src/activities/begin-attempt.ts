import { Context, activityInfo } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import { answerInTime } from './answer-in-time.ts';
import type { Clock } from './clock.ts';
import type { PagingDeps } from './paging-deps.ts';

const ANSWER_WITHIN_MS = 1000;

/** Of gRPC: the activity has been closed, by a time-out or with its workflow. */
const NOT_FOUND = 5;

/**
 * Tells Temporal directly what has been tried, and is told whether the activity is still wanted. The
 * worker's own heartbeats are held back for seconds and answer later: too late for a page.
 */
export function createAttemptLog(clock: Clock): PagingDeps['temporal'] {
  return {
    async begin(tried, signal) {
      if (signal.aborted && !isOfWorker(signal)) return false;
      const { namespace } = Context.current().client.options;
      const { taskToken, attempt: tries } = activityInfo();
      const left = { ...tried, tries };
      // What has been tried is left there whatever becomes of the activity meanwhile.
      const { signal: never } = new AbortController();
      const details = { payloads: [defaultPayloadConverter.toPayload(left)] };
      try {
        const asked = await answerInTime(clock, ANSWER_WITHIN_MS, never, (service) =>
          service.recordActivityTaskHeartbeat({ taskToken, details, namespace }),
        );
        return asked.kind === 'late' || asked.answer.cancelRequested !== true;
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

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === NOT_FOUND;
}
