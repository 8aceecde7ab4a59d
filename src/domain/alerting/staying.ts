import type { Destination, GroupRef } from './group-key.ts';
import type { Labels } from './labels.ts';
import { groupsFor } from './routing.ts';
import { type Draft, isPaged, isSame } from './shard-draft.ts';
import type { Group } from './shard-state.ts';

/** The groups of a destination that an alert is in here, and not over in. */
export function groupsAt(
  draft: Draft,
  fingerprint: string,
  destination: Destination,
): readonly Group[] {
  const keys = draft.alerts.get(fingerprint)?.groups ?? [];
  return keys.flatMap((key) => {
    const group = draft.groups.get(key);
    const isThere = group?.members.get(fingerprint)?.isOver === false;
    return isThere && isSame(group.destination, destination) ? [group] : [];
  });
}

/**
 * The group of a destination that an alert stays in although its labels make others of it now: of an
 * older configuration, or of a storm. It stands for all that it would be in there.
 */
export function stayingAt(
  draft: Draft,
  fingerprint: string,
  destination: Destination,
): Group | undefined {
  const groups = groupsAt(draft, fingerprint, destination);
  const held = draft.alerts.get(fingerprint);
  if (groups.length === 0 || held === undefined) return undefined;
  const wanted = groupsFor(draft.configuration, held.alert.labels).map(({ key }) => key);
  return groups.find(({ key }) => !wanted.includes(key));
}

/** All routes that lead an alert to a destination, whatever groups they make. */
export function routesTo(wanted: readonly GroupRef[], destination: Destination): readonly number[] {
  const found = wanted.filter((ref) => isSame(ref.destination, destination));
  return [...new Set(found.flatMap(({ routes }) => routes))];
}

/** The same by the configuration of the shard. */
export function routesOf(
  { configuration }: Draft,
  labels: Labels,
  destination: Destination,
): readonly number[] {
  return routesTo(groupsFor(configuration, labels), destination);
}

/** A page has told that an alert fires in a group, is telling it, or may have. */
export function isTold(draft: Draft, group: Group, fingerprint: string): boolean {
  const mayBeTold = group.members.get(fingerprint)?.mayBeTold === true;
  return mayBeTold || isPaged(draft, group, fingerprint);
}
