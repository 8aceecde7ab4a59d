import { answerInTime } from './answer-in-time.ts';
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

/** One that fails early waits out the second all the same, so that the tries are apart. */
async function answersInTime(clock: Clock, signal: AbortSignal): Promise<boolean> {
  const { kind } = await answerInTime(clock, ANSWER_WITHIN_MS, signal, (service) =>
    service.getSystemInfo({}).catch(() => new Promise<never>(() => undefined)),
  );
  return kind === 'answered';
}
