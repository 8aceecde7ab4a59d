import type { PolicySnapshot } from '../escalation/snapshot.ts';
import type { Paging } from './paging-file.ts';

/**
 * Whose clocks a policy is told by: those of the first schedule that it names, else of its business
 * hours, else UTC.
 */
export function zoneOf(
  { schedules, policies, businessHours }: Paging,
  { name, levels, overrides }: PolicySnapshot,
): string {
  const all = [levels, ...overrides.map((one) => one.levels ?? [])].flat();
  for (const { targets } of all) {
    for (const target of targets) {
      const zone = target.kind === 'schedule' ? schedules[target.name]?.timeZone : undefined;
      if (zone !== undefined) return zone;
    }
  }
  const hours = policies[name]?.businessHours ?? businessHours;
  return hours[0]?.timezone ?? 'UTC';
}
