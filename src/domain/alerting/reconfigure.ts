import type { Alert } from './alert.ts';
import type { Configuration } from './alerting-file.ts';
import { type GroupRef, shardOf } from './group-key.ts';
import { beatsOf, missingOf, watchHeartbeats } from './heartbeat.ts';
import { canInhibit } from './inhibition.ts';
import { ownersOf } from './owners.ts';
import { groupsFor } from './routing.ts';
import { flushNow, flushSoon } from './schedule-flush.ts';
import {
  type Draft,
  TIME_BYTES,
  askSoon,
  changeMember,
  forgetStays,
  grow,
  isSame,
  letGo,
  takeOut,
} from './shard-draft.ts';
import type { Group, HeldAlert } from './shard-state.ts';
import { isTold, routesTo, stayingAt } from './staying.ts';
import { clearStorms } from './storm.ts';
import { placeHanded, tellOwners } from './take-alerts.ts';

/**
 * Takes another configuration. What has been paged stays in its group until it is over, so that
 * nothing is paged anew: where its labels would make another group of it now, the shard that owns
 * those is told. All others go where the new routes lead. A group that no route leads to any more
 * only waits for the end of what it has paged.
 */
export function reconfigure(draft: Draft, version: number, configuration: Configuration): void {
  if (version <= draft.version) return;
  const before = draft.configuration;
  draft.version = version;
  draft.configuration = configuration;
  if (draft.reloadedAtMs === null) grow(draft, TIME_BYTES);
  draft.reloadedAtMs = draft.nowMs;
  draft.inhibitors = null;
  clearStorms(draft);
  for (const fingerprint of [...draft.alerts.keys()]) {
    // A storm that begins amid them has moved others.
    const held = draft.alerts.get(fingerprint);
    if (held === undefined) continue;
    const isSource = canInhibit(configuration.inhibitRules, held.alert.labels);
    const now = { ...endedBy(draft, held, before), isSource };
    draft.alerts.set(fingerprint, now);
    dropStays(draft, fingerprint, now);
    moveAlert(draft, fingerprint, now, before);
  }
  // Mute times, intervals and rules may all be others: every group is looked at anew.
  for (const [key, { members }] of draft.groups) {
    const wasMuted = [...members.values()].some(({ heldBy }) => heldBy === 'mute');
    if (wasMuted) flushNow(draft, key);
    else flushSoon(draft, key);
  }
  watchHeartbeats(draft, before.heartbeats);
}

/** Whoever gets no messages about an alert any more has nothing to pass on to where it stays. */
function dropStays(draft: Draft, fingerprint: string, { alert }: HeldAlert): void {
  if (!draft.stays.has(fingerprint)) return;
  const owners = ownersOf(draft.configuration, alert.labels, draft.shards);
  if (!owners.includes(draft.shard)) forgetStays(draft, fingerprint);
}

/**
 * What is a heartbeat's signal now is no alert any more, and what tells of a heartbeat that is not
 * watched any more, or by other labels, nobody else would end.
 */
function endedBy(
  { configuration, nowMs }: Draft,
  held: HeldAlert,
  before: Configuration,
): HeldAlert {
  const { labels } = held.alert;
  const isOrphan =
    missingOf(before.heartbeats, labels) !== null &&
    missingOf(configuration.heartbeats, labels) === null;
  const isSignal = beatsOf(configuration.heartbeats, labels).length > 0;
  if (held.isEnded || !(isOrphan || isSignal)) return held;
  return { ...held, alert: { ...held.alert, endsAtMs: nowMs }, isEnded: true, askAtMs: null };
}

function moveAlert(
  draft: Draft,
  fingerprint: string,
  held: HeldAlert,
  before: Configuration,
): void {
  const { alert, groups, isEnded } = held;
  const old = groupsFor(before, alert.labels);
  const wanted = groupsFor(draft.configuration, alert.labels);
  // Where it is over, its end is on its way, and whoever owns it has put it into others since.
  const here = groups.flatMap((key) => {
    const group = draft.groups.get(key);
    return group?.members.get(fingerprint)?.isOver === false ? [group] : [];
  });
  const dueAtMs = dueOf(draft, fingerprint, here);
  for (const group of here) leaveOrStay(draft, fingerprint, group, wanted);
  if (isEnded) return letGo(draft, fingerprint);
  const isFirst = shardOf(old[0]?.labels ?? alert.labels, draft.shards) === draft.shard;
  for (const ref of wanted) {
    const wasHere = here.some(({ destination }) => isSame(destination, ref.destination));
    const isNew = !old.some(({ destination }) => isSame(destination, ref.destination));
    // One of the shards that hold an alert brings it to each place.
    if (wasHere || (isNew && isFirst)) bring(draft, fingerprint, ref, dueAtMs);
  }
  tellWhereItStays(draft, fingerprint, wanted);
  if (isFirst) tellWhoNeedsIt(draft, alert, before);
  letGo(draft, fingerprint);
}

function leaveOrStay(
  draft: Draft,
  fingerprint: string,
  group: Group,
  wanted: readonly GroupRef[],
): void {
  const ref = wanted.find(({ key }) => key === group.key);
  const routes = ref?.routes ?? routesTo(wanted, group.destination);
  const member = group.members.get(fingerprint);
  if (member === undefined) return;
  if (ref !== undefined || isTold(draft, group, fingerprint)) {
    changeMember(draft, group.key, fingerprint, { ...member, routes });
  } else {
    takeOut(draft, fingerprint, group.key);
  }
}

/** When the first of these groups was to tell of it, which none has yet. */
function dueOf(draft: Draft, fingerprint: string, here: readonly Group[]): number | undefined {
  const times = here.flatMap((group) =>
    group.flushAtMs === null || isTold(draft, group, fingerprint) ? [] : [group.flushAtMs],
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

function bring(
  draft: Draft,
  fingerprint: string,
  ref: GroupRef,
  dueAtMs: number | undefined,
): void {
  const held = draft.alerts.get(fingerprint);
  if (held === undefined) return;
  const shard = shardOf(ref.labels, draft.shards);
  if (shard === draft.shard) return placeHanded(draft, fingerprint, ref, new Set(), dueAtMs);
  if (stayingAt(draft, fingerprint, ref.destination) !== undefined) return;
  const handed = { alert: held.alert, groups: [ref], stays: [], dueAtMs };
  draft.out.passOn.push({ shard, handed });
}

/** Whoever gets the messages about an alert now passes them on to where it stays. */
function tellWhereItStays(draft: Draft, fingerprint: string, wanted: readonly GroupRef[]): void {
  const held = draft.alerts.get(fingerprint);
  if (held === undefined) return;
  const { alert } = held;
  const home = ownersOf(draft.configuration, alert.labels, draft.shards)[0] ?? draft.shard;
  for (const groupKey of held.groups) {
    const group = draft.groups.get(groupKey);
    if (group === undefined || group.members.get(fingerprint)?.isOver !== false) continue;
    if (wanted.some((one) => one.key === groupKey)) continue;
    const { key, destination, labels, isStorm } = group;
    const refs = wanted.filter((one) => isSame(one.destination, destination));
    const owners = refs.map((ref) => shardOf(ref.labels, draft.shards));
    const stay = { key, destination, labels, isStorm, routes: routesTo(refs, destination) };
    const stays = [{ shard: draft.shard, version: draft.version, ref: stay }];
    for (const shard of new Set(owners.length === 0 ? [home] : owners)) {
      if (shard === draft.shard) continue;
      draft.out.passOn.push({ shard, handed: { alert, groups: [], stays } });
      askSoon(draft, fingerprint);
    }
  }
}

/** An alert that goes nowhere now has a keeper; one that can inhibit others is known everywhere. */
function tellWhoNeedsIt(draft: Draft, alert: Alert, before: Configuration): void {
  const { configuration } = draft;
  const isNewSource =
    canInhibit(configuration.inhibitRules, alert.labels) &&
    !canInhibit(before.inhibitRules, alert.labels);
  const isHomeless = groupsFor(configuration, alert.labels).length === 0;
  if (isNewSource || isHomeless) tellOwners(draft, alert, []);
}
