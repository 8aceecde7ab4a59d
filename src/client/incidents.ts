import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { Failure } from '../domain/failure.ts';
import type {
  IncidentAnswer,
  IncidentAsked,
  IncidentReport,
  IncidentVerb,
  IncidentView,
  Report,
} from '../domain/escalation/incident.ts';
import { incidentId, incidentKey } from '../domain/escalation/incident-id.ts';
import { checkedReport } from '../domain/escalation/report-checks.ts';
import type { Severity } from '../domain/escalation/severity.ts';
import type { EscalationInput } from '../workflows/incident-input.ts';
import {
  ackSignal,
  incidentQuery,
  incidentUpdates,
  reportedSignal,
} from '../workflows/incident-messages.ts';
import { SEVERITY } from '../workflows/search-attributes.ts';
import type { Caller } from './caller.ts';
import { type Request, asked } from './request.ts';

export interface OpenRequest extends Request {
  /** By its name in the workers' paging file. */
  readonly policy: string;
  readonly title: string;
  readonly text?: string;
  /** Default: `critical`. */
  readonly severity?: Severity;
  /** Reports of the same policy and key are the same incident while it is open. Default: none are. */
  readonly key?: string;
  /** Default: who asks. */
  readonly source?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly links?: Report['links'];
}

export interface Opened {
  readonly id: string;
  /** False: it was open already, and has been told of this report. */
  readonly isNew: boolean;
}

export type VerbRequest = Request & Omit<IncidentAsked, keyof Request | 'requestId'>;

/** What an acknowledgement has been answered. */
export type Acknowledged =
  | ({ readonly kind: 'acknowledged' } & IncidentAnswer)
  /** No worker has answered in time: it is kept by Temporal and applies when one is there. */
  | { readonly kind: 'signalled' };

export interface IncidentSummary {
  readonly id: string;
  readonly severity: string;
  readonly openedAtMs: number;
  readonly isOpen: boolean;
}

/** Incidents: how other services open, answer and follow them. */
export interface IncidentCalls {
  /** Returns when the incident is durable: people are paged whatever becomes of the caller. */
  open(request: OpenRequest): Promise<Opened>;
  /**
   * The first one wins; `AlreadyAcknowledged` says who was first. Where no worker answers in time
   * the same request is sent as a signal, which cannot get lost.
   */
  acknowledge(id: string, request: Request): Promise<Acknowledged>;
  /** Any verb, by its name; refused where it makes no sense now. */
  steer(id: string, verb: IncidentVerb, request: VerbRequest): Promise<IncidentAnswer>;
  show(id: string): Promise<IncidentView>;
  /** Waits for the end; throws `NeverAcknowledged` where nobody has answered. */
  result(id: string): Promise<IncidentReport>;
  /** The newest first; Temporal's list lags a moment behind. */
  list(options?: {
    readonly all?: boolean;
    readonly limit?: number;
  }): Promise<readonly IncidentSummary[]>;
}

const LIST_LIMIT = 100;
/** Between the end of an incident and the next of its key an open may have to be tried again. */
const TRIES = 5;

export function askIncidents(temporal: Client, caller: Caller, taskQueue: string): IncidentCalls {
  async function steer(
    id: string,
    verb: IncidentVerb,
    request: VerbRequest,
  ): Promise<IncidentAnswer> {
    const { targets, forMs, policy } = request;
    const args: IncidentAsked = {
      ...asked(request),
      ...(targets === undefined ? {} : { targets }),
      ...(forMs === undefined ? {} : { forMs }),
      ...(policy === undefined ? {} : { policy }),
    };
    return caller.call(id, () =>
      temporal.workflow
        .getHandle(id)
        .executeUpdate(incidentUpdates[verb], { updateId: args.requestId, args: [args] }),
    );
  }

  return {
    steer,

    async open(request) {
      const by = asked(request);
      const report = checkedReport(reportOf(request));
      const key = incidentKey(request.policy, request.key ?? by.requestId);
      const id = incidentId(key);
      const input: EscalationInput = {
        ...by,
        ...{ schemaVersion: 1, policy: request.policy, key, report },
      };
      for (let tried = 1; ; tried += 1) {
        const started = await startOrTell(temporal, caller, { id, input, taskQueue });
        if (started !== undefined) return { id, isNew: started === 'new' };
        if (tried === TRIES) throw new Failure('Internal', `${id} opens and closes all the time`);
      }
    },

    async acknowledge(id, request) {
      const by = asked(request);
      try {
        return { kind: 'acknowledged', ...(await steer(id, 'acknowledge', by)) };
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'NoWorker') throw error;
        await caller.call(id, () => temporal.workflow.getHandle(id).signal(ackSignal, by));
        return { kind: 'signalled' };
      }
    },

    show: (id) => caller.call(id, () => temporal.workflow.getHandle(id).query(incidentQuery)),

    result(id) {
      const handle = temporal.workflow.getHandle<() => Promise<IncidentReport>>(id);
      return caller.wait(id, () => handle.result());
    },

    async list({ all = false, limit = LIST_LIMIT } = {}) {
      const query = `WorkflowType = 'escalation'${all ? '' : " AND ExecutionStatus = 'Running'"}`;
      return caller.call('the list of incidents', async () => {
        const found: IncidentSummary[] = [];
        for await (const one of temporal.workflow.list({ query, pageSize: limit })) {
          found.push({
            id: one.workflowId,
            severity: one.typedSearchAttributes.get(SEVERITY) ?? '',
            openedAtMs: one.startTime.getTime(),
            isOpen: one.status.name === 'RUNNING',
          });
          if (found.length === limit) break;
        }
        return found;
      });
    },
  };
}

/** Undefined: it ended in between, and is to be opened again. */
async function startOrTell(
  temporal: Client,
  caller: Caller,
  {
    id,
    input,
    taskQueue,
  }: { readonly id: string; readonly input: EscalationInput; readonly taskQueue: string },
): Promise<'new' | 'told' | undefined> {
  const { report, requestId, who, why } = input;
  return caller.call(id, async () => {
    try {
      await temporal.workflow.start('escalation', {
        workflowId: id,
        taskQueue,
        args: [input],
        staticSummary: report.title.slice(0, 200),
        typedSearchAttributes: [{ key: SEVERITY, value: report.severity }],
      });
      return 'new';
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    try {
      const told = { requestId, who, why, report };
      await temporal.workflow.getHandle(id).signal(reportedSignal, told);
      return 'told';
    } catch (error) {
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined;
      throw error;
    }
  });
}

function reportOf(request: OpenRequest): Report {
  const { title, text = '', severity = 'critical', source, labels = {}, links = [] } = request;
  return { title, text, severity, source: source ?? request.who, labels, links };
}
