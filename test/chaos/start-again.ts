import { setTimeout as wait } from 'node:timers/promises';

const TRIES = 30;
const PAUSE_MS = 1000;

/**
 * Starts what was killed. On a busy machine, or while what it needs is away as well, that may fail
 * for a while; for longer it is an error, which carries the last one.
 */
export async function startAgain(
  what: string,
  start: () => Promise<void>,
  pauseMs = PAUSE_MS,
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await start();
    } catch (error) {
      if (tried === TRIES) {
        throw new Error(`${what} did not start in ${TRIES} tries, the last: ${String(error)}`, {
          cause: error,
        });
      }
    }
    await wait(pauseMs);
  }
}
