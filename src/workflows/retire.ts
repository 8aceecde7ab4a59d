import { isCancellation, workflowInfo } from '@temporalio/workflow';
import { effectKey, generationOf } from '../domain/release/names.ts';
import type { DeployedVersion } from '../domain/release/progress.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import type { activitiesFor } from './activities.ts';
import { failureOf } from './failure.ts';
import type { Run } from './run.ts';

/** Retiring begins here in the generations of a run, two to a version. */
const FIRST_STEP = 900_000;

/**
 * Removes versions that must not have traffic any more, one after the other. A failure here is a
 * warning, never a failed run: what could not be removed is returned, for the next run to remove.
 */
export async function retireAll(
  context: {
    readonly run: Run;
    readonly spec: ReleaseSpec;
    readonly act: ReturnType<typeof activitiesFor>;
  },
  versions: readonly DeployedVersion[],
  /** Of the first of them: how long it stays ready before. */
  delayMs = 0,
): Promise<readonly DeployedVersion[]> {
  const { run, spec, act } = context;
  const { workflowId } = workflowInfo();
  const left: DeployedVersion[] = [];
  for (const [index, old] of versions.entries()) {
    const step = FIRST_STEP + 2 * index;
    try {
      const waits = index === 0 && delayMs > 0;
      await (waits ? act.retireAfter(delayMs) : act.retire)({
        service: spec.service,
        traffic: spec.traffic,
        environment: old.spec.environment,
        target: { version: old.version, instances: old.instances },
        drainDeadlineMs: spec.drainDeadlineMs,
        ...(waits ? { notBeforeMs: Date.now() + delayMs } : {}),
        unregister: {
          key: effectKey(workflowId, `unregister-${old.version}`),
          generation: generationOf(run.progress.number, step),
        },
        remove: {
          key: effectKey(workflowId, `remove-${old.version}`),
          generation: generationOf(run.progress.number, step + 1),
        },
      });
      run.note(`${old.version} removed`);
    } catch (error) {
      if (isCancellation(error)) throw error;
      left.push(old);
      run.warn(`${old.version} was not removed: ${failureOf(error).message}`);
    }
  }
  return left;
}
