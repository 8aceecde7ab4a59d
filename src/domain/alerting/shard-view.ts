import { heldBack } from './held-back.ts';
import { carriedBytes } from './shard-codec.ts';
import { type Draft, draftOf, utf8Length } from './shard-draft.ts';
import type { Clocks, Group, Member, ShardState } from './shard-state.ts';
import type { GroupView, MemberView, ShardView } from './views.ts';

export interface ShardViewOptions {
  /** So many groups are listed at most, and so many alerts of each. */
  readonly limit: number;
  /** What is listed takes at most so many bytes of JSON; the rest is counted. */
  readonly bytesMax: number;
  readonly nowMs: number;
  readonly clocks: Clocks;
}

/** What a shard's state says of itself; of pages and warnings its workflow knows. */
export type StateView = Omit<ShardView, 'ledger' | 'ledgerDropped' | 'refused' | 'warnings'>;

/**
 * A shard as people see it: its groups in the order of their opening, of each the alerts that fire
 * before those that are over. What holds an alert back is what does so now, although its group has
 * not been looked at since. The alerts of no group are only counted.
 */
export function shardView(state: ShardState, options: ShardViewOptions): StateView {
  const draft = draftOf(state, options.nowMs, options.clocks);
  const groups: GroupView[] = [];
  let room = options.bytesMax;
  for (const group of state.groups.values()) {
    if (groups.length >= options.limit) break;
    const view = groupView(draft, group, options.limit, room);
    const bytes = utf8Length(JSON.stringify(view)) + 1;
    if (bytes > room) break;
    room -= bytes;
    groups.push(view);
  }
  return {
    ...{ shard: state.shard, shards: state.shards, version: state.version },
    ...{ bytes: carriedBytes(state), bytesLimit: state.bytesLimit },
    alerts: state.alerts.size,
    firing: [...state.alerts.values()].filter(({ isEnded }) => !isEnded).length,
    groups,
    moreGroups: state.groups.size - groups.length,
  };
}

/** What stands around the alerts of a group, its labels aside. */
const FRAME_BYTES = 1000;

function groupView(draft: Draft, group: Group, limit: number, bytesMax: number): GroupView {
  const { key, destination, labels, isStorm, openedAtMs, log, inFlight } = group;
  const paged = new Set(log?.firing);
  const all = [...group.members].toSorted(
    ([one, a], [other, b]) => Number(hasEnded(draft, one, a)) - Number(hasEnded(draft, other, b)),
  );
  const alerts: MemberView[] = [];
  let room = bytesMax - FRAME_BYTES - utf8Length(JSON.stringify(labels));
  for (const [fingerprint, member] of all.slice(0, limit)) {
    const view = memberView(draft, fingerprint, member, paged);
    if (view === null) continue;
    room -= utf8Length(JSON.stringify(view)) + 1;
    if (room < 0) break;
    alerts.push(view);
  }
  return {
    ...{ key, destination, labels, isStorm, openedAtMs },
    nextFlushAtMs: inFlight === null ? group.flushAtMs : null,
    lastPagedAtMs: log?.atMs ?? null,
    isUnderWay: inFlight !== null,
    ...{ alerts, more: group.members.size - alerts.length },
  };
}

function memberView(
  draft: Draft,
  fingerprint: string,
  member: Member,
  paged: ReadonlySet<string>,
): MemberView | null {
  const alert = draft.alerts.get(fingerprint)?.alert;
  if (alert === undefined) return null;
  return {
    ...alert,
    fingerprint,
    isEnded: hasEnded(draft, fingerprint, member),
    heldBy: heldBack(draft, alert.labels, member.routes),
    hasBeenPaged: paged.has(fingerprint),
  };
}

function hasEnded(draft: Draft, fingerprint: string, { isOver }: Member): boolean {
  return isOver || draft.alerts.get(fingerprint)?.isEnded === true;
}
