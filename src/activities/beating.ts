import { Context } from '@temporalio/activity';

/** Well below the heartbeat timeout of 5 s, so that one late beat does not end the activity. */
const BEAT_EVERY_MS = 1000;

/**
 * Runs `work` with a steady heartbeat: Temporal learns within seconds that a worker has died, and
 * `work` learns by its signal that it is no longer wanted. `details` are what the next attempt
 * begins from.
 */
export async function beating<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  details: () => unknown = () => undefined,
): Promise<Result> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(details()), BEAT_EVERY_MS);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
