import type { Roster } from '../escalation/plan-level.ts';
import { onCallAt } from '../oncall/on-call.ts';
import { opensAt } from '../release/time-of-day.ts';
import type { Paging } from './paging-file.ts';

/** What levels are planned by, from a paging file. */
export function rosterOf(paging: Paging): Roster {
  const { people, teams, channels, schedules, policies, businessHours } = paging;
  return {
    people,
    teams,
    channels,
    businessHours,
    hoursOf: (policy) =>
      Object.hasOwn(policies, policy) ? policies[policy]?.businessHours : undefined,
    onCall(name, atMs) {
      const schedule = Object.hasOwn(schedules, name) ? schedules[name] : undefined;
      return schedule === undefined ? null : onCallAt(schedule, atMs);
    },
    opensAt,
  };
}
