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
      const { connection } = Context.current().client;
      for (let tried = 1; ; tried += 1) {
        signal.throwIfAborted();
        const beganMs = clock.nowMs();
        try {
          await connection.withDeadline(beganMs + ANSWER_WITHIN_MS, () =>
            connection.workflowService.getSystemInfo({}),
          );
          return true;
        } catch {
          if (tried === TRIES) return false;
        }
        const restMs = beganMs + ANSWER_WITHIN_MS - clock.nowMs();
        await clock.pause(Math.max(0, restMs), signal);
      }
    },
  };
}
