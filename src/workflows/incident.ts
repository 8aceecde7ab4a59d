import {
  ApplicationFailure,
  CancellationScope,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type Escalation, newEscalation } from '../domain/escalation/escalation.ts';
import {
  INCIDENT_VERBS,
  type IncidentAnswer,
  type IncidentAsked,
  type IncidentEntry,
  type IncidentVerb,
  type IncidentView,
  type Report,
} from '../domain/escalation/incident.ts';
import { EMPTY_LEDGER, type Ledger } from '../domain/escalation/ledger.ts';
import { renderIncident } from '../domain/escalation/render-incident.ts';
import { newestReport, reportFault, withinLimits } from '../domain/escalation/report-checks.ts';
import type { PolicySnapshot } from '../domain/escalation/snapshot.ts';
import { apply, refuse, refuseEarlier, targetsOf, verbsOf } from '../domain/escalation/verbs.ts';
import { cut } from '../domain/paging/page-words.ts';
import type { Incident } from '../domain/paging/page.ts';
import type { Asked } from '../domain/release/commands.ts';
import type { CarriedIncident, EscalationInput } from './incident-input.ts';
import {
  ackSignal,
  incidentQuery,
  incidentUpdates,
  noteSignal,
  reportedSignal,
  resolveSignal,
} from './incident-messages.ts';
import { onUpdate } from './on-update.ts';
import { CANCELLED } from './run.ts';

const TIMELINE_MAX = 200;
/** Of one entry: what two texts of the longest say. A file that cannot be read says much more. */
const ENTRY_MAX = 2200;
const WARNING_MAX = 500;
/** Requests that are remembered, so that a repeat is not asked twice. */
const ANSWERS_MAX = 500;
const TEXT_MAX = 1000;
/** Those that come later are in the timeline alone. */
const WARNINGS_MAX = 100;

export type OpenIncident = ReturnType<typeof openIncident>;

/** What follows a verb: set by the workflow, which alone pages and calls pages off. */
export interface Consequences {
  /** After the state has changed: calls off what must not begin, and says what may still arrive. */
  settle(verb: IncidentVerb): Promise<readonly string[]>;
  /** Which pages may still arrive; calls nothing off. */
  underWay(): Promise<readonly string[]>;
  changePolicy(asked: IncidentAsked): Promise<void>;
}

/** A report by which an incident begins. */
export type Reported = Asked & { readonly report: Report };

/**
 * The state of one incident and everything that can be said to it. A verb changes the state at
 * once, in the order in which verbs arrive; what takes time follows and only delays its answer.
 */
export function openIncident(input: EscalationInput, consequences: () => Consequences) {
  const { workflowId } = workflowInfo();
  const carried = input.carried;
  let escalation: Escalation =
    carried?.escalation ?? newEscalation(UNKNOWN, turnOf(input.key), Date.now());
  let ledger: Ledger = carried?.ledger ?? EMPTY_LEDGER;
  let report: Report = carried?.report ?? input.report;
  const openedAtMs = carried?.openedAtMs ?? Date.now();
  const timeline: IncidentEntry[] = [...(carried?.timeline ?? [])];
  const warnings: string[] = [...(carried?.warnings ?? [])];
  const answered = new Set(carried?.answered ?? [requestOf('reported', input)]);
  let reportedAfter: Reported | null = null;
  let changes = 0;

  function view(): IncidentView {
    const { policy, status, round, level, levels, nextAtMs, wake } = escalation;
    return {
      ...report,
      id: workflowId,
      key: input.key,
      policy: policy.name === '' ? input.policy : policy.name,
      who: input.who,
      openedAtMs,
      status,
      round,
      level,
      levels,
      nextAtMs,
      quietUntilMs: wake?.atMs ?? null,
      acknowledgedBy: escalation.acknowledgedBy,
      resolvedBy: escalation.resolvedBy,
      verbs: verbsOf(escalation),
      ledger: ledger.entries,
      ledgerDropped: ledger.dropped,
      timeline,
      warnings,
    };
  }

  let isShowing = false;
  /** Once, after all that a task brings: thousands of signals may have waited for it. */
  function show(): void {
    if (isShowing) return;
    isShowing = true;
    void Promise.resolve().then(() => {
      isShowing = false;
      setCurrentDetails(renderIncident(view()));
    });
  }

  function note(text: string): void {
    timeline.push({ atMs: Date.now(), text: cut(text, ENTRY_MAX) });
    if (timeline.length > TIMELINE_MAX) timeline.splice(TIMELINE_MAX / 2, 1);
    log.info(text, { status: escalation.status });
    show();
  }

  function update(next: Escalation): void {
    escalation = next;
    changes += 1;
    show();
  }

  function remember(request: string): void {
    answered.add(request);
    const [oldest] = answered;
    if (answered.size > ANSWERS_MAX && oldest !== undefined) answered.delete(oldest);
  }

  /** Changes the state and says so; answers when no page can begin any more that must not. */
  async function ask(verb: IncidentVerb, asked: IncidentAsked): Promise<IncidentAnswer> {
    const request = requestOf(verb, asked);
    if (answered.has(request)) {
      // It has been carried out: whatever was begun since is not to be called off by it.
      const inFlight = verb === 'add_note' ? [] : await consequences().underWay();
      return { status: escalation.status, inFlight };
    }
    remember(request);
    note(`${asked.who}: ${verb.replaceAll('_', ' ')}${detailsOf(verb, asked)}: ${asked.why}`);
    if (verb === 'change_policy') await changePolicy(asked, request);
    else if (verb !== 'add_note') update(apply(escalation, verb, asked, Date.now()));
    const inFlight = verb === 'add_note' ? [] : await consequences().settle(verb);
    return { status: escalation.status, inFlight };
  }

  /** What could not be done may be asked again. */
  async function changePolicy(asked: IncidentAsked, request: string): Promise<void> {
    try {
      await consequences().changePolicy(asked);
    } catch (error) {
      answered.delete(request);
      note(`${asked.who}: change policy: refused`);
      throw error;
    }
  }

  function requireAllowed(verb: IncidentVerb) {
    return (asked: IncidentAsked): void => {
      const fault = faultOf(asked);
      if (fault !== undefined) throw refused('NotAllowedNow', `${verb}: ${fault}`);
      if (answered.has(requestOf(verb, asked))) return;
      const refusal = refuseEarlier(asked, openedAtMs) ?? refuse(escalation, verb, asked);
      if (refusal !== undefined) throw refused(refusal.code, `${workflowId}: ${refusal.why}`);
    };
  }

  function reportedAgain(reported: Reported): void {
    const fault = faultOf(reported) ?? reportFault(reported.report);
    if (fault !== undefined) return note(`reported by signal means nothing: ${fault}`);
    if (answered.has(requestOf('reported', reported))) return;
    remember(requestOf('reported', reported));
    const { who, why, requestId } = reported;
    const again = withinLimits(reported.report);
    note(`reported once more by ${again.source}: ${again.title}`);
    const isOver = escalation.status === 'resolved' || escalation.status === 'never_acknowledged';
    if (isOver) reportedAfter = { who, why, requestId, report: again };
    else report = newestReport(report, again);
  }

  function noted(asked: Asked): void {
    const fault = faultOf(asked);
    if (fault !== undefined) return note(`a note by signal means nothing: ${fault}`);
    if (answered.has(requestOf('add_note', asked))) return;
    remember(requestOf('add_note', asked));
    note(`${asked.who}: ${asked.why}`);
  }

  /**
   * What was said before the first task is carried out in here: all that it needs must be there.
   * Signals first: an update is only heard in a task, after all signals that are there by then.
   */
  function listen(): void {
    /** Nobody can be refused by a signal: what makes no sense now changes nothing. */
    const signalled = async (
      verb: 'acknowledge' | 'resolve',
      asked: IncidentAsked,
    ): Promise<void> => {
      const fault = faultOf(asked);
      if (fault !== undefined) return note(`${verb} by signal means nothing: ${fault}`);
      if (answered.has(requestOf(verb, asked))) return;
      const refusal = refuseEarlier(asked, openedAtMs) ?? refuse(escalation, verb, asked);
      if (refusal === undefined) await shielded(() => ask(verb, asked));
      else note(`${asked.who}: ${verb} by signal, too late: ${refusal.why}`);
    };
    setHandler(ackSignal, (asked) => signalled('acknowledge', asked));
    setHandler(resolveSignal, (asked) => signalled('resolve', asked));
    setHandler(reportedSignal, reportedAgain);
    setHandler(noteSignal, noted);
    for (const verb of INCIDENT_VERBS) {
      const validator = requireAllowed(verb);
      const heard = (asked: IncidentAsked): Promise<IncidentAnswer> => {
        validator(asked);
        return shielded(() => ask(verb, asked));
      };
      onUpdate(incidentUpdates[verb], heard, {
        validator,
        description: DESCRIPTIONS[verb],
      });
    }
    setHandler(incidentQuery, view);
    CancellationScope.current().cancelRequested.catch(() => void signalled('resolve', CANCELLED));
  }

  show();

  return {
    /** Takes what is said from now on, and has been said already. */
    listen,
    get escalation(): Escalation {
      return escalation;
    },
    get ledger(): Ledger {
      return ledger;
    },
    get report(): Report {
      return report;
    },
    openedAtMs,
    /** The last report that came when it was over, but not closed yet. */
    get reportedAfter(): Reported | null {
      return reportedAfter;
    },
    /** Grows with every change of the state. */
    get changes(): number {
      return changes;
    },
    view,
    note,
    update,
    warn(why: string): void {
      const text = cut(why, WARNING_MAX);
      const isNew = !warnings.includes(text);
      if (isNew && warnings.length < WARNINGS_MAX) warnings.push(text);
      note(`warning: ${text}`);
    },
    record(next: Ledger): void {
      ledger = next;
      show();
    },
    /** The incident as channels are told it. */
    told(): Incident {
      const { status, acknowledgedBy, resolvedBy } = escalation;
      const by = status === 'resolved' ? resolvedBy : acknowledgedBy;
      return {
        ...report,
        id: workflowId,
        key: input.key,
        status: status === 'never_acknowledged' ? 'triggered' : status,
        by: by?.by,
        policy: view().policy,
        openedAtMs,
      };
    },
    carry(): CarriedIncident {
      return {
        escalation,
        ledger,
        report,
        openedAtMs,
        timeline,
        warnings,
        answered: [...answered],
      };
    },
  };
}

/** What was begun is finished, although the workflow is cancelled meanwhile. */
const shielded = <T>(work: () => Promise<T>): Promise<T> => CancellationScope.nonCancellable(work);

/** Until its policy has been read. */
const UNKNOWN: PolicySnapshot = {
  name: '',
  levels: [],
  repeat: 0,
  onExhausted: 'fail',
  lastResort: [],
  ackTimeoutMs: null,
  sendForMs: 5 * 60_000,
  overrides: [],
};

/** Teams begin with another member at each incident: by its key, so that nothing has to be kept. */
function turnOf(key: string): number {
  return Number.parseInt(key.slice(0, 6), 16) || 0;
}

const DESCRIPTIONS = {
  acknowledge: 'Somebody works on it: nobody else is paged. The first one wins.',
  unacknowledge: 'Pages again, from the first level on.',
  resolve: 'It is over: nobody is paged any more.',
  reassign: 'Pages these instead, then goes on with the policy.',
  snooze: 'Nobody is paged for a while; then paging begins again.',
  escalate_now: 'Begins the next level at once, outside business hours as well.',
  change_policy: 'Goes by another policy, or by the newest text of the same one.',
  add_note: 'Is kept in the timeline.',
} as const satisfies Record<IncidentVerb, string>;

/** What a verb takes has been checked; of what another verb takes nothing is known. */
function detailsOf(verb: IncidentVerb, asked: IncidentAsked): string {
  if (verb === 'reassign') {
    return ` to ${targetsOf(asked)
      .map(({ name }) => name)
      .join(', ')}`;
  }
  if (verb === 'snooze') return ` for ${(asked.forMs ?? 0) / 1000} s`;
  return verb === 'change_policy' ? ` to ${asked.policy}` : '';
}

/** The same words of the same verb are the same request. */
function requestOf(verb: IncidentVerb | 'reported', { requestId }: Asked): string {
  return `${verb} ${requestId}`;
}

/** Anybody can send anything: a handler that fails on it would stop the incident for good. */
function faultOf(asked: Partial<Asked> | undefined): string | undefined {
  const texts = [asked?.who, asked?.why, asked?.requestId];
  if (texts.some((text) => typeof text !== 'string' || text === '')) {
    return 'it needs who, why and requestId';
  }
  if (texts.every((text) => String(text).length <= TEXT_MAX)) return undefined;
  return `who, why and requestId have ${TEXT_MAX} characters at most`;
}

function refused(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
