import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Configuration } from '../domain/alerting/alerting-file.ts';
import type { Destination } from '../domain/alerting/group-key.ts';
import type { CarriedShard } from '../domain/alerting/shard-codec.ts';
import type { Forgetting, Handed, ShardEvent, Steer } from '../domain/alerting/shard-state.ts';
import type { SteeredRelease } from '../domain/alerting/steered-release.ts';
import type { Silence, SilenceRequest } from '../domain/alerting/silence.ts';
import type { AlertLedgerEntry, AlertingView, Room, ShardView } from '../domain/alerting/views.ts';
import type { Asked } from '../domain/release/commands.ts';

/** Everything that can be said to the shards of alerts and to their coordinator. */

export const COORDINATOR_ID = 'alerting';
export const shardId = (shard: number): string => `alerts/${shard}`;

/** A batch for one shard; at most `BATCH_BYTES_MAX`, or one alert of `ACCEPTED_BYTES_MAX`. */
export interface AlertBatch {
  /** Of the configuration that it was shared out by. */
  readonly version: number;
  readonly alerts: readonly Handed[];
}

export const alertsSignal = defineSignal<[AlertBatch]>('alerts');

/** What the coordinator says to a shard; the same number is the same message. */
export interface Told {
  readonly number: number;
  readonly event: Extract<ShardEvent, { kind: 'silences' | 'configuration' | 'storm' }>;
  /** The coordinator before was ended by hand: the shards alone know what it knew. */
  readonly asksSilences?: boolean | undefined;
}

/** A heartbeat is alive, from whoever cannot write that down in the store of last messages. */
export const beatSignal = defineSignal<[string]>('beat');

export const toldSignal = defineSignal<[Told]>('told');
export interface GroupsAsked {
  /** Of groups, and of alerts of each; so many are in an answer at most. */
  readonly limit?: number;
}
export const groupsQuery = defineQuery<ShardView, [GroupsAsked?]>('groups');
export const roomQuery = defineQuery<Room>('room');

/** What a shard says to the coordinator: it has taken this, and what it passed on has arrived. */
export interface Heard {
  readonly shard: number;
  readonly number: number;
  /** What it knows, where it was asked. */
  readonly silences?: readonly Silence[] | undefined;
}

export const heardSignal = defineSignal<[Heard]>('heard');

/** New groups that count towards a storm. */
export interface OpenedGroups {
  readonly shard: number;
  /** Of the configuration that the routes are of. */
  readonly version: number;
  readonly opened: readonly {
    readonly of: number;
    readonly destination: Destination;
    readonly count: number;
  }[];
}

export const openedSignal = defineSignal<[OpenedGroups]>('opened');

export interface ConfigureCommand extends Asked {
  readonly configuration: Configuration;
}

export interface Configured {
  readonly version: number;
}

export const configureUpdate = defineUpdate<Configured, [ConfigureCommand]>('configure');

export interface SilenceCommand extends Asked {
  readonly silence: SilenceRequest;
}

export const silenceUpdate = defineUpdate<Silence, [SilenceCommand]>('silence');
/** The twins of these for a release, which can only signal; an id of its own is kept. */
export interface OwnSilence extends SilenceCommand {
  readonly silenceId: string;
}
export const silenceSignal = defineSignal<[OwnSilence]>('silence-signal');

export interface ExpireCommand extends Asked {
  readonly silenceId: string;
}

export const expireUpdate = defineUpdate<Silence, [ExpireCommand]>('expire');
export const expireSignal = defineSignal<[ExpireCommand]>('expire-signal');

/** Begins shards that have been ended by hand once more; answers which. */
export const reviveUpdate = defineUpdate<{ readonly begun: readonly number[] }, [Asked]>('revive');
export const alertingQuery = defineQuery<AlertingView>('alerting');

/** A batch that has not been handed to another shard yet. */
export interface Unsaid {
  readonly shard: number;
  readonly batch: AlertBatch;
}

/** What a shard is started with: plain JSON. */
export interface AlertsInput {
  readonly schemaVersion: 1;
  readonly shard: number;
  readonly shards: number;
  readonly version: number;
  readonly configuration: Configuration;
  readonly silences: readonly Silence[];
  /** Where it goes on in a fresh history sooner than it would by itself. */
  readonly eventsMax?: number;
  readonly carried?: {
    readonly state: CarriedShard;
    readonly ledger: readonly AlertLedgerEntry[];
    readonly ledgerDropped: number;
    readonly refused: number;
    readonly warnings: readonly string[];
    /** What has been begun, and is not known to be done. */
    readonly steering: readonly Steer[];
    readonly forgetting: readonly string[];
    readonly steered?: readonly (readonly [fingerprint: string, release: SteeredRelease])[];
    readonly unsaid: readonly Unsaid[];
  };
}

/** What the coordinator is started with: plain JSON. */
export interface AlertingInput {
  readonly schemaVersion: 1;
  readonly shards: number;
  /** As for a shard, and for those that it begins. */
  readonly eventsMax?: number;
  readonly carried?: {
    readonly version: number;
    readonly configuration: Configuration | null;
    readonly configuredBy: AlertingView['configuredBy'];
    readonly silences: readonly Silence[];
    /** Of the last message to the shards. */
    readonly number: number;
    readonly forgetting?: readonly Forgetting[];
    readonly answered: readonly (readonly [request: string, answer: unknown])[];
  };
}
