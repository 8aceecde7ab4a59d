import type { Asked } from '../release/commands.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Severity } from './severity.ts';

/** What somebody reports: it is paged about until a person answers. */
export interface Report {
  readonly title: string;
  readonly text: string;
  readonly severity: Severity;
  /** Who reports: a service, a release. */
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly links: readonly { readonly text: string; readonly url: string }[];
}

/** What people can ask of an incident, beside the signals. */
export const INCIDENT_VERBS = [
  'acknowledge',
  'unacknowledge',
  'resolve',
  'reassign',
  'snooze',
  'escalate_now',
  'change_policy',
  'add_note',
] as const;

export type IncidentVerb = (typeof INCIDENT_VERBS)[number];

/** What an incident is asked, with whatever the verb needs. */
export interface IncidentAsked extends Asked {
  /** `reassign`: paged at once, instead of the present level. */
  readonly targets?: readonly { readonly kind: string; readonly name: string }[];
  /** `snooze`: nobody is paged for so long. */
  readonly forMs?: number;
  /** `change_policy`: its name in the paging file. */
  readonly policy?: string;
  /** When that was shown which is answered: of an incident that opened later nothing is meant. */
  readonly shownAtMs?: number;
}

export type IncidentStatus = 'triggered' | 'acknowledged' | 'resolved' | 'never_acknowledged';

/** The answer to a verb. */
export interface IncidentAnswer {
  readonly status: IncidentStatus;
  /** Pages that had been handed to a channel and may still arrive; no other begins. */
  readonly inFlight: readonly string[];
}

export interface IncidentEntry {
  readonly atMs: number;
  readonly text: string;
}

/** Everything that is to be known of an incident; the answer to its query. */
export interface IncidentView extends Report {
  readonly id: string;
  readonly key: string;
  readonly policy: string;
  readonly who: string;
  readonly openedAtMs: number;
  readonly status: IncidentStatus;
  readonly round: number;
  readonly level: number;
  readonly levels: number;
  /** When the next level begins, or the policy is exhausted. */
  readonly nextAtMs: number | null;
  /** Until when nobody is paged. */
  readonly quietUntilMs: number | null;
  readonly acknowledgedBy: Handled | null;
  readonly resolvedBy: Handled | null;
  readonly verbs: readonly IncidentVerb[];
  readonly ledger: readonly LedgerEntry[];
  /** Of pages that the ledger had no room for any more. */
  readonly ledgerDropped: number;
  readonly timeline: readonly IncidentEntry[];
  readonly warnings: readonly string[];
}

export interface Handled {
  readonly by: string;
  readonly why: string;
  readonly atMs: number;
}

/** How an incident ended, for whoever waits for it. */
export interface IncidentReport {
  readonly id: string;
  readonly status: 'resolved';
  readonly acknowledgedBy: Handled | null;
  readonly resolvedBy: Handled;
  readonly openedAtMs: number;
  readonly endedAtMs: number;
  readonly pages: Readonly<Record<'accepted' | 'failed' | 'unknown' | 'called_off', number>>;
}
