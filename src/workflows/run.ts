import {
  ApplicationFailure,
  CancellationScope,
  log,
  metricMeter,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Asked } from '../domain/release/commands.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import {
  type AuditEntry,
  type Cause,
  type Phase,
  type Progress,
  type RunReport,
  type TimelineEntry,
  VERBS,
  type Verb,
} from '../domain/release/progress.ts';
import type { Steering } from '../domain/release/steer.ts';
import { renderTimeline } from '../domain/release/timeline.ts';
import { type Steered, abortSignal, progressQuery, verbUpdates } from './messages.ts';
import { onUpdate } from './on-update.ts';
import { OUTCOME, PHASE } from './search-attributes.ts';

/** What is fixed about a run when it starts. */
export type RunFacts = Pick<
  Progress,
  'kind' | 'service' | 'number' | 'version' | 'fallback' | 'strategy' | 'who' | 'why' | 'preview'
>;

/** What people can do with a run; a rollback takes no verb at all. */
export interface Helm {
  verbs(): readonly Verb[];
  /** Why the verb makes no sense now; undefined when it does. */
  refuse(verb: Verb, asked: Steering): string | undefined;
  steer(verb: Verb, asked: Steering): void;
  /** Temporal's own cancellation: it cannot be refused. */
  cancel(asked: Asked): void;
  view(): Pick<Progress, 'steps' | 'at' | 'waiting'>;
}

const NOBODY: Helm = {
  verbs: () => [],
  refuse: () => 'a rollback goes on until it has been verified',
  steer: () => undefined,
  cancel: () => undefined,
  view: () => ({ steps: [], at: 0, waiting: undefined }),
};

export const CANCELLED: Asked = {
  requestId: 'cancel',
  who: 'Temporal',
  why: 'the workflow was cancelled',
};

/** The most entries that a timeline keeps; the middle is dropped first. */
const TIMELINE_MAX = 100;
/** A request is refused when it comes after so many; nobody asks so much of one release. */
const AUDIT_MAX = 500;

/** Of who, why and the id of a request: they are kept, and shown. */
const TEXT_MAX = 1000;

export type Run = ReturnType<typeof openRun>;

/**
 * What releases and rollbacks share: the phase and its timeline, shown in the query, in the search
 * attributes and as the current details in the Temporal UI; and the verbs of a person.
 */
export function openRun(facts: RunFacts, first: Phase, helm: Helm = NOBODY) {
  const startedAtMs = Date.now();
  /** By `requestOf`. */
  const answers = new Map<string, Steered>();
  const audit: AuditEntry[] = [];
  let own: Omit<Progress, 'verbs' | 'steps' | 'at' | 'waiting' | 'audit'> = {
    ...facts,
    workflowId: workflowInfo().workflowId,
    startedAtMs,
    phase: first,
    phaseSinceMs: startedAtMs,
    phaseUntilMs: undefined,
    weights: [],
    verdict: undefined,
    warnings: [],
    rolledBackBy: undefined,
    incident: undefined,
    incidentIsNew: undefined,
    timeline: [],
    outcome: undefined,
    reason: undefined,
    endedAtMs: undefined,
  };

  function progress(): Progress {
    const verbs = own.outcome === undefined ? helm.verbs() : [];
    return { ...own, ...helm.view(), verbs, audit };
  }

  function show(change: Partial<typeof own>): void {
    own = { ...own, ...change };
    setCurrentDetails(renderTimeline(progress()));
  }

  function note(text: string): void {
    const entry: TimelineEntry = { atMs: Date.now(), phase: own.phase, text };
    const timeline = [...own.timeline, entry];
    if (timeline.length > TIMELINE_MAX) timeline.splice(TIMELINE_MAX / 2, 1);
    log.info(text, { phase: own.phase });
    show({ timeline });
  }

  function ask(verb: Verb, asked: Steering): Steered {
    const before = answers.get(requestOf(verb, asked));
    if (before !== undefined) return before;
    const { who, why, requestId } = asked;
    const { steps, at } = helm.view();
    const step = steps[at]?.name;
    const answer: Steered = { phase: own.phase, step };
    answers.set(requestOf(verb, asked), answer);
    audit.push({ atMs: Date.now(), verb, who, why, requestId, step });
    note(`${who} asked to ${verb.replaceAll('_', ' ')}${detailsOf(asked)}: ${why}`);
    helm.steer(verb, asked);
    show({});
    return answer;
  }

  function refuseUnlessAllowed(verb: Verb) {
    return (asked: Steering): void => {
      const texts = [asked?.who, asked?.why, asked?.requestId];
      if (texts.some((text) => typeof text !== 'string' || text === '')) {
        throw notAllowed(`${verb} needs who, why and requestId`);
      }
      if (texts.some((text) => String(text).length > TEXT_MAX)) {
        throw notAllowed(`who, why and requestId have ${TEXT_MAX} characters each at most`);
      }
      if (answers.has(requestOf(verb, asked))) return;
      const refusal =
        audit.length >= AUDIT_MAX ? 'it has been asked too much' : helm.refuse(verb, asked);
      if (refusal === undefined) return;
      const verbs = own.outcome === undefined ? helm.verbs() : [];
      const others = verbs.length === 0 ? 'no verb' : verbs.join(' or ');
      throw notAllowed(
        `${verb} makes no sense while ${own.workflowId} is ${own.phase}: ${refusal}; ` +
          `it takes ${others} now`,
      );
    };
  }

  // A cancellation of the workflow means abort, also inside scopes that cannot be cancelled.
  CancellationScope.current().cancelRequested.catch(() => helm.cancel(CANCELLED));

  setHandler(progressQuery, progress);
  for (const verb of VERBS) {
    const requireAllowed = refuseUnlessAllowed(verb);
    const heard = (asked: Steering): Steered => {
      requireAllowed(asked);
      return ask(verb, asked);
    };
    onUpdate(verbUpdates[verb], heard, {
      validator: requireAllowed,
      description: DESCRIPTIONS[verb],
    });
  }
  // Nobody can be refused by a signal: what makes no sense now changes nothing.
  setHandler(abortSignal, (asked) => {
    if (answers.has(requestOf('abort', asked))) return;
    if (helm.refuse('abort', asked) === undefined) ask('abort', asked);
  });
  show({});

  return {
    note,
    /** Shows what has changed outside: the verbs, the step, what it waits for. */
    refresh: (): void => show({}),
    get progress(): Progress {
      return progress();
    },
    phase(phase: Phase, text: string, untilMs?: number): void {
      if (phase !== own.phase) upsertSearchAttributes([{ key: PHASE, value: phase }]);
      own = { ...own, phase, phaseSinceMs: Date.now(), phaseUntilMs: untilMs };
      note(text);
    },
    weights(weights: Progress['weights']): void {
      show({ weights });
    },
    rolledBackBy(rollbackId: string): void {
      show({ rolledBackBy: rollbackId });
    },
    /** Somebody is paged about it. One that it has opened itself stays so, however often it is told. */
    incident(incident: string, isNew: boolean | undefined, text: string): void {
      const opened = own.incident === incident && own.incidentIsNew === true;
      show({ incident, incidentIsNew: opened || isNew });
      note(text);
    },
    verdict(verdict: Verdict): void {
      show({ verdict });
      note(`verdict ${verdict.kind}: ${verdict.summary}`);
    },
    warn(text: string): void {
      show({ warnings: [...own.warnings, text] });
      note(`warning: ${text}`);
    },
    end(
      report: Omit<
        RunReport,
        | 'workflowId'
        | 'kind'
        | 'number'
        | 'version'
        | 'incident'
        | 'incidentIsNew'
        | 'startedAtMs'
        | 'endedAtMs'
      >,
    ): RunReport {
      const endedAtMs = Date.now();
      own = { ...own, phase: 'ended', phaseSinceMs: endedAtMs, phaseUntilMs: undefined };
      upsertSearchAttributes([
        { key: PHASE, value: 'ended' },
        { key: OUTCOME, value: report.outcome },
      ]);
      show({ outcome: report.outcome, reason: report.reason, endedAtMs });
      note(`${report.outcome}: ${report.reason}`);
      measureEnd(progress(), report.outcome, report.cause);
      const { workflowId, kind, number, version, incident, incidentIsNew } = own;
      return {
        ...{ workflowId, kind, number, version, incident, incidentIsNew, startedAtMs, endedAtMs },
        ...report,
      };
    },
  };
}

const DESCRIPTIONS = {
  pause: 'Stays where it is before the next step; watching goes on.',
  resume: 'Goes on after a pause, or in spite of a freeze window.',
  promote: 'Goes on to the next step at once; keeps the candidate although its watch did not pass.',
  promote_full: 'Goes on to all of the traffic at once.',
  step_back: 'Takes the candidate one weight or batch down, and stays there.',
  retry: 'Tries the step that failed once more.',
  abort: 'Moves traffic back to stable, then removes the candidate.',
  approve: 'Opens the gate that it waits at.',
  reject: 'Closes the gate that it waits at: the release goes back.',
  extend: 'Makes a step last longer.',
} as const satisfies Record<Verb, string>;

function detailsOf({ gate, step, byMs }: Steering): string {
  if (step !== undefined) return ` ${step} by ${(byMs ?? 0) / 1000} s`;
  return gate === undefined ? '' : ` ${gate}`;
}

/** The same words of the same verb are the same request. */
function requestOf(verb: Verb, { requestId }: Asked): string {
  return `${verb} ${requestId}`;
}

function notAllowed(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'NotAllowedNow');
}

/** Replay-safe: the SDK reports nothing while it replays. */
function measureEnd(progress: Progress, outcome: string, cause: Cause): void {
  const { kind, strategy, startedAtMs } = progress;
  metricMeter
    .createCounter('belay_runs', 'runs', 'Releases and rollbacks that ended')
    .add(1, { kind, strategy, outcome, cause });
  metricMeter
    .createHistogram('belay_run_duration', 'float', 'seconds', 'From start to end of a run')
    .record((Date.now() - startedAtMs) / 1000, { kind, strategy, outcome });
}
