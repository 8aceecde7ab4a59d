import {
  ApplicationFailure,
  ParentClosePolicy,
  executeChild,
  getExternalWorkflowHandle,
} from '@temporalio/workflow';
import type { Reading } from '../domain/judge/measurement.ts';
import { rollbackWorkflowId, serviceWorkflowId } from '../domain/release/names.ts';
import type { RollbackTrigger, RunReport } from '../domain/release/progress.ts';
import type { Context } from './blue-green.ts';
import { endedSignal, servingSignal } from './messages.ts';
import { rollback } from './rollback.ts';
import { attributesOf } from './search-attributes.ts';

/** Hands over to a rollback of its own, which goes on whatever becomes of this workflow. */
export async function goBack(
  context: Context,
  trigger: RollbackTrigger,
  reason: string,
  before: Reading | null,
): Promise<RunReport> {
  const { run, spec, stable, candidate, input } = context;
  if (stable === null) {
    throw ApplicationFailure.nonRetryable('a rollback needs a stable version', 'Internal');
  }
  run.allow([]);
  run.phase('rolling_back', `${trigger}: ${reason}`);
  const number = input.number + 1;
  const rollbackId = rollbackWorkflowId(spec.service, number);
  run.rolledBackBy(rollbackId);
  const report = await executeChild(rollback, {
    workflowId: rollbackId,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    staticSummary: `${spec.service}: ${candidate.version} back to ${stable.version}`,
    typedSearchAttributes: attributesOf({
      service: spec.service,
      version: stable.version,
      strategy: spec.strategy,
      phase: 'rolling_back',
    }),
    args: [
      {
        schemaVersion: 1,
        requestId: `${run.progress.workflowId}/rollback`,
        who: trigger === 'manual' ? (run.abortedBy?.who ?? 'Belay') : 'Belay',
        why: reason,
        service: spec.service,
        number,
        trigger,
        from: candidate,
        to: stable,
        toRuns: true,
        before,
      },
    ],
  });
  run.weights([{ version: report.serving?.version ?? stable.version, weightPercent: 100 }]);
  const outcome =
    trigger === 'manual' && report.outcome === 'rolled_back' ? 'aborted' : report.outcome;
  return finish(context, {
    outcome,
    cause: trigger,
    reason: `${reason}; ${report.reason}`,
    serving: report.serving,
    left: [...input.left, ...report.left],
    lastNumber: number,
  });
}

export async function noteServing(context: Context): Promise<void> {
  const { spec, candidate, input, run } = context;
  try {
    await getExternalWorkflowHandle(serviceWorkflowId(spec.service)).signal(servingSignal, {
      workflowId: run.progress.workflowId,
      serving: candidate,
      lastNumber: input.number,
    });
  } catch (error) {
    run.warn(
      `the service workflow was not told that ${candidate.version} serves: ${String(error)}`,
    );
  }
}

export async function finish(
  context: Context,
  end: Pick<RunReport, 'outcome' | 'cause' | 'reason' | 'serving' | 'left'> & {
    lastNumber?: number;
  },
): Promise<RunReport> {
  const { run, input, spec, notices } = context;
  const report = run.end({
    lastNumber: end.lastNumber ?? input.number,
    outcome: end.outcome,
    cause: end.cause,
    reason: end.reason,
    serving: end.serving,
    left: end.left,
  });
  await notices.settle(() =>
    getExternalWorkflowHandle(serviceWorkflowId(spec.service)).signal(endedSignal, report),
  );
  return report;
}
