import type { Flushed, FlushEnd, FlushRequest, TellRequest } from './flush.ts';
import type { Ask, Seen, Steer } from './shard-state.ts';
import type { TimeTables, TimeTablesRequest } from './time-tables.ts';

export interface SteerRequest extends Steer {
  readonly who: string;
  readonly why: string;
  readonly requestId: string;
}

/** What became of a release that an alert was to stop. */
export type Steered =
  | {
      readonly kind: 'steered';
      readonly workflowId: string;
      readonly phase: string;
      readonly version: string;
      readonly strategy: string | undefined;
    }
  | { readonly kind: 'none'; readonly why: string };

/** What shards of alerts ask of the world. */
export interface AlertActivities {
  lookUpTimes(request: TimeTablesRequest): Promise<TimeTables>;
  /** Whatever keeps the store from answering is `unknown`. */
  askLastMessages(asks: readonly Ask[]): Promise<readonly Seen[]>;
  flushPages(request: FlushRequest): Promise<Flushed>;
  tellIncidents(request: TellRequest): Promise<readonly FlushEnd[]>;
  steerRelease(request: Omit<SteerRequest, 'fingerprint'>): Promise<Steered>;
  /** There was no room for these: their next messages are news. */
  forgetAlerts(fingerprints: readonly string[]): Promise<void>;
}
