import type { Alert } from './alert.ts';
import type { Configuration } from './alerting-file.ts';
import { type Destination, type GroupRef, destinationText, shardOf } from './group-key.ts';
import { type Inhibitors, inhibitorsOf } from './inhibition.ts';
import type { Labels } from './labels.ts';
import { groupsFor } from './routing.ts';
import type {
  Clocks,
  Early,
  Group,
  HeartbeatState,
  HeldAlert,
  Member,
  Outcome,
  Refused,
  ShardState,
  Stay,
  Storm,
} from './shard-state.ts';
import type { Silence } from './silence.ts';

type Mutable<List> = List extends readonly (infer One)[] ? One[] : List;
type Collected = { -readonly [Key in keyof Omit<Outcome, 'wakeAtMs'>]: Mutable<Outcome[Key]> };

/** A state while an event is worked into it: maps that may be written, and what comes out. */
export interface Draft {
  readonly nowMs: number;
  readonly clocks: Clocks;
  readonly shard: number;
  readonly shards: number;
  version: number;
  configuration: Configuration;
  readonly alerts: Map<string, HeldAlert>;
  readonly groups: Map<string, Group>;
  readonly silences: Map<string, Silence>;
  early: readonly Early[];
  readonly stays: Map<string, readonly Stay[]>;
  readonly storms: Map<string, Storm>;
  readonly heartbeats: Map<string, HeartbeatState>;
  pages: number;
  refused: readonly Refused[];
  bytesAtMost: number;
  bytesChanged: number;
  readonly bytesLimit: number;
  readonly baseMs: number;
  reloadedAtMs: number | null;
  readonly out: Collected;
  /** Members that have been copied for this event, and may be written. */
  readonly written: Map<string, Map<string, Member>>;
  /** Of the lists of logs, by the lists. */
  readonly sets: Map<readonly string[], ReadonlySet<string>>;
  /** An alert that can inhibit others has begun or ended. */
  haveSourcesChanged: boolean;
  /** Of the alerts that fire now; null, to be made anew. */
  inhibitors: Inhibitors | null;
}

export function draftOf(state: ShardState, nowMs: number, clocks: Clocks): Draft {
  return {
    nowMs,
    clocks,
    shard: state.shard,
    shards: state.shards,
    version: state.version,
    configuration: state.configuration,
    alerts: new Map(state.alerts),
    groups: new Map(state.groups),
    silences: new Map(state.silences),
    early: state.early,
    stays: new Map(state.stays),
    storms: new Map(state.storms),
    heartbeats: new Map(state.heartbeats),
    pages: state.pages,
    bytesAtMost: state.bytesAtMost,
    bytesChanged: state.bytesChanged,
    refused: state.refused,
    bytesLimit: state.bytesLimit,
    baseMs: state.baseMs,
    reloadedAtMs: state.reloadedAtMs,
    out: { pages: [], ask: [], passOn: [], steer: [], opened: [], refused: [] },
    written: new Map(),
    sets: new Map(),
    haveSourcesChanged: false,
    inhibitors: null,
  };
}

export function stateOfDraft(draft: Draft): ShardState {
  const { shard, shards, version, configuration, alerts, groups, silences } = draft;
  const { early, stays, storms, heartbeats, pages, refused } = draft;
  const { bytesAtMost, bytesChanged, bytesLimit, baseMs, reloadedAtMs } = draft;
  const known = { shard, shards, version, configuration, alerts, groups, silences };
  const more = { early, stays, storms, heartbeats, pages, refused };
  return { ...known, ...more, bytesAtMost, bytesChanged, bytesLimit, baseMs, reloadedAtMs };
}

/** Made once for an event, and again when what fires has changed. */
export function inhibitors(draft: Draft): Inhibitors {
  if (draft.inhibitors !== null) return draft.inhibitors;
  const firing = [...draft.alerts]
    .filter(([, { isSource, isEnded }]) => isSource && !isEnded)
    .map(([fingerprint, { alert }]) => ({ fingerprint, labels: alert.labels }));
  draft.inhibitors = inhibitorsOf(draft.configuration.inhibitRules, firing);
  return draft.inhibitors;
}

/** Changes parts of a group that is there. */
export function change(draft: Draft, key: string, over: Partial<Group>): void {
  const group = draft.groups.get(key);
  if (group === undefined) return;
  draft.groups.set(key, { ...group, ...over });
  if (over.log !== undefined) shrink(draft, bytesOfLog(draft, group.log));
  if (over.inFlight !== undefined) shrink(draft, IN_FLIGHT_BYTES);
}

/** What a log takes, or is kept free for it; places of alerts that are held their members count. */
function bytesOfLog({ alerts }: Draft, log: Group['log']): number {
  if (log === null) return PAGE_BYTES;
  const { firing, resolved } = log;
  return NAME_BYTES * [...firing, ...resolved].filter((one) => !alerts.has(one)).length;
}

/** The members of a group, to be written. */
export function membersOf(draft: Draft, key: string): Map<string, Member> {
  const already = draft.written.get(key);
  if (already !== undefined) return already;
  const members = new Map(draft.groups.get(key)?.members);
  draft.written.set(key, members);
  change(draft, key, { members });
  return members;
}

/** Puts an alert into a group, which is opened where it is not there yet. */
export function join(draft: Draft, fingerprint: string, ref: GroupRef, notBeforeMs?: number): void {
  const held = draft.alerts.get(fingerprint);
  if (held === undefined) return;
  if (!draft.groups.has(ref.key)) open(draft, ref);
  const members = membersOf(draft, ref.key);
  const member: Member = {
    ...{ routes: ref.routes, heldBy: null, isOver: false },
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    // It may have been told here before it ended, and fires anew.
    ...(members.get(fingerprint)?.mayBeTold === true ? { mayBeTold: true } : {}),
  };
  members.set(fingerprint, member);
  grow(draft, memberBytes(ref.routes));
  if (held.groups.includes(ref.key)) return;
  draft.alerts.set(fingerprint, { ...held, groups: [...held.groups, ref.key] });
}

function open(draft: Draft, { key, destination, labels, isStorm }: GroupRef): void {
  const members = new Map<string, Member>();
  draft.written.set(key, members);
  grow(draft, bytesOfGroup(labels));
  draft.groups.set(key, {
    ...{ key, destination, labels, isStorm, members, openedAtMs: draft.nowMs },
    ...{ flushAtMs: null, flushedAtMs: null, log: null, inFlight: null },
  });
}

/** Takes an alert out of a group, and forgets it where nothing else needs it. */
export function leave(draft: Draft, fingerprint: string, key: string): void {
  takeOut(draft, fingerprint, key);
  letGo(draft, fingerprint);
}

/** Takes an alert out of a group; a group of none ends once its page has been told of. */
export function takeOut(draft: Draft, fingerprint: string, key: string): void {
  const routes = draft.groups.get(key)?.members.get(fingerprint)?.routes ?? [];
  if (membersOf(draft, key).delete(fingerprint)) shrink(draft, memberBytes(routes));
  const held = draft.alerts.get(fingerprint);
  if (held !== undefined) {
    const groups = held.groups.filter((one) => one !== key);
    draft.alerts.set(fingerprint, { ...held, groups });
  }
  closeIfEmpty(draft, key);
}

export function closeIfEmpty(draft: Draft, key: string): void {
  const group = draft.groups.get(key);
  if (group === undefined || group.members.size > 0 || group.inFlight !== null) return;
  draft.groups.delete(key);
  draft.written.delete(key);
  shrink(draft, bytesOfGroup(group.labels) + bytesOfLog(draft, group.log));
}

/** Changes what a group knows of an alert that is in it. */
export function changeMember(draft: Draft, key: string, fingerprint: string, to: Member): void {
  const members = membersOf(draft, key);
  const before = members.get(fingerprint);
  members.set(fingerprint, to);
  // One that is as all others of its group takes less.
  const isAsBefore =
    before?.heldBy === to.heldBy &&
    before.isOver === to.isOver &&
    before.mayBeTold === to.mayBeTold &&
    before.notBeforeMs === to.notBeforeMs &&
    before.routes === to.routes;
  if (isAsBefore) return;
  grow(draft, memberBytes(to.routes));
  shrink(draft, bytesOfRoutes(before?.routes ?? []));
}

/** Longer than messages are on their way during a reload. */
export const ASKED_AFTER_MS = 15_000;

/**
 * Has the store asked whether an alert is over, although its end has not come: during a reload that
 * may have gone to another shard.
 */
export function askSoon(draft: Draft, fingerprint: string): void {
  const held = draft.alerts.get(fingerprint);
  const atMs = draft.nowMs + ASKED_AFTER_MS;
  if (held === undefined || (held.askAtMs ?? held.alert.endsAtMs) <= atMs) return;
  if (held.askAtMs === null) grow(draft, TIME_BYTES);
  draft.alerts.set(fingerprint, { ...held, askAtMs: atMs });
}

/** What a time takes as JSON, at most. */
export const TIME_BYTES = 20;

/** Forgets an alert that nothing here needs any more. */
export function letGo(draft: Draft, fingerprint: string): void {
  const held = draft.alerts.get(fingerprint);
  if (held === undefined || held.groups.length > 0) return;
  const needed = held.isSource || draft.stays.has(fingerprint) || isHomeless(draft, held.alert);
  if (needed && !held.isEnded) return;
  draft.alerts.delete(fingerprint);
  forgetStays(draft, fingerprint);
  shrink(draft, bytesOf(held.alert));
}

/** Forgets where else an alert stays. */
export function forgetStays(draft: Draft, fingerprint: string): void {
  const stays = draft.stays.get(fingerprint);
  if (stays === undefined) return;
  draft.stays.delete(fingerprint);
  shrink(draft, bytesOfStays(stays));
}

/** No receiver takes it now, but another configuration may: one shard keeps it until then. */
function isHomeless(draft: Draft, { labels }: Alert): boolean {
  return (
    groupsFor(draft.configuration, labels).length === 0 &&
    shardOf(labels, draft.shards) === draft.shard
  );
}

/** Notes that the state takes so many bytes more, at most. */
export function grow(draft: Draft, bytes: number): void {
  draft.bytesAtMost += bytes;
  draft.bytesChanged += bytes;
}

/**
 * Notes that something has gone that took so many bytes, at most: what it did take is not known until
 * the state is measured again.
 */
export function shrink(draft: Draft, bytes: number): void {
  draft.bytesChanged += bytes;
}

/** What is kept free for a page. */
export const PAGE_BYTES = 160;
/** So much less takes one that is on its way, at most. */
const IN_FLIGHT_BYTES = 60;
/** With what its next page takes. */
const GROUP_BYTES = 500;
const MEMBER_BYTES = 100;
/** A fingerprint as JSON, and a comma. */
const NAME_BYTES = 19;
/** Its place and a comma. */
const ROUTE_BYTES = 6;
const ALERT_BYTES = 120;
const PLACE_BYTES = 6;
const STAYS_BYTES = 20;

/** What one more member of a group takes, at most, and the group where that is to be opened. */
export function bytesOfMember({ labels, routes }: GroupRef, isNew: boolean): number {
  return memberBytes(routes) + (isNew ? bytesOfGroup(labels) : 0);
}

function memberBytes(routes: readonly number[]): number {
  return MEMBER_BYTES + bytesOfRoutes(routes);
}

/** What it takes to name them, at most. */
export function bytesOfRoutes(routes: readonly number[]): number {
  return ROUTE_BYTES * routes.length;
}

function bytesOfGroup(labels: Labels): number {
  return GROUP_BYTES + utf8Length(JSON.stringify(labels));
}

/** What it takes that an alert is known to stay elsewhere, at most. */
export function bytesOfStays(stays: readonly Stay[]): number {
  return utf8Length(JSON.stringify(stays)) + STAYS_BYTES;
}

/** What an alert takes as it is carried, at most; with the places of its texts. */
export function bytesOf({ labels, annotations, generatorUrl }: Alert): number {
  const pairs = Object.keys(labels).length + Object.keys(annotations).length;
  const texts = utf8Length(JSON.stringify([labels, annotations, generatorUrl]));
  return texts + 2 * PLACE_BYTES * pairs + ALERT_BYTES;
}

export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** A page has told, or is telling, that an alert fires. */
export function isPaged(draft: Draft, { log, inFlight }: Group, fingerprint: string): boolean {
  return [log, inFlight].some(
    (said) => said !== null && firingOf(draft, said.firing).has(fingerprint),
  );
}

/** As a set, which is made once for an event: a log may name thousands, and be asked for each. */
function firingOf({ sets }: Draft, firing: readonly string[]): ReadonlySet<string> {
  const known = sets.get(firing) ?? new Set(firing);
  sets.set(firing, known);
  return known;
}

export function isSame(one: Destination, other: Destination): boolean {
  return destinationText(one) === destinationText(other);
}
