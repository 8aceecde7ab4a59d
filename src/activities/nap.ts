import { Context, activityInfo } from '@temporalio/activity';
import type { Clock } from './clock.ts';

/** What waits for less than a second, for which Temporal's own timers are too coarse. */
export function createNap({ clock }: { readonly clock: Clock }) {
  return {
    /** Returns when it is `untilMs`; the wait counts from when the server has scheduled it. */
    async nap(untilMs: number): Promise<void> {
      const { scheduledTimestampMs } = activityInfo();
      const { cancellationSignal } = Context.current();
      await clock.pause(Math.max(0, untilMs - scheduledTimestampMs), cancellationSignal);
    },
  };
}
