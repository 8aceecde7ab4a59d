import type { GroupRef } from './group-key.ts';
import { bytesForSilences } from './limits.ts';
import { bytesHeld } from './shard-codec.ts';
import { type Draft, bytesOfMember, shrink, stateOfDraft } from './shard-draft.ts';
import type { ShardState } from './shard-state.ts';
import { bytesOfSilences } from './silences-full.ts';

/**
 * A shard has two limits. Ingest sends it no new alert that `roomOf` has no room for; what is left
 * above that is for what has been accepted already: alerts that ingest sent at the same time, those
 * that other shards hand over by a new configuration or in a storm, and what pages add. None of it
 * takes what silences may: these are never refused by a shard, as the coordinator limits them.
 */
const SOFT_PERCENT = 80;
/** The state is measured again once so much has come or gone, as measuring takes long: before … */
const REFUSE_PERCENT = 2;
/** … an alert is refused, and so that `roomOf` is right. */
const TELL_PERCENT = 5;
/** Of those that were refused one is known by name for so many bytes: 100 of a megabyte. */
const BYTES_PER_REFUSED = 10_000;
/** What one of them takes as JSON, at most. */
const REFUSED_BYTES = 60;

/** How many bytes of new alerts ingest may send; never more than there is room for. */
export function roomOf(state: Pick<ShardState, 'bytesAtMost' | 'bytesLimit'>): number {
  return Math.max(0, softLimit(state) - state.bytesAtMost);
}

/** Whether so many bytes can be held; may measure, and so correct, what is held. */
export function hasRoom(draft: Draft, bytes: number): boolean {
  const forSilences = bytesForSilences(draft.bytesLimit);
  const most = draft.bytesLimit - refusedMax(draft) * REFUSED_BYTES - forSilences;
  // All but a nearly full one need no look at its silences.
  if (draft.bytesAtMost + bytes <= most) return true;
  const left = most + Math.min(forSilences, bytesOfSilences(draft.silences.values()));
  if (draft.bytesAtMost + bytes <= left) return true;
  measure(draft, REFUSE_PERCENT);
  return draft.bytesAtMost + bytes <= left;
}

/** Whether an alert can be in a group, which may have to be opened for it. */
export function hasRoomFor(draft: Draft, ref: GroupRef): boolean {
  return hasRoom(draft, bytesOfMember(ref, !draft.groups.has(ref.key)));
}

/** So that `roomOf` needs no measure: to be called when an event has been worked in. */
export function settleRoom(draft: Draft): void {
  if (draft.bytesAtMost > softLimit(draft) / 2) measure(draft, TELL_PERCENT);
}

function softLimit({ bytesLimit }: Pick<ShardState, 'bytesLimit'>): number {
  return Math.floor((bytesLimit * SOFT_PERCENT) / 100);
}

function refusedMax({ bytesLimit }: Pick<ShardState, 'bytesLimit'>): number {
  return Math.floor(bytesLimit / BYTES_PER_REFUSED);
}

function measure(draft: Draft, percent: number): void {
  if (draft.bytesChanged * 100 < draft.bytesLimit * percent) return;
  draft.bytesAtMost = bytesHeld(stateOfDraft(draft));
  draft.bytesChanged = 0;
}

/** There is no room for an alert that fires: it is not held, and whoever asks is told so. */
export function refuse(draft: Draft, fingerprint: string): void {
  const why = `this shard holds as much as it may: ${draft.bytesLimit} bytes`;
  draft.out.refused.push({ fingerprint, why });
  const others = draft.refused.filter((one) => one.fingerprint !== fingerprint);
  const all = [...others, { fingerprint, atMs: draft.nowMs }];
  draft.refused = all.slice(Math.max(0, all.length - refusedMax(draft)));
}

/** It is held now, whatever was refused before. */
export function taken(draft: Draft, fingerprint: string): void {
  if (!draft.refused.some((one) => one.fingerprint === fingerprint)) return;
  draft.refused = draft.refused.filter((one) => one.fingerprint !== fingerprint);
  shrink(draft, REFUSED_BYTES);
}
