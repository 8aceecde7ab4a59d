import { type Alert, isOver, merged } from './alert.ts';
import { fingerprint as fingerprintOf } from './fingerprint.ts';
import { type GroupRef, shardOf } from './group-key.ts';
import { beat, beatsOf, isOrphan } from './heartbeat.ts';
import { canInhibit } from './inhibition.ts';
import { ownersOf } from './owners.ts';
import { hasRoom, hasRoomFor, refuse, taken } from './room.ts';
import { groupsFor } from './routing.ts';
import { type Waiting, flushFirst, flushSoon } from './schedule-flush.ts';
import {
  type Draft,
  TIME_BYTES,
  askSoon,
  bytesOf,
  bytesOfStays,
  changeMember,
  forgetStays,
  grow,
  isSame,
  join,
  letGo,
  shrink,
  takeOut,
} from './shard-draft.ts';
import type { Handed, HeldAlert } from './shard-state.ts';
import { groupsAt, isTold, routesOf, stayingAt } from './staying.ts';
import { steer } from './steer.ts';
import { afterStorm, intoStorm } from './storm.ts';

/** Takes a batch. `version`: of the configuration that it was shared out by. */
export function takeAlerts(draft: Draft, batch: readonly Handed[], version: number): void {
  const touched = new Set<string>();
  const found: string[] = [];
  for (const handed of batch) {
    const signal = signalOf(draft, handed.alert);
    if (signal !== null) {
      if (signal.alert !== null) takeOwn(draft, signal.alert, found, touched);
      continue;
    }
    takeOne(draft, handed, version, found, touched);
  }
  settle(draft, found, touched);
}

/** Takes alerts of Belay's own, which go where its configuration says. */
export function takeOwnAlerts(draft: Draft, alerts: readonly Alert[]): void {
  const touched = new Set<string>();
  const found: string[] = [];
  for (const alert of alerts) takeOwn(draft, alert, found, touched);
  settle(draft, found, touched);
}

function settle(draft: Draft, found: readonly string[], touched: ReadonlySet<string>): void {
  for (const key of touched) flushSoon(draft, key);
  // Traffic comes before pages: what stops a release does not wait for the group.
  for (const fingerprint of found) steer(draft, fingerprint);
}

/** An alert that is a heartbeat's signal is nothing else; it may end the one about the heartbeat. */
function signalOf(draft: Draft, alert: Alert): { readonly alert: Alert | null } | null {
  if (isOver(alert, draft.nowMs)) return null;
  const names = beatsOf(draft.configuration.heartbeats, alert.labels);
  if (names.length === 0) return null;
  let ended: Alert | null = null;
  for (const name of names) ended = beat(draft, name, alert.updatedAtMs) ?? ended;
  return { alert: ended };
}

function takeOwn(draft: Draft, alert: Alert, found: string[], touched: Set<string>): void {
  takeOne(draft, { alert, groups: null, stays: [] }, OWN_VERSION, found, touched);
}

/** As if it had been shared out by an older configuration: what is not this shard's is passed on. */
const OWN_VERSION = -1;

function takeOne(
  draft: Draft,
  handed: Handed,
  version: number,
  found: string[],
  touched: Set<string>,
): void {
  const fingerprint = fingerprintOf(handed.alert.labels);
  const isOld = version < draft.version;
  const isLate = isOld && isOvertaken(draft, fingerprint, handed);
  const message = isOrphan(draft.configuration.heartbeats, handed.alert)
    ? { ...handed.alert, endsAtMs: draft.nowMs }
    : handed.alert;
  const refs = isLate
    ? placesOf(draft, { ...handed, groups: null }, version)
    : placesOf(draft, handed, version);
  // Whoever shared it out did not know who needs it by this configuration.
  if (isLate || (isOld && handed.groups === null)) tellKeepers(draft, handed.alert);
  const wasEnded = draft.alerts.get(fingerprint)?.isEnded;
  const isEndHere = handed.groups !== null && isOver(message, draft.nowMs);
  // Whoever owns it by now may have been told that it stays here after it had heard of the end, and have
  // forgotten that.
  if (isEndHere && (isOld || wasEnded === false)) tellOwners(draft, message, null);
  const held = hold(draft, fingerprint, message);
  if (held === null) return;
  if (wasEnded === true && !held.isEnded) {
    endElsewhere(draft, fingerprint, handed.groups ?? []);
    // Its end has been told wherever it stayed.
    forgetStays(draft, fingerprint);
  }
  const isPassedOn =
    handed.groups?.every(({ isStorm }) => !isStorm) ?? handed.notBeforeMs !== undefined;
  const isOfReload = isOld || isPassedOn || mayCross(draft);
  if (isOfReload && version !== OWN_VERSION) askSoon(draft, fingerprint);
  if (handed.stays.length > 0) takeStays(draft, fingerprint, handed);
  for (const ref of refs) {
    if (handed.groups === null) {
      const { dueAtMs } = handed;
      const notBeforeMs = notBefore(draft, handed, version);
      const times = { sinceMs: held.alert.startsAtMs, receivedAtMs: message.updatedAtMs };
      place(draft, fingerprint, ref, touched, { ...times, notBeforeMs, dueAtMs });
    } else if (!isEndHere || held.isEnded) {
      placeHanded(draft, fingerprint, ref, touched, handed.dueAtMs);
    }
  }
  if (handed.groups === null || handed.groups.length === 0) forward(draft, fingerprint);
  for (const key of draft.alerts.get(fingerprint)?.groups ?? []) touched.add(key);
  found.push(fingerprint);
  letGo(draft, fingerprint);
}

/** Longer than messages that were shared out before a reload are on their way after it. */
const CROSSING_MS = 300_000;

/** An end that was shared out by another configuration may have come first, and have been nothing. */
function mayCross({ nowMs, reloadedAtMs }: Draft): boolean {
  return reloadedAtMs !== null && nowMs < reloadedAtMs + CROSSING_MS;
}

/**
 * Another shard has handed it over by a configuration that is not this shard's any more, and not
 * into a group that it is in: it is shared out again.
 */
function isOvertaken(draft: Draft, fingerprint: string, { groups }: Handed): boolean {
  if (groups === null) return false;
  return !groups.some(({ key }) => draft.groups.get(key)?.members.has(fingerprint) === true);
}

/** One that can inhibit others is known everywhere, and one that goes nowhere has its keeper. */
function tellKeepers(draft: Draft, alert: Alert): void {
  const { configuration } = draft;
  const isSource = canInhibit(configuration.inhibitRules, alert.labels);
  if (!isSource && groupsFor(configuration, alert.labels).length > 0) return;
  tellOwners(draft, alert, []);
}

/** To all other shards that own an alert by this configuration; `groups` as in `Handed`. */
export function tellOwners(
  { configuration, shard, shards, out }: Draft,
  alert: Alert,
  groups: readonly GroupRef[] | null,
): void {
  for (const to of ownersOf(configuration, alert.labels, shards)) {
    if (to !== shard) out.passOn.push({ shard: to, handed: { alert, groups, stays: [] } });
  }
}

/** It fires anew: in groups that it would not be put into now, and is not handed into, it is over. */
function endElsewhere(draft: Draft, fingerprint: string, handed: readonly GroupRef[]): void {
  const held = draft.alerts.get(fingerprint);
  if (held === undefined) return;
  const wanted = [...groupsFor(draft.configuration, held.alert.labels), ...handed];
  const keys = wanted.map(({ key }) => key);
  for (const key of held.groups) {
    const member = draft.groups.get(key)?.members.get(fingerprint);
    if (member === undefined || keys.includes(key)) continue;
    changeMember(draft, key, fingerprint, { ...member, isOver: true });
  }
}

/**
 * Notes where an alert stays. It may have been brought here before that was known: if nobody has
 * been told of it here, it goes out again.
 */
function takeStays(draft: Draft, fingerprint: string, { alert, stays }: Handed): void {
  // It may stay in several groups of a destination; of each the last word counts.
  const others = (draft.stays.get(fingerprint) ?? []).filter(
    (one) =>
      !stays.some(
        ({ ref, version }) =>
          isSame(ref.destination, one.ref.destination) &&
          (ref.key === one.ref.key || one.version < version),
      ),
  );
  const noted = stays.filter(({ shard, ref, version }) => {
    // Of an older configuration: the shard where it stays tells it anew by this one.
    if (shard === draft.shard || version < draft.version) return false;
    // Anybody may send a batch by signal.
    if (shard < 0 || shard >= draft.shards) return false;
    const groups = groupsAt(draft, fingerprint, ref.destination);
    // Told here as well, it ends here as well as there.
    if (groups.some((group) => isTold(draft, group, fingerprint))) return true;
    for (const { key } of groups) takeOut(draft, fingerprint, key);
    return true;
  });
  const all = [...others, ...noted];
  if (all.length === 0) return;
  if (!hasRoom(draft, bytesOfStays(noted))) {
    refuse(draft, fingerprint);
    return;
  }
  draft.stays.set(fingerprint, all);
  grow(draft, bytesOfStays(noted));
  // It may have ended, and fire again, since it was last heard of there.
  const known = draft.alerts.get(fingerprint)?.alert ?? alert;
  if (known.updatedAtMs <= alert.updatedAtMs) return;
  for (const { shard, ref } of noted) {
    const routes = routesOf(draft, alert.labels, ref.destination);
    const handed = { alert: known, groups: [{ ...ref, routes }], stays: [] };
    draft.out.passOn.push({ shard, handed });
  }
}

/**
 * To wherever it stays its end is told, also where a route leads there, as it may stay here beside. A
 * stay that was noted by an older configuration may be another by now, but an end does no harm.
 */
function forward(draft: Draft, fingerprint: string): void {
  const held = draft.alerts.get(fingerprint);
  // If it fires anew, then not there.
  if (held?.isEnded !== true) return;
  for (const { shard, ref } of draft.stays.get(fingerprint) ?? []) {
    const handed = { alert: held.alert, groups: [{ ...ref, routes: [] }], stays: [] };
    if (shard !== draft.shard) draft.out.passOn.push({ shard, handed });
  }
}

/** The alert as it is known now; null where there is nothing to hold, or no room. */
function hold(draft: Draft, fingerprint: string, message: Alert): HeldAlert | null {
  const { nowMs, configuration } = draft;
  const before = draft.alerts.get(fingerprint);
  const latest = before === undefined ? message : merged(before.alert, message, nowMs);
  // One that fired when it was sent may have been sent again since: the store is asked first.
  const isEnded = isOver(latest, nowMs) && isOver(latest, latest.updatedAtMs);
  if (before === undefined && isEnded) return null;
  const more = bytesOfTexts(before?.alert, latest);
  const isFull = more > 0 && !hasRoom(draft, more);
  if (isFull && !isEnded) refuse(draft, fingerprint);
  if (isFull && before === undefined) return null;
  // One that is held fires on, or ends, by the texts that are known.
  const alert = isFull && before !== undefined ? withTextsOf(before.alert, latest) : latest;
  const isSource = canInhibit(configuration.inhibitRules, alert.labels);
  const firesAnew = before !== undefined && before.isEnded && !isEnded;
  const held: HeldAlert = {
    ...{ alert, isEnded, askAtMs: null, isSource, groups: before?.groups ?? [] },
    hasSteered: before?.hasSteered === true && !firesAnew,
  };
  if (!isFull) {
    grow(draft, more);
    if (before !== undefined && more > 0) shrink(draft, bytesOf(before.alert));
    taken(draft, fingerprint);
  }
  if (before !== undefined && before.askAtMs !== null) shrink(draft, TIME_BYTES);
  draft.alerts.set(fingerprint, held);
  if (isSource && before?.isEnded !== isEnded) sourcesChanged(draft);
  return held;
}

/** What its texts take, at most: nothing more where they stay, but others may keep what it had. */
function bytesOfTexts(before: Alert | undefined, alert: Alert): number {
  const said = ({ annotations, generatorUrl }: Alert): string =>
    JSON.stringify([annotations, generatorUrl]);
  return before !== undefined && said(before) === said(alert) ? 0 : bytesOf(alert);
}

function withTextsOf({ annotations, generatorUrl }: Alert, alert: Alert): Alert {
  return { ...alert, annotations, generatorUrl };
}

/** What could be inhibited before may not be now. */
export function sourcesChanged(draft: Draft): void {
  draft.inhibitors = null;
  draft.haveSourcesChanged = true;
}

/** Once for an event, however many of them it brings: groups with what they held back are due. */
export function settleSources(draft: Draft): void {
  if (!draft.haveSourcesChanged) return;
  for (const [key, { members, inFlight }] of draft.groups) {
    if (inFlight !== null) continue;
    for (const { heldBy } of members.values()) {
      if (heldBy !== 'inhibition') continue;
      flushSoon(draft, key);
      break;
    }
  }
}

/**
 * The groups of a message that this shard has to see to. If the message is old, those that own the
 * others by this configuration get it as if it had been shared out by that.
 */
function placesOf(draft: Draft, handed: Handed, version: number): readonly GroupRef[] {
  if (handed.groups !== null) return handed.groups;
  const refs = groupsFor(draft.configuration, handed.alert.labels);
  const owners = refs.map((ref) => shardOf(ref.labels, draft.shards));
  if (version < draft.version) {
    for (const shard of new Set(owners)) {
      if (shard === draft.shard) continue;
      const { alert, dueAtMs } = handed;
      const times = { dueAtMs, notBeforeMs: notBefore(draft, handed, version) };
      draft.out.passOn.push({ shard, handed: { alert, groups: null, stays: [], ...times } });
    }
  }
  return refs.filter((_, at) => owners[at] === draft.shard);
}

/**
 * Longer than one shard needs to tell another where an alert stays: of one that nobody has been told
 * of where it was, and of any other, though the worker of that shard be killed meanwhile.
 */
const WAITS_MS = { untold: 2000, any: 10_000 };

const waitsFor = (dueAtMs: number | undefined): number =>
  dueAtMs === undefined ? WAITS_MS.any : WAITS_MS.untold;

/** What was shared out by an older configuration may stay where nobody has asked yet. */
function notBefore(
  { nowMs, version }: Draft,
  { dueAtMs, notBeforeMs }: Handed,
  of: number,
): number | undefined {
  const isOld = of < version && of !== OWN_VERSION;
  return notBeforeMs ?? (isOld ? nowMs + waitsFor(dueAtMs) : undefined);
}

/**
 * What is handed over waits for the others of its group, but no longer than it would have where it was;
 * and at least until it is known whether it stays there.
 */
export function placeHanded(
  draft: Draft,
  fingerprint: string,
  ref: GroupRef,
  touched: Set<string>,
  dueAtMs?: number,
): void {
  const { nowMs } = draft;
  const waiting = { sinceMs: nowMs, notBeforeMs: nowMs + waitsFor(dueAtMs), dueAtMs };
  place(draft, fingerprint, ref, touched, waiting);
}

/** Into the group that is meant, or the one of its destination that the alert stays in. */
function place(
  draft: Draft,
  fingerprint: string,
  ref: GroupRef,
  touched: Set<string>,
  waiting: Waiting,
): void {
  const held = draft.alerts.get(fingerprint);
  if (held === undefined) return;
  const { destination } = ref;
  const { labels } = held.alert;
  const member = draft.groups.get(ref.key)?.members.get(fingerprint);
  if (member?.isOver === false) {
    changeMember(draft, ref.key, fingerprint, { ...member, routes: ref.routes });
    return;
  }
  const staying = stayingAt(draft, fingerprint, destination);
  const before = staying?.members.get(fingerprint);
  if (staying !== undefined && before !== undefined) {
    const routes = routesOf(draft, labels, destination);
    changeMember(draft, staying.key, fingerprint, { ...before, routes });
    return;
  }
  const stay = draft.stays.get(fingerprint)?.find((one) => {
    const isThere = one.shard !== draft.shard && isSame(one.ref.destination, destination);
    return isThere && one.version >= draft.version;
  });
  if (stay !== undefined) {
    const groups = [{ ...stay.ref, routes: routesOf(draft, labels, destination) }];
    const { dueAtMs } = waiting;
    const handed = { alert: held.alert, groups, stays: [], dueAtMs };
    draft.out.passOn.push({ shard: stay.shard, handed });
    return;
  }
  // Where it stayed it has ended meanwhile, and no route leads there.
  if (held.isEnded || ref.routes.length === 0) return;
  const target = draft.groups.has(ref.key) ? ref : afterStorm(draft, ref);
  if (target.isStorm && !ref.isStorm) {
    if (!intoStorm(draft, fingerprint, target, waiting.dueAtMs)) refuse(draft, fingerprint);
  } else if (hasRoomFor(draft, target)) {
    join(draft, fingerprint, target, waiting.notBeforeMs);
    flushFirst(draft, target.key, target.routes, waiting);
  } else {
    refuse(draft, fingerprint);
  }
  if (draft.groups.has(target.key)) touched.add(target.key);
}
