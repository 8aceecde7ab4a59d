import {
  type Destination,
  type GroupRef,
  destinationText,
  stormRef,
  stormShardOf,
} from './group-key.ts';
import type { StormLimit } from './route.schema.ts';
import { hasRoom, hasRoomFor } from './room.ts';
import { flushFirst, flushSoon } from './schedule-flush.ts';
import {
  type Draft,
  TIME_BYTES,
  bytesOfStays,
  closeIfEmpty,
  grow,
  isSame,
  join,
  leave,
  shrink,
} from './shard-draft.ts';
import type { Group, Storm } from './shard-state.ts';

export const CALM: Storm = { openedAtMs: [], untilMs: null };

/**
 * What follows from new groups, which are counted within the last time: more than the limit is a
 * storm, and it lasts until no new group has come for that time. Also for whoever counts the groups
 * of all shards together.
 */
export function counted(
  storm: Storm,
  openedAtMs: readonly number[],
  { above, withinMs }: StormLimit,
  nowMs: number,
): Storm {
  const lately = [...storm.openedAtMs, ...openedAtMs].filter((ms) => ms > nowMs - withinMs);
  const isOn = isStormy(storm, nowMs) ? openedAtMs.length > 0 : lately.length > above;
  return {
    openedAtMs: lately.slice(-above - 1),
    untilMs: isOn ? nowMs + withinMs : isStormy(storm, nowMs) ? storm.untilMs : null,
  };
}

export function isStormy({ untilMs }: Storm, nowMs: number): boolean {
  return untilMs !== null && untilMs > nowMs;
}

/** How the storms of a route at a destination are known. */
export function stormId(of: number, destination: Destination): string {
  return `${of} ${destinationText(destination)}`;
}

/**
 * Where an alert goes that would open a new group: into it, or where a storm takes all of them
 * together. The groups that made it a storm go with it, unless they have been looked at already.
 */
export function afterStorm(draft: Draft, ref: GroupRef): GroupRef {
  const limit = limitOf(draft, ref.routes);
  if (limit === null || ref.isStorm) return ref;
  const { nowMs, shards } = draft;
  const id = stormId(limit.of, ref.destination);
  const before = draft.storms.get(id) ?? CALM;
  if (shards > 1) {
    draft.out.opened.push({ of: limit.of, destination: ref.destination });
    return isStormy(before, nowMs) ? stormRef(ref.destination, ref.routes) : ref;
  }
  const after = counted(before, [nowMs], limit, nowMs);
  note(draft, id, after);
  if (!isStormy(after, nowMs)) return ref;
  if (!isStormy(before, nowMs)) gather(draft, limit.of, ref.destination);
  return stormRef(ref.destination, ref.routes);
}

/** All shards together have opened too many groups, says whoever counts them. */
export function stormTold(
  draft: Draft,
  told: { readonly of: number; readonly destination: Destination; readonly untilMs: number },
): void {
  const id = stormId(told.of, told.destination);
  const before = draft.storms.get(id) ?? CALM;
  note(draft, id, { ...before, untilMs: told.untilMs });
  if (isStormy(before, draft.nowMs) || told.untilMs <= draft.nowMs) return;
  gather(draft, told.of, told.destination);
}

function note(draft: Draft, id: string, storm: Storm): void {
  const before = draft.storms.get(id);
  if (before === undefined) grow(draft, STORM_BYTES + id.length * 2);
  const more = storm.openedAtMs.length - (before?.openedAtMs.length ?? 0);
  if (more > 0) grow(draft, TIME_BYTES * more);
  else shrink(draft, TIME_BYTES * -more);
  draft.storms.set(id, storm);
}

/** Forgets all of them: another configuration may limit others. */
export function clearStorms(draft: Draft): void {
  for (const [id, { openedAtMs }] of draft.storms) {
    shrink(draft, STORM_BYTES + id.length * 2 + TIME_BYTES * openedAtMs.length);
  }
  draft.storms.clear();
}

/** What they take as JSON, at most. */
const STORM_BYTES = 100;

/** Takes the groups of a route that nobody has been told of into the one of the storm. */
function gather(draft: Draft, of: number, destination: Destination): void {
  for (const [key, group] of [...draft.groups]) {
    if (!isUntold(group) || !isSame(group.destination, destination)) continue;
    for (const [fingerprint, { routes }] of [...group.members]) {
      if (limitOf(draft, routes)?.of !== of) continue;
      leaveForStorm(draft, fingerprint, group, routes);
    }
    closeIfEmpty(draft, key);
  }
}

function isUntold({ isStorm, flushedAtMs, inFlight, log }: Group): boolean {
  return !isStorm && flushedAtMs === null && inFlight === null && log === null;
}

function leaveForStorm(
  draft: Draft,
  fingerprint: string,
  { key, destination, flushAtMs }: Group,
  routes: readonly number[],
): void {
  const held = draft.alerts.get(fingerprint);
  if (held === undefined) return;
  const ref = stormRef(destination, routes);
  if (intoStorm(draft, fingerprint, ref, flushAtMs ?? undefined)) leave(draft, fingerprint, key);
}

/**
 * Into the storm's group, here or in the shard that owns it; false where there is no room for that.
 * `dueAtMs`: by when it was to be paged alone.
 */
export function intoStorm(
  draft: Draft,
  fingerprint: string,
  ref: GroupRef,
  dueAtMs?: number,
): boolean {
  const held = draft.alerts.get(fingerprint);
  if (held === undefined) return false;
  const owner = stormShardOf(ref.destination, draft.shards);
  if (owner !== draft.shard) {
    const stay = { shard: owner, version: draft.version, ref };
    if (!hasRoom(draft, bytesOfStays([stay]))) return false;
    draft.stays.set(fingerprint, [...(draft.stays.get(fingerprint) ?? []), stay]);
    grow(draft, bytesOfStays([stay]));
    const handed = { alert: held.alert, groups: [ref], stays: [], dueAtMs };
    draft.out.passOn.push({ shard: owner, handed });
    return true;
  }
  if (!hasRoomFor(draft, ref)) return false;
  join(draft, fingerprint, ref);
  flushFirst(draft, ref.key, ref.routes, { sinceMs: held.alert.startsAtMs, dueAtMs });
  flushSoon(draft, ref.key);
  return true;
}

function limitOf(
  { configuration }: Draft,
  routes: readonly number[],
): (StormLimit & { readonly of: number }) | null {
  for (const at of routes) {
    const limit = configuration.routes[at]?.storm ?? null;
    if (limit !== null) return limit;
  }
  return null;
}
