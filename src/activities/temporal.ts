import { Context } from '@temporalio/activity';
import type { Clock } from './clock.ts';
import type { ActivityDeps } from './deps.ts';

const TRIES = 3;
const ANSWER_WITHIN_MS = 1000;

/**
 * Asks the server that the worker itself is connected to. Any error counts as away: whatever keeps
 * this question from being answered also keeps the end of an activity from being reported.
 */
export function createTemporalCheck(clock: Clock): ActivityDeps['temporal'] {
  return {
    async isReachable(signal) {
      for (let tried = 0; tried < TRIES; tried += 1) {
        signal.throwIfAborted();
        if (await answersInTime(clock, signal)) return true;
      }
      return false;
    },
  };
}

/**
 * The worker's connection tries a call again for some 10 s by itself, whatever its deadline: so it
 * is not waited for, and let go at the end of the second.
 */
async function answersInTime(clock: Clock, signal: AbortSignal): Promise<boolean> {
  const { connection } = Context.current().client;
  const over = new AbortController();
  const answer = connection
    .withAbortSignal(over.signal, () =>
      connection.withDeadline(clock.nowMs() + ANSWER_WITHIN_MS, () =>
        connection.workflowService.getSystemInfo({}),
      ),
    )
    .then(() => true);
  // One that fails early waits out the second all the same, so that the tries are apart.
  const answered = answer.catch(() => new Promise<boolean>(() => undefined));
  try {
    const limit = AbortSignal.any([signal, over.signal]);
    const late = clock.pause(ANSWER_WITHIN_MS, limit).then(() => false);
    return await Promise.race([answered, late]);
  } finally {
    over.abort();
  }
}
