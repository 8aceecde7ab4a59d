import { type Alert, isOver } from './alert.ts';
import type { Configuration } from './alerting-file.ts';
import { fingerprint as fingerprintOf } from './fingerprint.ts';
import { flushGroup, paged } from './flush-group.ts';
import { ASK_AGAIN_MS, beat, beatUnknown, watchHeartbeats } from './heartbeat.ts';
import { reconfigure } from './reconfigure.ts';
import { hasRoom, refuse, settleRoom } from './room.ts';
import { flushNow, flushSoon } from './schedule-flush.ts';
import { CLOCKS_APART_MS } from './last-message.ts';
import {
  ASKED_AFTER_MS,
  type Draft,
  TIME_BYTES,
  draftOf,
  grow,
  letGo,
  shrink,
  stateOfDraft,
  utf8Length,
} from './shard-draft.ts';
import type {
  Clocks,
  Early,
  Handed,
  HeldAlert,
  Outcome,
  Seen,
  ShardEvent,
  ShardState,
} from './shard-state.ts';
import { type Silence, stateOf } from './silence.ts';
import { bytesOfSilence } from './silences-full.ts';
import { stormTold } from './storm.ts';
import { settleSources, sourcesChanged, takeAlerts, takeOwnAlerts } from './take-alerts.ts';

/**
 * The alerting half of Belay as a pure state machine: `step(state, event, nowMs, clocks)` is the
 * new state and what is to be done. Nothing here reads a clock or waits.
 *
 * **How a shard workflow uses it.** There are `shards` of them, each `alerts/<shard>`:
 *
 * 1. It begins with `newShard`, or with `restored(carried, configuration)` after it has continued
 *    as new. It holds the state in a variable; `carried(state)` is what it hands to its next run,
 *    beside the configuration. That is at most `bytesLimit` bytes of JSON: alerts beyond it are in
 *    `refused`, and whoever asks must be told. `roomOf` says how much ingest may send; that is
 *    less, so that what has been accepted is not refused when it is handed over.
 * 2. Everything that comes is an event, one after the other, with the workflow's own time.
 * 3. What comes out is carried out, and answered by further events:
 *    - `pages`: one activity for each channel and batch of them, one entry of the ledger for each;
 *      a page to a policy opens, updates or (`firing` empty) resolves the incident whose key is
 *      `group`. Then `paged`, for all of a batch. Until then its group is not paged again, so a page that is
 *      neither told as arrived nor as failed holds its group up.
 *    - `ask`: the ends of these alerts have come, or no signal of a heartbeat. The store of last
 *      messages is asked, then `seen`; `unknown` means still firing, and it is asked again.
 *    - `passOn`: `alerts` for another shard, with this shard's version.
 *    - `steer`: a firing alert stops the release of its service, without waiting for its group.
 *    - `opened`: for the coordinator, who counts them by `counted` and sends `storm` to all shards.
 *    - `wakeAtMs`: the one timer to set; then `time`.
 * 4. The coordinator owns configuration (its versions only grow) and silences, and sends both to
 *    every shard. It begins no version before every shard has taken the last one and all that was
 *    to be passed on has arrived: if versions overtake each other no alert is lost, but one may be
 *    in two groups. Ingest shares alerts out by `ownersOf` once all have confirmed a version. It sends
 *    what is news by `isNews`; all else is only noted in the store, and enters no history.
 *
 * **What is promised.** Each firing alert is in one group for each destination; one that nothing
 * holds back is in its group's next page. The key of a group depends on its destination and labels
 * alone. No group is paged twice within its repeat interval without a named reason.
 */
export function step(
  state: ShardState,
  event: ShardEvent,
  nowMs: number,
  clocks: Clocks,
): { readonly state: ShardState; readonly outcome: Outcome } {
  const draft = draftOf(state, nowMs, clocks);
  take(draft, event);
  settleSources(draft);
  look(draft);
  settleRoom(draft);
  return { state: stateOfDraft(draft), outcome: { ...draft.out, wakeAtMs: wakeAtMs(draft) } };
}

export interface NewShard {
  readonly shard: number;
  readonly shards: number;
  readonly version: number;
  readonly configuration: Configuration;
  readonly bytesLimit: number;
}

/** What a shard takes that knows of nothing. */
const FRAME_BYTES = 500;

/** A shard that knows of nothing yet; its heartbeats count from now. */
export function newShard(from: NewShard, nowMs: number, clocks: Clocks): ShardState {
  const empty: ShardState = {
    ...from,
    ...{ alerts: new Map(), groups: new Map(), silences: new Map(), stays: new Map() },
    early: [],
    ...{ storms: new Map(), heartbeats: new Map(), pages: 0, refused: [] },
    ...{ bytesAtMost: FRAME_BYTES, bytesChanged: 0, baseMs: nowMs, reloadedAtMs: null },
  };
  const draft = draftOf(empty, nowMs, clocks);
  watchHeartbeats(draft, {});
  return stateOfDraft(draft);
}

function take(draft: Draft, event: ShardEvent): void {
  switch (event.kind) {
    case 'time':
      return;
    case 'alerts':
      return takeBatch(draft, event);
    case 'silences':
      for (const silence of event.silences) takeSilence(draft, silence);
      return;
    case 'configuration':
      reconfigure(draft, event.version, event.configuration);
      return takeEarly(draft);
    case 'paged':
      for (const end of event.pages) paged(draft, end);
      return;
    case 'seen':
      return takeSeen(draft, event.seen);
    case 'storm':
      return stormTold(draft, event);
    default:
      event satisfies never;
  }
}

/** Of the frame of a batch, at most for each of its alerts. */
const EARLY_BYTES = 30;

/**
 * One that was shared out by a configuration that is on its way here waits for that. An end of what waits
 * is taken now and after that once more: what waits would fire by itself.
 */
function takeBatch(draft: Draft, { version, alerts }: Early): void {
  if (version > draft.version) return waitFor(draft, version, alerts);
  takeAlerts(draft, alerts, version);
  if (draft.early.length === 0) return;
  const ends = alerts.filter(
    ({ alert }) => isOver(alert, draft.nowMs) && waits(draft, fingerprintOf(alert.labels)),
  );
  waitFor(draft, version, ends);
}

function waitFor(draft: Draft, version: number, alerts: readonly Handed[]): void {
  const kept: Handed[] = [];
  draft.early = [...draft.early, { version, alerts: kept }];
  for (const handed of alerts) {
    const one = keptOf(draft, handed);
    if (one !== null) kept.push(one);
  }
  if (kept.length === 0) draft.early = draft.early.slice(0, -1);
}

/** Null, there is no room for it. An end needs no texts: they are those that its alert has. */
function keptOf(draft: Draft, handed: Handed): Handed | null {
  const { alert } = handed;
  const isEnd = isOver(alert, draft.nowMs);
  const needed = isEnd
    ? { ...handed, alert: { ...alert, annotations: {}, generatorUrl: null } }
    : handed;
  const kept = hasRoom(draft, earlyBytes(handed)) ? handed : needed;
  const bytes = earlyBytes(kept);
  const key = fingerprintOf(alert.labels);
  if (!hasRoom(draft, bytes) && !(isEnd && isKnown(draft, key))) {
    // An end of what is not known is nothing to anybody.
    if (!isEnd) refuse(draft, key);
    return null;
  }
  grow(draft, bytes);
  return kept;
}

function isKnown(draft: Draft, key: string): boolean {
  return draft.alerts.has(key) || waits(draft, key);
}

function waits({ early }: Draft, key: string): boolean {
  return early.some(({ alerts }) =>
    alerts.some(({ alert }) => fingerprintOf(alert.labels) === key),
  );
}

function earlyBytes(handed: Handed): number {
  return utf8Length(JSON.stringify(handed)) + EARLY_BYTES;
}

function takeEarly(draft: Draft): void {
  const waiting = draft.early;
  draft.early = [];
  for (const { alerts } of waiting) {
    for (const handed of alerts) shrink(draft, earlyBytes(handed));
  }
  for (const batch of waiting) takeBatch(draft, batch);
}

function takeSilence(draft: Draft, silence: Silence): void {
  const before = draft.silences.get(silence.id);
  if (before !== undefined && before.updatedAtMs > silence.updatedAtMs) return;
  const { nowMs } = draft;
  const wasActive = before !== undefined && stateOf(before, nowMs) === 'active';
  if (before !== undefined) shrink(draft, bytesOfSilence(before));
  if (stateOf(silence, nowMs) === 'expired') draft.silences.delete(silence.id);
  else {
    draft.silences.set(silence.id, silence);
    grow(draft, bytesOfSilence(silence));
  }
  if (wasActive && stateOf(silence, nowMs) !== 'active') lookAtSilenced(draft);
}

/** What a silence held back is looked at again at once. */
function lookAtSilenced(draft: Draft): void {
  for (const [key, { members }] of draft.groups) {
    for (const { heldBy } of members.values()) {
      if (heldBy !== 'silence') continue;
      flushNow(draft, key);
      break;
    }
  }
}

type SeenAlert = Extract<Seen, { readonly kind: 'alert' }>;

function takeSeen(draft: Draft, seen: readonly Seen[]): void {
  const own: Alert[] = [];
  for (const one of seen) {
    if (one.kind === 'alert') {
      seenAlert(draft, one);
      continue;
    }
    const isUnknown = one.atMs === 'unknown';
    const alert = isUnknown ? beatUnknown(draft, one.name) : beat(draft, one.name, one.atMs);
    if (alert !== null) own.push(alert);
  }
  takeOwnAlerts(draft, own);
}

function seenAlert(draft: Draft, { fingerprint, endsAtMs, askedAtMs }: SeenAlert): void {
  const { nowMs } = draft;
  const held = draft.alerts.get(fingerprint);
  if (held === undefined || held.isEnded) return;
  if (endsAtMs === 'unknown') {
    askAgain(draft, fingerprint, held);
    return;
  }
  // An end that was told after all that has come here, by a message that went astray in a reload. What
  // was sent after the store was asked is not news there, and so must not be over here.
  const { updatedAtMs } = held.alert;
  const isToldEnd =
    endsAtMs <= nowMs && endsAtMs >= updatedAtMs && updatedAtMs < (askedAtMs ?? -Infinity);
  const last = isToldEnd ? endsAtMs : Math.max(endsAtMs, held.alert.endsAtMs);
  const alert = { ...held.alert, endsAtMs: last };
  // How long before its end the store was asked: it may have been sent again since.
  const tooSoonMs = last - (askedAtMs ?? nowMs);
  const isAnswer = tooSoonMs <= CLOCKS_APART_MS;
  const isEnded = last <= nowMs && isAnswer;
  const isLast = isEnded || !isOvertaken(draft, askedAtMs);
  const againMs = last > nowMs || isAnswer ? null : nowMs + Math.min(tooSoonMs, ASK_AGAIN_MS);
  const askAtMs = isLast ? againMs : held.askAtMs;
  if (held.askAtMs !== null) shrink(draft, TIME_BYTES);
  if (askAtMs !== null) grow(draft, TIME_BYTES);
  draft.alerts.set(fingerprint, { ...held, alert, isEnded, askAtMs });
  if (!isEnded) return;
  if (held.isSource) sourcesChanged(draft);
  for (const key of held.groups) flushSoon(draft, key);
  letGo(draft, fingerprint);
}

/** Asked before all that a reload has on its way had come: it is asked once more. */
function isOvertaken({ reloadedAtMs }: Draft, askedAtMs: number | undefined): boolean {
  if (reloadedAtMs === null || askedAtMs === undefined) return false;
  return askedAtMs < reloadedAtMs + ASKED_AFTER_MS;
}

function askAgain(draft: Draft, fingerprint: string, held: HeldAlert): void {
  if (held.askAtMs === null) grow(draft, TIME_BYTES);
  draft.alerts.set(fingerprint, { ...held, askAtMs: draft.nowMs + ASK_AGAIN_MS });
}

/** At most so many are asked after by one event; the others by the next one. */
const ASK_MAX = 1000;

/** All that time alone brings. */
function look(draft: Draft): void {
  const { nowMs, silences, out } = draft;
  const over = [...silences.values()].filter((one) => stateOf(one, nowMs) === 'expired');
  for (const silence of over) {
    silences.delete(silence.id);
    shrink(draft, bytesOfSilence(silence));
  }
  if (over.length > 0) lookAtSilenced(draft);
  for (const [fingerprint, held] of draft.alerts) {
    if (held.isEnded || (held.askAtMs ?? held.alert.endsAtMs) > nowMs) continue;
    if (out.ask.length >= ASK_MAX) break;
    out.ask.push({ kind: 'alert', fingerprint });
    askAgain(draft, fingerprint, held);
  }
  for (const [name, one] of draft.heartbeats) {
    if (one.askAtMs > nowMs) continue;
    out.ask.push({ kind: 'heartbeat', name });
    draft.heartbeats.set(name, { ...one, askAtMs: nowMs + ASK_AGAIN_MS });
  }
  const due = [...draft.groups.values()]
    .filter(
      ({ flushAtMs, inFlight }) => flushAtMs !== null && flushAtMs <= nowMs && inFlight === null,
    )
    .toSorted((one, other) => (one.flushAtMs ?? 0) - (other.flushAtMs ?? 0));
  for (const { key } of due) flushGroup(draft, key);
}

const FOR_EVER_MS = 8_640_000_000_000_000;

function wakeAtMs(draft: Draft): number | null {
  let soonest = FOR_EVER_MS;
  for (const { flushAtMs, inFlight } of draft.groups.values()) {
    if (flushAtMs !== null && inFlight === null) soonest = Math.min(soonest, flushAtMs);
  }
  for (const { endsAtMs } of draft.silences.values()) soonest = Math.min(soonest, endsAtMs);
  for (const { isEnded, askAtMs, alert } of draft.alerts.values()) {
    if (!isEnded) soonest = Math.min(soonest, askAtMs ?? alert.endsAtMs);
  }
  for (const { askAtMs } of draft.heartbeats.values()) soonest = Math.min(soonest, askAtMs);
  return soonest === FOR_EVER_MS ? null : Math.max(soonest, draft.nowMs);
}
