import { formatDuration } from '../../quantity.ts';
import type { Paging } from '../paging-file.ts';
import type { Finding } from './finding.ts';
import { type Course, type PersonsBehind, coursesOf } from './levels-of.ts';

/** Rules of people that a policy is over before: the page that they ask for never comes by it. */
export function lateRules(paging: Paging, behind: PersonsBehind): readonly Finding[] {
  const left = timeLeft(coursesOf(paging), behind);
  return Object.entries(paging.people).flatMap(([name, { notify }]) => {
    const policies = left.get(name) ?? new Map<string, number>();
    return notify.flatMap(({ contact, afterMs }, index): readonly Finding[] => {
      const over = [...policies].filter(([, leftMs]) => afterMs > leftMs);
      if (over.length === 0) return [];
      const where = over.map(([policy, leftMs]) => `${policy} (after ${formatDuration(leftMs)})`);
      return [
        {
          severity: 'warning',
          rule: 'late-rule',
          path: ['people', name, 'notify', index],
          message:
            `${contact} after ${formatDuration(afterMs)} never comes, as nobody is waited for so ` +
            `long by ${where.join(', ')}: shorten it, or let the policy wait longer`,
        },
      ];
    });
  });
}

/** Of each person the longest time from a page to the end of a policy, by the policy's name. */
function timeLeft(
  courses: readonly Course[],
  behind: PersonsBehind,
): ReadonlyMap<string, Map<string, number>> {
  const left = new Map<string, Map<string, number>>();
  for (const { policy, levels, repeat } of courses) {
    const roundMs = levels.reduce((sum, { waitMs }) => sum + waitMs, 0);
    let beforeMs = 0;
    for (const { targets, channels, waitMs } of levels) {
      const leftMs = roundMs * (1 + repeat) - beforeMs;
      beforeMs += waitMs;
      // A level with channels of its own does not ask for their rules.
      for (const person of channels.length > 0 ? [] : targets.flatMap(behind)) {
        const policies = left.get(person) ?? new Map<string, number>();
        policies.set(policy, Math.max(leftMs, policies.get(policy) ?? 0));
        left.set(person, policies);
      }
    }
  }
  return left;
}
