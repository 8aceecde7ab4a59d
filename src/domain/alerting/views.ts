import type { Attempt } from '../escalation/ledger.ts';
import type { Alert } from './alert.ts';
import type { Configuration } from './alerting-file.ts';
import type { Destination } from './group-key.ts';
import type { Labels } from './labels.ts';
import type { GroupPage, HeldBy, Refused } from './shard-state.ts';
import type { Silence } from './silence.ts';
import type { PageReason } from './why-page.ts';

/** An alert of a group, as people see it. */
export interface MemberView extends Alert {
  readonly fingerprint: string;
  readonly isEnded: boolean;
  readonly heldBy: HeldBy | null;
  /** What the last page of its group that arrived has said of it. */
  readonly hasBeenPaged: boolean;
}

export interface GroupView {
  readonly key: string;
  readonly destination: Destination;
  readonly labels: Labels;
  readonly isStorm: boolean;
  readonly openedAtMs: number;
  readonly nextFlushAtMs: number | null;
  readonly lastPagedAtMs: number | null;
  readonly isUnderWay: boolean;
  readonly alerts: readonly MemberView[];
  /** Alerts of it that are not listed, as there are too many for one answer. */
  readonly more: number;
}

/** What has become of a page for a group. */
export interface AlertLedgerEntry extends Pick<GroupPage, 'key' | 'group' | 'destination'> {
  readonly reason: PageReason;
  readonly firing: number;
  readonly resolved: number;
  readonly sinceMs: number;
  /** `unknown`: it may have arrived, and is sent once more. */
  readonly state: 'sending' | 'arrived' | 'failed' | 'unknown';
  readonly attempts: readonly Attempt[];
  readonly receipt: string | null;
}

export interface ShardView {
  readonly shard: number;
  readonly shards: number;
  /** Of the configuration. */
  readonly version: number;
  /** What its state takes, and may take, as JSON. */
  readonly bytes: number;
  readonly bytesLimit: number;
  /** How many alerts it holds, and how many of them fire. */
  readonly alerts: number;
  readonly firing: number;
  readonly groups: readonly GroupView[];
  /** Groups that are not listed, as there are too many for one answer. */
  readonly moreGroups: number;
  /** The newest are the last. */
  readonly ledger: readonly AlertLedgerEntry[];
  readonly ledgerDropped: number;
  /** Alerts that there was no room for, ever. */
  readonly refused: number;
  /** Those of them that are known by name: the last, unless they have been taken since. */
  readonly lastRefused: readonly Refused[];
  readonly warnings: readonly string[];
}

/** What ingest must know before it sends an alert. */
export interface Room {
  readonly version: number;
  readonly bytesLeft: number;
}

export interface AlertingView {
  readonly shards: number;
  /** The configuration that every shard goes by; 0, there is none yet. */
  readonly version: number;
  readonly configuration: Configuration | null;
  readonly configuredBy: {
    readonly who: string;
    readonly why: string;
    readonly atMs: number;
  } | null;
  readonly silences: readonly Silence[];
}
