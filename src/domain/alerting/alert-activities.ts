import type { Flushed, FlushEnd, FlushRequest, TellRequest } from './flush.ts';
import type { Ask, Forgetting, Seen, Steer } from './shard-state.ts';
import type { TimeTables, TimeTablesRequest } from './time-tables.ts';

export interface SteerReleaseRequest extends Omit<Steer, 'fingerprint'> {
  readonly who: string;
  readonly why: string;
  /** The same for every attempt, and for each repeat of the same wish. */
  readonly requestId: string;
}

/** What became of a release that an alert was to stop. */
export type SteerReleaseResult =
  | {
      readonly kind: 'steered';
      readonly workflowId: string;
      readonly phase: string;
      readonly version: string;
      /** Unknown where the release did not say so in time. */
      readonly strategy: string | undefined;
    }
  | { readonly kind: 'none'; readonly why: string };

/** What shards of alerts ask of the world. */
export interface AlertActivities {
  lookUpTimes(request: TimeTablesRequest): Promise<TimeTables>;
  /** Returns when it is so late; for what is due in less than a second. */
  nap(untilMs: number): Promise<void>;
  /** Whatever keeps the store from answering is `unknown`. */
  askLastMessages(asks: readonly Ask[]): Promise<readonly Seen[]>;
  flushPages(request: FlushRequest): Promise<Flushed>;
  tellIncidents(request: TellRequest): Promise<readonly FlushEnd[]>;
  steerRelease(request: SteerReleaseRequest): Promise<SteerReleaseResult>;
  /** There was no room for these: their next messages are news. */
  forgetAlerts(fingerprints: readonly string[]): Promise<void>;
  /** The next message of each of those that fire is news. */
  forgetFiring(what: Forgetting): Promise<void>;
}
