import type { Configuration } from './alerting-file.ts';
import { fingerprint as fingerprintOf } from './fingerprint.ts';
import { type Destination, groupRef, stormRef } from './group-key.ts';
import type { Labels } from './labels.ts';
import { PAGE_BYTES, utf8Length } from './shard-draft.ts';
import type {
  Early,
  Group,
  HeartbeatState,
  HeldAlert,
  HeldBy,
  InFlight,
  Member,
  Refused,
  ShardState,
  Stay,
  Storm,
} from './shard-state.ts';
import type { Silence } from './silence.ts';
import { filled, templateOf } from './text-template.ts';
import type { PageLog, PageReason } from './why-page.ts';

/**
 * What a shard carries from one run to the next, without the configuration. Plain JSON, and small:
 * every text stands once in `texts` and is named by its place, names of labels and annotations once in
 * `shapes`, alerts are named by their places in `alerts`, times count from `baseMs`, and what can be
 * computed (fingerprints, keys) is not there.
 */
export interface CarriedShard {
  readonly format: 2;
  readonly shard: number;
  readonly shards: number;
  readonly version: number;
  readonly pages: number;
  readonly bytesLimit: number;
  readonly baseMs: number;
  /** A state that older code carried has none. */
  readonly reloadedAtMs?: number | null;
  readonly texts: readonly string[];
  readonly shapes: readonly Shape[];
  readonly alerts: readonly CarriedAlert[];
  readonly groups: readonly CarriedGroup[];
  readonly silences: readonly Silence[];
  readonly early: readonly Early[];
  readonly stays: readonly (readonly [alert: number, stays: readonly Stay[]])[];
  readonly storms: readonly (readonly [id: string, storm: Storm])[];
  readonly heartbeats: readonly (readonly [name: string, state: HeartbeatState])[];
  readonly refused: readonly Refused[];
}

type Place = number;
type Time = number | null;

/** The names that alerts of one kind have. */
type Shape = readonly [labels: readonly Place[], annotations: readonly Place[]];

type CarriedAlert = readonly [
  /** Its place in `shapes`. */
  shape: number,
  /** 1 ended, 2 by time-out, 4 a source, 8 has steered, 16 is asked after, 32 has a link. */
  flags: number,
  updatedAt: number,
  /** These two from when it was updated. */
  startsAt: number,
  endsAt: number,
  /**
   * When it is asked after, the link, then the values of labels and of annotations. An annotation below
   * 0 is a template at -1 less that place.
   */
  ...rest: readonly number[],
];

/** A fingerprint by the place of its alert; one that is not held any more as it is. */
type Named = number | string;

type CarriedLog = readonly [firing: readonly Named[], resolved: readonly Named[], at: number];

/**
 * One that is as usual is its place; one with the usual routes says only what else is not. 1: it is over,
 * 2: it may have been told; 4, 8 and 12: it is held back, in the order of `HOLDERS`.
 */
type CarriedMember =
  | Place
  | readonly [Place, number]
  | readonly [Place, readonly number[], HeldBy | null, number, notBefore?: number];

const HOLDERS: readonly HeldBy[] = ['silence', 'inhibition', 'mute'];

type CarriedGroup = readonly [
  destination: Place,
  isPolicy: 0 | 1,
  isStorm: 0 | 1,
  labels: readonly Place[],
  openedAt: number,
  flushAt: Time,
  flushedAt: Time,
  log: CarriedLog | null,
  inFlight: readonly [key: string, reason: PageReason, log: CarriedLog] | null,
  /** Of all members that do not say otherwise. */
  routes: readonly number[],
  members: readonly CarriedMember[],
];

/** The state as it is carried. */
export function carried(state: ShardState): CarriedShard {
  const texts = new Map<string, Place>();
  const place = (text: string): Place => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    texts.set(text, texts.size);
    return texts.size - 1;
  };
  const places = (labels: Labels): readonly Place[] =>
    Object.entries(labels).flatMap(([name, value]) => [place(name), place(value)]);
  const alertPlaces = new Map([...state.alerts.keys()].map((key, at) => [key, at] as const));
  const named = (fingerprint: string): Named => alertPlaces.get(fingerprint) ?? fingerprint;
  const { baseMs } = state;
  const time = (ms: Time): Time => (ms === null ? null : ms - baseMs);
  const log = ({ firing, resolved, atMs }: PageLog): CarriedLog => [
    firing.map(named),
    resolved.map(named),
    atMs - baseMs,
  ];
  const { shapes, shapeOf } = createShapes(place);
  const alerts = [...state.alerts.values()].map((held): CarriedAlert => {
    const { labels, annotations, generatorUrl, startsAtMs, endsAtMs, updatedAtMs } = held.alert;
    const values = Object.values(labels);
    const said = Object.values(annotations).map((text) => {
      const template = templateOf(text, values);
      return template === null ? place(text) : -1 - place(template);
    });
    return [
      ...([shapeOf(labels, annotations), flagsOf(held), updatedAtMs - baseMs] as const),
      ...([startsAtMs - updatedAtMs, endsAtMs - updatedAtMs] as const),
      ...(held.askAtMs === null ? [] : [held.askAtMs - baseMs]),
      ...(generatorUrl === null ? [] : [place(generatorUrl)]),
      ...values.map(place),
      ...said,
    ];
  });
  const groups = [...state.groups.values()].map((group): CarriedGroup => {
    const { destination, flushAtMs, flushedAtMs, inFlight } = group;
    const routes = usualRoutes(group.members);
    return [
      place(destination.name),
      destination.kind === 'policy' ? 1 : 0,
      group.isStorm ? 1 : 0,
      places(group.labels),
      group.openedAtMs - baseMs,
      time(flushAtMs),
      time(flushedAtMs),
      group.log === null ? null : log(group.log),
      inFlight === null ? null : [inFlight.key, inFlight.reason, log(inFlight)],
      routes,
      [...group.members].map(([key, member]) =>
        memberOf(alertPlaces.get(key) ?? 0, member, routes, baseMs),
      ),
    ];
  });
  const { shard, shards, version, pages, bytesLimit, reloadedAtMs } = state;
  return {
    ...{ format: 2, shard, shards, version, pages, bytesLimit, baseMs, reloadedAtMs },
    ...{ texts: [...texts.keys()], shapes, alerts, groups, silences: [...state.silences.values()] },
    early: state.early,
    stays: [...state.stays].map(([key, stays]) => [alertPlaces.get(key) ?? -1, stays] as const),
    storms: [...state.storms],
    heartbeats: [...state.heartbeats],
    refused: state.refused,
  };
}

/** Those that, said once, leave the least to say: one member more changes that by no more than it takes. */
function usualRoutes(members: Group['members']): readonly number[] {
  const saved = new Map<string, { readonly routes: readonly number[]; bytes: number }>();
  let most: { readonly routes: readonly number[]; bytes: number } = { routes: [], bytes: 0 };
  for (const { routes } of members.values()) {
    const id = routes.join();
    const one = saved.get(id) ?? { routes, bytes: 0 };
    one.bytes += id.length + MEMBER_FRAME_BYTES;
    saved.set(id, one);
    if (one.bytes > most.bytes) most = one;
  }
  return most.routes;
}

/** What a member takes that is not as usual, beside its routes. */
const MEMBER_FRAME_BYTES = 12;

function memberOf(
  at: Place,
  { routes, heldBy, isOver, mayBeTold = false, notBeforeMs }: Member,
  usual: readonly number[],
  baseMs: number,
): CarriedMember {
  const flags = (isOver ? 1 : 0) + (mayBeTold ? 2 : 0);
  if (notBeforeMs !== undefined) return [at, routes, heldBy, flags, notBeforeMs - baseMs];
  if (routes.join() !== usual.join()) return [at, routes, heldBy, flags];
  const all = flags + 4 * (heldBy === null ? 0 : HOLDERS.indexOf(heldBy) + 1);
  return all === 0 ? at : [at, all];
}

function memberFrom(
  from: CarriedMember,
  usual: readonly number[],
  baseMs: number,
): readonly [at: Place, member: Member] {
  if (typeof from === 'number') return [from, { routes: usual, heldBy: null, isOver: false }];
  const [at, routes, heldBy, flags, notBefore] =
    from.length === 2 ? [from[0], usual, HOLDERS[(from[1] >> 2) - 1] ?? null, from[1]] : from;
  const told = (flags & 2) === 0 ? {} : { mayBeTold: true };
  const waits = notBefore === undefined ? {} : { notBeforeMs: notBefore + baseMs };
  return [at, { routes, heldBy, isOver: (flags & 1) !== 0, ...told, ...waits }];
}

/** Each once, by the names in the order that they have. */
function createShapes(place: (text: string) => Place) {
  const known = new Map<string, number>();
  const shapes: Shape[] = [];
  return {
    shapes,
    shapeOf(labels: Labels, annotations: Labels): number {
      const shape = [Object.keys(labels).map(place), Object.keys(annotations).map(place)] as const;
      const id = JSON.stringify(shape);
      const before = known.get(id);
      if (before !== undefined) return before;
      known.set(id, shapes.length);
      return shapes.push(shape) - 1;
    },
  };
}

const ENDED = 1;
const BY_TIMEOUT = 2;
const SOURCE = 4;
const STEERED = 8;
const ASKED = 16;
const LINKED = 32;

function flagsOf({ isEnded, alert, isSource, hasSteered, askAtMs }: HeldAlert): number {
  return (
    (isEnded ? ENDED : 0) +
    (alert.isTimeout ? BY_TIMEOUT : 0) +
    (isSource ? SOURCE : 0) +
    (hasSteered ? STEERED : 0) +
    (askAtMs === null ? 0 : ASKED) +
    (alert.generatorUrl === null ? 0 : LINKED)
  );
}

/** So many bytes of JSON are carried. */
export function carriedBytes(state: ShardState): number {
  return utf8Length(JSON.stringify(carried(state)));
}

/** What the state takes, and will with the next pages of each of its groups; at most. */
export function bytesHeld(state: ShardState): number {
  return carriedBytes(state) + bytesOfPages(state);
}

/** The last page is in the log while the next one is on its way: each may yet name all members. */
function bytesOfPages({ alerts, groups }: ShardState): number {
  // Its place, which may get a digit more, and a comma.
  const namedBytes = String(alerts.size).length + 2;
  let bytes = 0;
  for (const { log, inFlight, members } of groups.values()) {
    for (const page of [log, inFlight]) {
      const named = page === null ? 0 : page.firing.length + page.resolved.length;
      bytes += namedBytes * Math.max(0, members.size - named) + (page === null ? PAGE_BYTES : 0);
    }
  }
  return bytes;
}

/** The state that was carried, with its configuration. */
export function restored(from: CarriedShard, configuration: Configuration): ShardState {
  const alerts = new Map<string, HeldAlert>();
  const fingerprints: string[] = [];
  for (const one of from.alerts) {
    const held = alertOf(one, from);
    const key = fingerprintOf(held.alert.labels);
    fingerprints.push(key);
    alerts.set(key, held);
  }
  const groups = new Map<string, Group>();
  for (const one of from.groups) {
    const group = groupOf(one, from, fingerprints);
    groups.set(group.key, group);
    for (const fingerprint of group.members.keys()) {
      const held = alerts.get(fingerprint);
      if (held === undefined) continue;
      alerts.set(fingerprint, { ...held, groups: [...held.groups, group.key] });
    }
  }
  const { shard, shards, version, pages, bytesLimit } = from;
  const updatedAtMs = [...alerts.values()].map(({ alert }) => alert.updatedAtMs);
  const state: ShardState = {
    ...{ shard, shards, version, configuration, pages, bytesLimit, alerts, groups },
    silences: new Map(from.silences.map((silence) => [silence.id, silence])),
    early: from.early,
    stays: new Map(from.stays.map(([at, stays]) => [fingerprints[at] ?? '', stays])),
    storms: new Map(from.storms),
    heartbeats: new Map(from.heartbeats),
    refused: from.refused,
    reloadedAtMs: from.reloadedAtMs ?? null,
    ...{ bytesAtMost: 0, bytesChanged: 0, baseMs: Math.max(from.baseMs, ...updatedAtMs) },
  };
  return { ...state, bytesAtMost: bytesHeld(state) };
}

function alertOf(from: CarriedAlert, { texts, shapes, baseMs }: CarriedShard): HeldAlert {
  const [shape, flags, updatedAt, startsAt, endsAt, ...rest] = from;
  const is = (flag: number): boolean => (flags & flag) !== 0;
  const askAt = is(ASKED) ? rest.shift() : undefined;
  const url = is(LINKED) ? rest.shift() : undefined;
  const text = (at: Place | undefined): string => texts[at ?? 0] ?? '';
  const [labelNames = [], annotationNames = []] = shapes[shape] ?? [];
  const values = labelNames.map((_, at) => text(rest[at]));
  const said = rest
    .slice(labelNames.length)
    .map((at) => (at < 0 ? filled(text(-1 - at), values) : text(at)));
  const updatedAtMs = updatedAt + baseMs;
  return {
    alert: {
      labels: Object.fromEntries(labelNames.map((name, at) => [text(name), values[at] ?? ''])),
      annotations: Object.fromEntries(
        annotationNames.map((name, at) => [text(name), said[at] ?? '']),
      ),
      generatorUrl: url === undefined ? null : text(url),
      startsAtMs: startsAt + updatedAtMs,
      endsAtMs: endsAt + updatedAtMs,
      isTimeout: is(BY_TIMEOUT),
      updatedAtMs,
    },
    isEnded: is(ENDED),
    askAtMs: askAt === undefined ? null : askAt + baseMs,
    groups: [],
    isSource: is(SOURCE),
    hasSteered: is(STEERED),
  };
}

function labelsOf(places: readonly Place[], texts: readonly string[]): Labels {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < places.length; at += 2) {
    pairs.push([texts[places[at] ?? 0] ?? '', texts[places[at + 1] ?? 0] ?? '']);
  }
  return Object.fromEntries(pairs);
}

function groupOf(
  from: CarriedGroup,
  { texts, baseMs }: CarriedShard,
  fingerprints: readonly string[],
): Group {
  const [name, isPolicy, isStorm, labels, openedAt, flushAt, flushedAt, log, flight, routes] = from;
  const destination: Destination = {
    kind: isPolicy === 1 ? 'policy' : 'channel',
    name: texts[name] ?? '',
  };
  const ref =
    isStorm === 1
      ? stormRef(destination, routes)
      : groupRef(destination, labelsOf(labels, texts), routes);
  const nameOf = (one: Named): string =>
    typeof one === 'string' ? one : (fingerprints[one] ?? '');
  const logOf = ([firing, resolved, at]: CarriedLog): PageLog => ({
    firing: firing.map(nameOf),
    resolved: resolved.map(nameOf),
    atMs: at + baseMs,
  });
  const inFlight = flight === null ? null : inFlightOf(flight[0], flight[1], logOf(flight[2]));
  return {
    ...{ key: ref.key, destination, labels: ref.labels, isStorm: ref.isStorm },
    members: new Map(
      from[10].map((one): [string, Member] => {
        const [at, member] = memberFrom(one, routes, baseMs);
        return [fingerprints[at] ?? '', member];
      }),
    ),
    openedAtMs: openedAt + baseMs,
    flushAtMs: flushAt === null ? null : flushAt + baseMs,
    flushedAtMs: flushedAt === null ? null : flushedAt + baseMs,
    log: log === null ? null : logOf(log),
    inFlight,
  };
}

function inFlightOf(key: string, reason: PageReason, log: PageLog): InFlight {
  return { ...log, key, reason };
}
