import type { Alert } from './alert.ts';
import type { Configuration } from './alerting-file.ts';
import { BATCH_BYTES_MAX, inBatches } from './batches.ts';
import { isOver } from './alert.ts';
import { ownersOf } from './owners.ts';
import type { GroupRef } from './group-key.ts';
import { groupsFor } from './routing.ts';
import { bytesOfRoutes, utf8Length } from './shard-draft.ts';
import type { Handed } from './shard-state.ts';

/** An alert, the shards that it goes to, and the room that each of them needs for it. */
export interface Share {
  readonly handed: Handed;
  readonly shards: readonly number[];
  /** At most so many bytes; 0, it is over, and whoever holds it needs no more for that. */
  readonly bytes: number;
}

/** Of each group that an alert may open, beside its labels. */
const GROUP_BYTES = 400;

/** To whom an alert goes that is news. */
export function shareOut(
  configuration: Configuration,
  shards: number,
  alert: Alert,
  nowMs: number,
): Share {
  const handed: Handed = { alert, groups: null, stays: [] };
  const groups = groupsFor(configuration, alert.labels);
  return {
    handed,
    shards: ownersOf(configuration, alert.labels, shards, groups),
    bytes: isOver(alert, nowMs) ? 0 : roomFor(groups, handed),
  };
}

/** Whether no signal can carry it. */
export function isTooLarge(handed: Handed): boolean {
  return inBatches([handed], BATCH_BYTES_MAX).tooLarge.length > 0;
}

/**
 * The shares that every one of their shards has room for, and the others, both in their order. The
 * room of those that fit is taken from `left`; nothing of a shard that is missing there is known.
 */
export function fitting<One extends Share>(
  shares: readonly One[],
  left: ReadonlyMap<number, number>,
): { readonly fit: readonly One[]; readonly rest: readonly One[] } {
  const still = new Map(left);
  const fit: One[] = [];
  const rest: One[] = [];
  for (const share of shares) {
    const { shards, bytes } = share;
    if (bytes > 0 && shards.some((shard) => (still.get(shard) ?? 0) < bytes)) {
      rest.push(share);
      continue;
    }
    for (const shard of shards) still.set(shard, (still.get(shard) ?? 0) - bytes);
    fit.push(share);
  }
  return { fit, rest };
}

function roomFor(groups: readonly GroupRef[], handed: Handed): number {
  return groups.reduce(
    (sum, { labels, routes }) =>
      sum + GROUP_BYTES + utf8Length(JSON.stringify(labels)) + bytesOfRoutes(routes),
    utf8Length(JSON.stringify(handed)),
  );
}
