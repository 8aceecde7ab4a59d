import { workflowInfo } from '@temporalio/workflow';
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
): Promise<readonly DeployedVersion[]> {
  const { run, spec, act } = context;
  const { workflowId } = workflowInfo();
  const left: DeployedVersion[] = [];
  for (const [index, old] of versions.entries()) {
    const step = FIRST_STEP + 2 * index;
    try {
      await act.retire({
        service: spec.service,
        traffic: spec.traffic,
        environment: old.spec.environment,
        target: { version: old.version, instances: old.instances },
        drainDeadlineMs: spec.drainDeadlineMs,
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
      left.push(old);
      run.warn(`${old.version} was not removed: ${failureOf(error).message}`);
    }
  }
  return left;
}
