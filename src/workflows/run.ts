import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  metricMeter,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Asked } from '../domain/release/commands.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import type {
  Cause,
  Phase,
  Progress,
  RunReport,
  TimelineEntry,
  Verb,
} from '../domain/release/progress.ts';
import { renderTimeline } from '../domain/release/timeline.ts';
import { abortSignal, abortUpdate, progressQuery, promoteUpdate } from './messages.ts';
import { OUTCOME, PHASE } from './search-attributes.ts';

/** What is fixed about a run when it starts. */
export type RunFacts = Pick<
  Progress,
  'kind' | 'service' | 'number' | 'version' | 'fallback' | 'strategy' | 'who' | 'why'
>;

/** A person (or a cancellation) wants this run to go back. */
export class AbortAsked extends Error {
  override readonly name = 'AbortAsked';
}

const CANCELLED: Asked = {
  requestId: 'cancel',
  who: 'Temporal',
  why: 'the workflow was cancelled',
};

/** The most entries that a timeline keeps; the middle is dropped first. */
const TIMELINE_MAX = 100;

export type Run = ReturnType<typeof openRun>;

/**
 * What releases and rollbacks share: the phase and its timeline, shown in the query, in the search
 * attributes and as the current details in the Temporal UI; and the verbs of a person.
 */
export function openRun(facts: RunFacts, first: Phase) {
  const startedAtMs = Date.now();
  let verbs: readonly Verb[] = [];
  let abort: Asked | undefined;
  let promoted: Asked | undefined;
  let scope: CancellationScope | undefined;
  let progress: Progress = {
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
    verbs,
    timeline: [],
    outcome: undefined,
    reason: undefined,
    endedAtMs: undefined,
  };

  function show(change: Partial<Progress>): void {
    progress = { ...progress, ...change };
    setCurrentDetails(renderTimeline(progress));
  }

  function note(text: string): void {
    const entry: TimelineEntry = { atMs: Date.now(), phase: progress.phase, text };
    const timeline = [...progress.timeline, entry];
    if (timeline.length > TIMELINE_MAX) timeline.splice(TIMELINE_MAX / 2, 1);
    log.info(text, { phase: progress.phase });
    show({ timeline });
  }

  function ask(kind: Verb, asked: Asked): { phase: string } {
    const answer = { phase: progress.phase };
    if (!verbs.includes(kind)) return answer;
    note(`${asked.who} asked to ${kind}: ${asked.why}`);
    if (kind === 'abort') abort ??= asked;
    else promoted ??= asked;
    allow([]);
    if (abort !== undefined) scope?.cancel();
    return answer;
  }

  function allow(next: readonly Verb[]): void {
    verbs = next;
    show({ verbs });
  }

  function refuseUnlessAllowed(kind: Verb) {
    return (asked: Asked): void => {
      if (typeof asked?.who !== 'string' || typeof asked.why !== 'string') {
        throw ApplicationFailure.nonRetryable(`${kind} needs who and why`, 'NotAllowedNow');
      }
      if (verbs.includes(kind)) return;
      const others = verbs.length === 0 ? 'no verb' : verbs.join(' or ');
      throw ApplicationFailure.nonRetryable(
        `${kind} makes no sense while ${progress.workflowId} is ${progress.phase}: ` +
          `it takes ${others} now`,
        'NotAllowedNow',
      );
    };
  }

  // A cancellation of the workflow means abort, also inside scopes that cannot be cancelled.
  CancellationScope.current().cancelRequested.catch(() => {
    abort ??= CANCELLED;
    scope?.cancel();
  });

  setHandler(progressQuery, () => progress);
  setHandler(abortUpdate, (asked) => ask('abort', asked), {
    validator: refuseUnlessAllowed('abort'),
    description: 'Moves traffic back to stable, then removes the candidate.',
  });
  setHandler(abortSignal, (asked) => {
    // Nobody can be refused by a signal: while traffic is being switched it waits for the switch.
    if (progress.phase === 'switching') abort ??= asked;
    ask('abort', asked);
  });
  setHandler(promoteUpdate, (asked) => ask('promote', asked), {
    validator: refuseUnlessAllowed('promote'),
    description: 'Keeps the candidate although its watch did not pass.',
  });
  show({});

  return {
    note,
    allow,
    get progress(): Progress {
      return progress;
    },
    get promotedBy(): Asked | undefined {
      return promoted;
    },
    get abortedBy(): Asked | undefined {
      return abort;
    },
    phase(phase: Phase, text: string, untilMs?: number): void {
      if (phase !== progress.phase) {
        upsertSearchAttributes([{ key: PHASE, value: phase }]);
      }
      progress = { ...progress, phase, phaseSinceMs: Date.now(), phaseUntilMs: untilMs };
      note(text);
    },
    weights(weights: Progress['weights']): void {
      show({ weights });
    },
    rolledBackBy(rollbackId: string): void {
      show({ rolledBackBy: rollbackId });
    },
    verdict(verdict: Verdict): void {
      show({ verdict });
      note(`verdict ${verdict.kind}: ${verdict.summary}`);
    },
    warn(text: string): void {
      show({ warnings: [...progress.warnings, text] });
      note(`warning: ${text}`);
    },
    /**
     * Runs `work` so that an abort, or a cancellation of the workflow, ends it with `AbortAsked`.
     */
    async interruptible<T>(work: () => Promise<T>): Promise<T> {
      if (abort !== undefined) throw new AbortAsked(abort.why);
      scope = new CancellationScope();
      try {
        return await scope.run(work);
      } catch (error) {
        if (!isCancellation(error)) throw error;
        abort ??= CANCELLED;
        throw new AbortAsked(abort.why);
      } finally {
        scope = undefined;
      }
    },
    end(
      report: Omit<
        RunReport,
        'workflowId' | 'kind' | 'number' | 'version' | 'startedAtMs' | 'endedAtMs'
      >,
    ): RunReport {
      const endedAtMs = Date.now();
      verbs = [];
      progress = { ...progress, phase: 'ended', phaseSinceMs: endedAtMs, phaseUntilMs: undefined };
      upsertSearchAttributes([
        { key: PHASE, value: 'ended' },
        { key: OUTCOME, value: report.outcome },
      ]);
      show({ verbs, outcome: report.outcome, reason: report.reason, endedAtMs });
      note(`${report.outcome}: ${report.reason}`);
      measureEnd(progress, report.outcome, report.cause);
      const { workflowId, kind, number, version } = progress;
      return { workflowId, kind, number, version, startedAtMs, endedAtMs, ...report };
    },
  };
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
