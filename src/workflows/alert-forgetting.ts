import { log } from '@temporalio/workflow';
import type { Forgetting } from '../domain/alerting/shard-state.ts';
import type { alertActivitiesFor } from './alert-activities.ts';
import { failureOf } from './failure.ts';

/** What the store of last messages is to take for news, until it has; the next run asks again. */
export function createForgetting(
  act: ReturnType<typeof alertActivitiesFor>,
  carried: readonly Forgetting[],
) {
  const pending = new Set<Forgetting>();

  function forgetSoon(what: Forgetting): void {
    pending.add(what);
    void act.forgetFiring(what).then(
      () => pending.delete(what),
      (error: unknown) => log.warn(failureOf(error).message),
    );
  }

  return {
    begin(): void {
      for (const what of carried) forgetSoon(what);
    },
    forgetSoon,
    pending: (): readonly Forgetting[] => [...pending],
  };
}
