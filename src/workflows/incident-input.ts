import type { Escalation } from '../domain/escalation/escalation.ts';
import type { IncidentEntry, Report } from '../domain/escalation/incident.ts';
import type { Ledger } from '../domain/escalation/ledger.ts';
import type { Asked } from '../domain/release/commands.ts';

/** What an escalation is started with: plain JSON, with its own schema version. */
export interface EscalationInput extends Asked {
  readonly schemaVersion: 1;
  /** By its name in the workers' paging file. */
  readonly policy: string;
  /** What providers group by: hex. */
  readonly key: string;
  readonly report: Report;
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
