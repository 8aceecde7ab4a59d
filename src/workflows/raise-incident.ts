import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, getExternalWorkflowHandle, startChild } from '@temporalio/workflow';
import type { Report } from '../domain/escalation/incident.ts';
import { cut } from '../domain/paging/page-words.ts';
import type { IncidentsSpec } from '../domain/release/incidents.schema.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import { incidentOfReleases } from '../domain/release/rollback-incident.ts';
import type { escalation } from './escalation.ts';
import { noteSignal, reportedSignal } from './incident-messages.ts';
import type { Run } from './run.ts';
import { SEVERITY } from './search-attributes.ts';

/** Between the end of an incident and the next of its service it may have to be tried again. */
const TRIES = 5;
const WHY_MAX = 1000;

/**
 * The incident of a run's service, for a run whose file names a policy; for others it does nothing.
 * What is said leaves with the workflow task that says it, beside whatever else the run does: it
 * cannot get lost, and nothing waits for it. An incident that cannot be opened is a warning.
 */
export function openIncidents(run: Run, spec: ReleaseSpec) {
  const { service, incidents: settings } = spec;
  const { workflowId } = run.progress;
  const abouts = new Set<string>();
  let said: Promise<void> = Promise.resolve();

  function say(about: string, work: (known: IncidentsSpec) => Promise<void>): void {
    if (settings === undefined || abouts.has(about)) return;
    abouts.add(about);
    const before = said;
    const next = async (): Promise<void> => {
      await before;
      await work(settings);
    };
    said = next().catch((error: unknown) => {
      run.warn(`no incident was opened or told: ${String(error)}`);
    });
  }

  async function open({ policy }: IncidentsSpec, report: Report, requestId: string): Promise<void> {
    const { key, id } = incidentOfReleases(policy, service);
    const asked = { requestId, who: report.source, why: cut(report.title, WHY_MAX) };
    for (let tried = 1; tried <= TRIES; tried += 1) {
      try {
        await startChild<typeof escalation>('escalation', {
          workflowId: id,
          // People are paged whatever becomes of the run.
          parentClosePolicy: ParentClosePolicy.ABANDON,
          staticSummary: `the releases of ${service}`,
          memo: { title: report.title },
          typedSearchAttributes: [{ key: SEVERITY, value: report.severity }],
          args: [{ ...asked, schemaVersion: 1, policy, key, report }],
        });
        run.incident(id, true, `${id} was opened: policy ${policy}`);
        return;
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      if (await isTold(id, { ...asked, report })) {
        run.incident(id, false, `${id} was open already, and has been told`);
        return;
      }
    }
    throw new Error(`${id} opens and closes all the time`);
  }

  return {
    /** Opens the incident, or tells the one that is open; `about` is said once a run. */
    report(about: string, reportOf: (settings: IncidentsSpec) => Report): void {
      say(about, (known) => open(known, reportOf(known), `${workflowId}/${about}`));
    },
    /** Is kept in the timeline of the incident, where one is open. */
    note(about: string, text: string): void {
      say(about, async ({ policy }) => {
        const asked = {
          requestId: `${workflowId}/${about}`,
          who: workflowId,
          why: cut(text, WHY_MAX),
        };
        const { id } = incidentOfReleases(policy, service);
        await getExternalWorkflowHandle(id)
          .signal(noteSignal, asked)
          .catch(() => undefined);
      });
    },
    /** Returns when all that has been said is where it belongs, or has become a warning. */
    settle: (): Promise<void> => said,
  };
}

/** False: it has ended in between, and is to be opened again. */
async function isTold(
  id: string,
  told: { readonly requestId: string; readonly who: string; readonly why: string } & {
    readonly report: Report;
  },
): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(id).signal(reportedSignal, told);
    return true;
  } catch {
    return false;
  }
}
