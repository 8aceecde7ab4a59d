import type { Escalation } from '../domain/escalation/escalation.ts';
import type { IncidentEntry, Report } from '../domain/escalation/incident.ts';
import type { Ledger } from '../domain/escalation/ledger.ts';
import type { Opening } from '../domain/escalation/opening.ts';

/** What an escalation is started with: plain JSON. */
export interface EscalationInput extends Opening {
  /** Of a run before, after a continue-as-new. */
  readonly carried?: CarriedIncident;
}

export interface CarriedIncident {
  readonly escalation: Escalation;
  readonly ledger: Ledger;
  readonly report: Report;
  readonly openedAtMs: number;
  readonly timeline: readonly IncidentEntry[];
  readonly warnings: readonly string[];
  /** Verb and request id of what has been carried out. */
  readonly answered: readonly string[];
}
