import type { Alert } from './alert.ts';
import type { Configuration } from './alerting-file.ts';
import type { Destination, GroupRef } from './group-key.ts';
import type { OnAlert } from './route.schema.ts';
import type { Silence } from './silence.ts';
import type { TimeInterval } from './time-interval.schema.ts';
import type { PageLog, PageReason } from './why-page.ts';

/** Why no page is sent for an alert that fires. */
export type HeldBy = 'silence' | 'inhibition' | 'mute';

/** An alert that a shard holds. */
export interface HeldAlert {
  readonly alert: Alert;
  /** It is over: somebody has said so, or nobody says otherwise after its end. */
  readonly isEnded: boolean;
  /** When it is next asked whether it is over; null, its end has not come. */
  readonly askAtMs: number | null;
  /** The keys of its groups here. */
  readonly groups: readonly string[];
  /** It can inhibit others by some rule. */
  readonly isSource: boolean;
  /** What it does to a release has been asked for. */
  readonly hasSteered: boolean;
}

export interface Member {
  /** The routes that lead here; none do any more: it stays so that its end is told. */
  readonly routes: readonly number[];
  /** When the group was last looked at. */
  readonly heldBy: HeldBy | null;
  /** It has ended here; if it fires again, then in another group. */
  readonly isOver: boolean;
  /** A page that may have arrived has said that it fires: its end is told in any case. */
  readonly mayBeTold?: boolean;
  /** It may stay in a group elsewhere, which is known by then: until then nobody is told of it here. */
  readonly notBeforeMs?: number;
}

export interface InFlight extends PageLog {
  readonly key: string;
  readonly reason: PageReason;
}

/** The alerts that one page tells together. */
export interface Group extends Omit<GroupRef, 'routes'> {
  readonly members: ReadonlyMap<string, Member>;
  readonly openedAtMs: number;
  /** When it is next looked at by itself; null, nothing can be due. */
  readonly flushAtMs: number | null;
  /** When it was last looked at; its next times are multiples of its interval after it. */
  readonly flushedAtMs: number | null;
  /** What the last page that arrived has said. */
  readonly log: PageLog | null;
  /** Handed out, and not known to have arrived or to have failed. */
  readonly inFlight: InFlight | null;
}

/** A group elsewhere that an alert stays in, although groups with its labels live here. */
export interface Stay {
  readonly shard: number;
  /** Of the configuration that made it so. */
  readonly version: number;
  readonly ref: GroupRef;
}

export interface Storm {
  /** When new groups were opened lately, at most one more than the limit. */
  readonly openedAtMs: readonly number[];
  /** Until then new groups are taken together; null, no storm. */
  readonly untilMs: number | null;
}

export interface HeartbeatState {
  readonly seenAtMs: number;
  readonly isMissing: boolean;
  /** When it is next asked after; by then a signal must have come. */
  readonly askAtMs: number;
}

export interface Early {
  readonly version: number;
  readonly alerts: readonly Handed[];
}

/** An alert that fires, and that there was no room for. */
export interface Refused {
  readonly fingerprint: string;
  readonly atMs: number;
}

/** All that a shard knows. In memory only: `shard-codec.ts` makes plain JSON of it. */
export interface ShardState {
  readonly shard: number;
  readonly shards: number;
  /** Of the configuration; the coordinator's numbers only grow. */
  readonly version: number;
  readonly configuration: Configuration;
  readonly alerts: ReadonlyMap<string, HeldAlert>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly silences: ReadonlyMap<string, Silence>;
  /** Batches that were shared out by a configuration which is on its way here. */
  readonly early: readonly Early[];
  /** By the fingerprints of alerts. */
  readonly stays: ReadonlyMap<string, readonly Stay[]>;
  /** By the route that limits them and their destination. */
  readonly storms: ReadonlyMap<string, Storm>;
  readonly heartbeats: ReadonlyMap<string, HeartbeatState>;
  /** How many have been handed out. */
  readonly pages: number;
  /** Those that there was no room for lately, and that have not been taken since; newest last. */
  readonly refused: readonly Refused[];
  /** What the state takes as JSON is not more than this, with the next page of every group. */
  readonly bytesAtMost: number;
  /** So much has come or gone since that was measured. */
  readonly bytesChanged: number;
  readonly bytesLimit: number;
  /** The times that are carried count from it, so that they take little. */
  readonly baseMs: number;
  /** When it heard of its configuration; null, it began with that. */
  readonly reloadedAtMs: number | null;
}

/** An alert on its way to a shard. Plain JSON. */
export interface Handed {
  readonly alert: Alert;
  /** It belongs into these; null, into those that the shard's own configuration says. */
  readonly groups: readonly GroupRef[] | null;
  /** It stays in these groups elsewhere. */
  readonly stays: readonly Stay[];
  /** By when it was to be paged where it comes from, and nobody has been told of it yet. */
  readonly dueAtMs?: number | undefined;
  /** It may stay elsewhere, and then that is said by then. */
  readonly notBeforeMs?: number | undefined;
}

export type ShardEvent =
  /** Time has come. */
  | { readonly kind: 'time' }
  /** `version`: of the configuration that they were shared out by. */
  | { readonly kind: 'alerts'; readonly version: number; readonly alerts: readonly Handed[] }
  /** New and changed silences; one that was expired is changed. */
  | { readonly kind: 'silences'; readonly silences: readonly Silence[] }
  | {
      readonly kind: 'configuration';
      readonly version: number;
      readonly configuration: Configuration;
    }
  /** What came of pages. */
  | { readonly kind: 'paged'; readonly pages: readonly PageEnd[] }
  /** The answers to `ask`. */
  | { readonly kind: 'seen'; readonly seen: readonly Seen[] }
  /** Too many groups are opened in all shards together. */
  | {
      readonly kind: 'storm';
      readonly of: number;
      readonly destination: Destination;
      readonly untilMs: number;
    };

export interface PageEnd {
  readonly key: string;
  readonly hasArrived: boolean;
  /** It has not begun, and was not to: its group is looked at anew at once. */
  readonly isCalledOff?: boolean;
  /** Where it has not arrived for sure: it may have. */
  readonly mayHaveArrived?: boolean;
}

/** What the store of last messages says. */
export type Seen =
  | {
      readonly kind: 'alert';
      readonly fingerprint: string;
      readonly endsAtMs: number | 'unknown';
      /** When the store was asked: what ended by then is marked there. None, just now. */
      readonly askedAtMs?: number;
    }
  | { readonly kind: 'heartbeat'; readonly name: string; readonly atMs: number | 'unknown' };

export type Ask =
  | { readonly kind: 'alert'; readonly fingerprint: string }
  | { readonly kind: 'heartbeat'; readonly name: string };

/** One page to one destination. Plain JSON. */
export interface GroupPage {
  /** The same for every attempt, and of no other page; at most 255 characters. */
  readonly key: string;
  /** The key of the group, which for a policy is that of the incident. */
  readonly group: string;
  readonly destination: Destination;
  readonly isStorm: boolean;
  readonly reason: PageReason;
  /** Fingerprints; their alerts are in the state until the page has arrived. */
  readonly firing: readonly string[];
  /** Empty where the destination is not told of resolved alerts. */
  readonly resolved: readonly string[];
}

/** A firing alert that stops a release. */
export interface Steer {
  readonly fingerprint: string;
  readonly verb: OnAlert;
  readonly service: string;
}

/** The heartbeats of two configurations, one after the other. */
export interface ChangedSignals {
  readonly before: Configuration['heartbeats'];
  readonly after: Configuration['heartbeats'];
}

/** Of what fires by the store of last messages, that which nobody may know of: it is to be news. */
export type Forgetting =
  /** What was a heartbeat's signal, and is an alert now. */
  | ({ readonly kind: 'signals' } & ChangedSignals)
  /** What is owned by shards that have begun with nothing. */
  | {
      readonly kind: 'shards';
      readonly begun: readonly number[];
      readonly shards: number;
      readonly configuration: Configuration;
    };

/** What follows from an event, beside the new state. */
export interface Outcome {
  readonly pages: readonly GroupPage[];
  readonly ask: readonly Ask[];
  readonly passOn: readonly { readonly shard: number; readonly handed: Handed }[];
  readonly steer: readonly Steer[];
  /** New groups that count towards a storm, where other shards have some too. */
  readonly opened: readonly { readonly of: number; readonly destination: Destination }[];
  /** Alerts that there was no room for: whoever sent them must be told. */
  readonly refused: readonly { readonly fingerprint: string; readonly why: string }[];
  /** When the next event `time` is to come; null, only when something else comes. */
  readonly wakeAtMs: number | null;
}

/** What clocks show decides mute times; a workflow may ask for it elsewhere. */
export interface Clocks {
  readonly isIn: (interval: TimeInterval, atMs: number) => boolean;
  readonly changesAt: (interval: TimeInterval, atMs: number) => number;
}
