import type { Attempt } from '../escalation/ledger.ts';
import type { Incident, PagedAlerts } from '../paging/page.ts';
import type { Report } from '../escalation/incident.ts';

/** A page about a group, on its way to one channel. */
export interface FlushPage {
  readonly key: string;
  /** `resolve`: nothing fires any more. */
  readonly action: 'trigger' | 'resolve';
  /** The group, as channels are told it. */
  readonly incident: Incident;
  /** Of the group, one by one; undefined: by a workflow of an older Belay. */
  readonly alerts?: PagedAlerts | undefined;
  /** Since when it is due: of two pages the earlier goes first, and it is given up in time. */
  readonly dueMs: number;
  /** Attempts at it that are known already. */
  readonly earlier: readonly Attempt[];
}

/** All that is due for one channel, as far as it goes into one batch. */
export interface FlushRequest {
  readonly channel: string;
  readonly pages: readonly FlushPage[];
}

/** A page about a group, on its way to the incident of a policy. */
export interface IncidentPage {
  readonly key: string;
  /** Of the incident. */
  readonly incident: string;
  /** `resolve`: nothing fires any more, so that the incident is over. */
  readonly action: 'report' | 'resolve';
  readonly report: Report;
}

export interface TellRequest {
  readonly policy: string;
  readonly pages: readonly IncidentPage[];
}

/** What has become of a page. */
export interface FlushEnd {
  readonly key: string;
  /**
   * `unknown`: it may have arrived, and is not tried any more; `later`: it is to be tried again;
   * `called_off`: it has not begun and does not begin.
   */
  readonly state: 'arrived' | 'failed' | 'unknown' | 'later' | 'called_off';
  readonly attempts: readonly Attempt[];
  readonly receipt: string | null;
}

export interface Flushed {
  readonly ends: readonly FlushEnd[];
  /** The channel that takes what this one does not. */
  readonly fallback: string | null;
}

/** So long a page is tried; then its group is looked at anew, as it is by then. */
export const SEND_FOR_MS = 60_000;

/** Pages in one activity; 50 of them begin together, and of so many it may be unknown what they came to. */
export const BATCH_PAGES_MAX = 100;
