import type { SilenceRequest } from '../alerting/silence.ts';
import { cut } from '../paging/page-words.ts';
import type { Asked } from './commands.ts';
import type { PlanFacts, Step } from './plan.ts';
import type { ReleaseSpec } from './release-spec.ts';
import { stepLength } from './step-length.ts';

/** For what takes time beside the waits: starting, moving traffic, going back. */
const MARGIN_MS = 60 * 60_000;
/** A silence is made longer when so much of it is left, so that no moment is uncovered. */
const RENEWED_BEFORE_MS = 30 * 60_000;
const COMMENT_MAX = 500;

/** Whose alerts are silenced, and for whom. */
export interface SilencedRun {
  /** Its workflow id, which its silence has too: asked for twice, it is the same silence. */
  readonly workflowId: string;
  readonly service: string;
  readonly version: string;
  readonly strategy: string;
  readonly who: string;
  readonly why: string;
  readonly startedAtMs: number;
}

/** The matchers that a release silences; undefined, it silences nothing, or moves nothing. */
export function silencedBy(
  spec: Pick<ReleaseSpec, 'alerts' | 'mode'>,
): SilenceRequest['matcherSets'] | undefined {
  return spec.mode === 'observe' ? undefined : spec.alerts?.silence;
}

/** How long a silence is at first, and each time that it is made longer. */
export function silenceLength(
  plan: readonly Step[],
  spec: ReleaseSpec,
  facts: Pick<PlanFacts, 'fast'>,
): number {
  const planned = plan.reduce((sum, step) => {
    const { forMs, limitMs = forMs } = stepLength(step, spec, facts);
    return sum + limitMs;
  }, 0);
  return planned + MARGIN_MS;
}

export function renewedAt(endsAtMs: number): number {
  return endsAtMs - RENEWED_BEFORE_MS;
}

/** What the coordinator of alerts is told; `count` is 1 for the first, and more for longer ones. */
export function silenceCommand(
  run: SilencedRun,
  matcherSets: SilenceRequest['matcherSets'],
  { count, endsAtMs }: { readonly count: number; readonly endsAtMs: number },
): Asked & { readonly silenceId: string; readonly silence: SilenceRequest } {
  const { workflowId, version, strategy, startedAtMs } = run;
  const why = cut(`${workflowId} (${version}, ${strategy}) of ${run.who}: ${run.why}`, COMMENT_MAX);
  return {
    requestId: `${workflowId}/silence-${count}`,
    who: workflowId,
    why,
    silenceId: workflowId,
    silence: {
      id: count === 1 ? null : workflowId,
      matcherSets,
      startsAtMs: startedAtMs,
      endsAtMs,
      createdBy: workflowId,
      comment: why,
    },
  };
}

/** The same whoever says it: the release itself, or its service where it was lost. */
export function expireCommand(
  workflowId: string,
  why: string,
): Asked & { readonly silenceId: string } {
  const asked = { requestId: `${workflowId}/expire`, who: workflowId };
  return { ...asked, why: cut(why, COMMENT_MAX), silenceId: workflowId };
}
