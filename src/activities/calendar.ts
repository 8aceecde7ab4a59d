import { freezeAt } from '../domain/release/freeze.ts';
import type { Freezes } from '../domain/release/freeze-window.ts';
import type { ActivityDeps } from './deps.ts';
import type { FreezeRequest } from './requests.ts';

/** What the calendar says: workflows do without its library. */
export function createCalendarActivities(deps: ActivityDeps) {
  return {
    /** The freeze that is open now, and the next one. */
    async findFreezes({ freezeWindows }: FreezeRequest): Promise<Freezes> {
      return freezeAt(freezeWindows, deps.clock.nowMs());
    },
  };
}
