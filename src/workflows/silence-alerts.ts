import { getExternalWorkflowHandle, sleep } from '@temporalio/workflow';
import type { PlanFacts, Step } from '../domain/release/plan.ts';
import {
  expireCommand,
  renewedAt,
  silenceCommand,
  silenceLength,
  silencedBy,
} from '../domain/release/release-silence.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import type { ActiveRun } from '../domain/release/service-state.ts';
import { COORDINATOR_ID, expireSignal, silenceSignal } from './alert-messages.ts';
import type { Run } from './run.ts';

/**
 * Keeps the alerts of a release's own instances from paging anybody, where its file says so; for
 * others it does nothing. That they cannot be silenced is a warning: the release goes on.
 */
export function openSilence(
  run: Run,
  spec: ReleaseSpec,
  plan: readonly Step[],
  facts: Pick<PlanFacts, 'fast'>,
) {
  const matcherSets = silencedBy(spec);
  const { workflowId } = run.progress;
  let isSilenced = false;
  let lifted: Promise<void> | undefined;

  async function ask(count: number): Promise<number> {
    const endsAtMs = Date.now() + silenceLength(plan, spec, facts);
    const command = silenceCommand(run.progress, matcherSets ?? [], { count, endsAtMs });
    await getExternalWorkflowHandle(COORDINATOR_ID).signal(silenceSignal, command);
    return endsAtMs;
  }

  /** Whatever it waits for, a person too: while it runs the silence does not end by itself. */
  async function renew(firstEndsAtMs: number): Promise<void> {
    let endsAtMs = firstEndsAtMs;
    for (let count = 2; ; count += 1) {
      const waitMs = Math.max(1000, renewedAt(endsAtMs) - Date.now());
      await sleep(waitMs, { summary: 'before the silence of its alerts is made longer' });
      if (lifted !== undefined) return;
      endsAtMs = await ask(count);
    }
  }

  async function expire(why: string): Promise<void> {
    try {
      await getExternalWorkflowHandle(COORDINATOR_ID).signal(
        expireSignal,
        expireCommand(workflowId, why),
      );
      run.note(`its alerts are not silenced any more: ${why}`);
    } catch (error) {
      run.warn(`its alerts stay silenced for a while: ${whyNot(error)}`);
    }
  }

  return {
    isWanted: matcherSets !== undefined,
    /** Returns when the coordinator of alerts has been told, or cannot be. */
    async begin(): Promise<void> {
      try {
        const endsAtMs = await ask(1);
        isSilenced = true;
        run.note(`its alerts are silenced: the silence is ${workflowId}`);
        renew(endsAtMs).catch((error: unknown) => {
          run.warn(`the silence of its alerts was not made longer: ${whyNot(error)}`);
        });
      } catch (error) {
        run.warn(`its alerts are not silenced: ${whyNot(error)}`);
      }
    },
    /** Once is enough; returns when the coordinator has been told. */
    async lift(why: string): Promise<void> {
      if (!isSilenced) return;
      await (lifted ??= expire(why));
    },
  };
}

/** Of a release that can lift nothing any more; undefined, it has silenced nothing. */
export function liftOfLost({ workflowId, kind, candidate }: ActiveRun): Promise<void> | undefined {
  if (kind !== 'release' || silencedBy(candidate.spec) === undefined) return undefined;
  return getExternalWorkflowHandle(COORDINATOR_ID)
    .signal(expireSignal, expireCommand(workflowId, `${workflowId} ended without a report`))
    .catch(() => undefined);
}

function whyNot(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `the workflow ${COORDINATOR_ID} could not be told: ${text}`;
}
