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
import { cut } from '../domain/paging/page-words.ts';
import type { Severity } from '../domain/escalation/severity.ts';
import type { EscalationInput } from '../workflows/incident-input.ts';
import { incidentQuery, incidentUpdates, reportedSignal } from '../workflows/incident-messages.ts';
import { SEVERITY } from '../workflows/search-attributes.ts';
import {
  type Answered,
  type UrgentRequest,
  type UrgentVerb,
  answerIncident,
} from './answer-incident.ts';
import { ANSWER_WITHIN_MS, type Caller } from './caller.ts';
import { type Request, asked, updateIdOf } from './request.ts';

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
  | Exclude<Answered, { readonly kind: 'applied' }>;

export interface IncidentSummary {
  readonly id: string;
  /** Of its first report. */
  readonly title: string;
  readonly severity: string;
  readonly openedAtMs: number;
  readonly isOpen: boolean;
}

/** Incidents: how other services open, answer and follow them. */
export interface IncidentCalls {
  /** Returns when the incident is durable: people are paged whatever becomes of the caller. */
  open(request: OpenRequest): Promise<Opened>;
  /** As `open`, by a reporter that has made the incident's key itself. */
  report(policy: string, key: string, report: Report, request: Request): Promise<Opened>;
  /** The id of the incident with this key. */
  idOf(key: string): string;
  /**
   * The first one wins; `AlreadyAcknowledged` says who was first. Where no worker answers in time
   * the same request is sent as a signal, which cannot get lost.
   */
  acknowledge(id: string, request: Request): Promise<Acknowledged>;
  /**
   * The same, for `resolve` as well, by a caller that must be answered soon itself: returns within
   * `withinMs` (default: 15 s), and only what is durable. `NotAllowedNow` where `shownAtMs` is
   * before the incident.
   */
  answer(
    id: string,
    verb: UrgentVerb,
    request: UrgentRequest,
    withinMs?: number,
  ): Promise<Answered>;
  /** Any verb, by its name; refused where it makes no sense now. */
  steer(id: string, verb: IncidentVerb, request: VerbRequest): Promise<IncidentAnswer>;
  show(id: string): Promise<IncidentView>;
  /** Waits for the end; throws `NeverAcknowledged` where nobody has answered. */
  result(id: string): Promise<IncidentReport>;
  /** The newest first; Temporal's list lags a moment behind. */
  list(options?: {
    readonly all?: boolean;
    readonly limit?: number;
    /** The first hex digits of its id. */
    readonly beginsWith?: string;
  }): Promise<readonly IncidentSummary[]>;
}

const LIST_LIMIT = 100;
/** Of a title, where it is listed. */
const SUMMARY_MAX = 200;
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
        .executeUpdate(incidentUpdates[verb], { updateId: updateIdOf(verb, args), args: [args] }),
    );
  }

  const report: IncidentCalls['report'] = async (policy, key, reported, request) => {
    const id = incidentId(key);
    const input: EscalationInput = {
      ...asked(request),
      ...{ schemaVersion: 1, policy, key, report: checkedReport(reported) },
    };
    for (let tried = 1; ; tried += 1) {
      const started = await startOrTell(temporal, caller, { id, input, taskQueue });
      if (started !== undefined) return { id, isNew: started === 'new' };
      if (tried === TRIES) throw new Failure('Internal', `${id} opens and closes all the time`);
    }
  };

  const answer: IncidentCalls['answer'] = (id, verb, request, withinMs = ANSWER_WITHIN_MS) =>
    answerIncident(temporal, caller, { id, verb, request }, withinMs);

  return {
    steer,

    open(request) {
      const by = asked(request);
      const key = incidentKey(request.policy, request.key ?? by.requestId);
      return report(request.policy, key, reportOf(request), by);
    },

    report,
    idOf: incidentId,

    answer,

    async acknowledge(id, request) {
      const answered = await answer(id, 'acknowledge', request);
      return answered.kind === 'applied' ? { ...answered, kind: 'acknowledged' } : answered;
    },

    show: (id) => caller.call(id, () => temporal.workflow.getHandle(id).query(incidentQuery)),

    result(id) {
      const handle = temporal.workflow.getHandle<() => Promise<IncidentReport>>(id);
      return caller.wait(id, () => handle.result());
    },

    async list({ all = false, limit = LIST_LIMIT, beginsWith = '' } = {}) {
      const query = [
        "WorkflowType = 'escalation'",
        ...(all ? [] : ["ExecutionStatus = 'Running'"]),
        ...(beginsWith === ''
          ? []
          : [`WorkflowId STARTS_WITH '${incidentId(hexOnly(beginsWith))}'`]),
      ].join(' AND ');
      return caller.call('the list of incidents', async () => {
        const found: IncidentSummary[] = [];
        for await (const one of temporal.workflow.list({ query, pageSize: limit })) {
          found.push({
            id: one.workflowId,
            title: typeof one.memo?.title === 'string' ? one.memo.title : '',
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
        staticSummary: cut(report.title, SUMMARY_MAX),
        memo: { title: cut(report.title, SUMMARY_MAX) },
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

/** Whatever else stands there would be read as a query. */
function hexOnly(text: string): string {
  if (/^[0-9a-f]+$/.test(text)) return text;
  throw new Failure('NotFound', `"${text}" begins no incident: its id has the digits 0-9 and a-f`);
}

function reportOf(request: OpenRequest): Report {
  const { title, text = '', severity = 'critical', source, labels = {}, links = [] } = request;
  return { title, text, severity, source: source ?? request.who, labels, links };
}
