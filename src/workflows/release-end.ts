import {
  ParentClosePolicy,
  executeChild,
  getExternalWorkflowHandle,
  patched,
} from '@temporalio/workflow';
import { formatDuration } from '../domain/quantity.ts';
import type { End } from '../domain/release/course.ts';
import { rollbackWorkflowId, serviceWorkflowId } from '../domain/release/names.ts';
import type { DeployedVersion, RunReport } from '../domain/release/progress.ts';
import { evidenceOf, isUnexpected } from '../domain/release/rollback-incident.ts';
import { hooksForRollback, undoHooks } from './call-hook.ts';
import type { Context } from './context.ts';
import type { RollbackInput } from './inputs.ts';
import { endedSignal, servingSignal } from './messages.ts';
import { titleOf } from './notices.ts';
import { retireAll } from './retire.ts';
import { rollback } from './rollback.ts';
import { attributesOf } from './search-attributes.ts';

/** Ends a release that does not go on: by the way that what it has touched asks for. */
export async function leave(context: Context, end: End): Promise<RunReport> {
  const { course, stable, spec } = context;
  const isRolling = course.plan.some(({ kind }) => kind === 'batch');
  const nothingStands = isRolling && course.stand.candidates === 0;
  if (!course.touched || nothingStands) return abandon(context, end);
  if (stable !== null) return goBack(context, stable, end);
  return end.asked === null ? abandon(context, end) : keep(context, end, spec.version);
}

/** Ends a release whose candidate has no traffic: it is removed, stable was never touched. */
async function abandon(context: Context, end: End): Promise<RunReport> {
  const { run, act, candidate, stable, baseline, spec } = context;
  const outcome = end.asked === null ? 'failed' : 'aborted';
  const { cause, reason } = end;
  run.phase('cleaning_up', `${outcome === 'aborted' ? 'aborted' : 'not released'}: ${reason}`);
  context.notices.tell({
    occasion: 'ended',
    about: outcome,
    title: titleOf(run.progress, outcome),
    text: `${reason}\nNo user met ${spec.version}; ${stable?.version ?? 'nothing'} serves.`,
  });
  const { service, version } = spec;
  await undoHooks(
    { run, act, service, version, stable: stable?.version ?? null },
    hooksForRollback(context),
  );
  const left = await retireAll(context, [candidate, ...(baseline === null ? [] : [baseline])]);
  if (stable !== null) run.weights([{ version: stable.version, weightPercent: 100 }]);
  const leftBefore = [...left, ...context.input.left];
  return finish(context, { outcome, cause, reason, serving: stable, left: leftBefore });
}

/** A first release that is called off has nothing to go back to: it keeps its traffic, and says so. */
async function keep(context: Context, end: End, version: string): Promise<RunReport> {
  const { run, candidate, notices } = context;
  const why = `${end.reason}; nothing served before ${version}, so it keeps the traffic`;
  notices.tell({
    occasion: 'ended',
    about: 'aborted',
    title: titleOf(run.progress, 'aborted'),
    text: why,
  });
  return finish(context, {
    outcome: 'aborted',
    cause: 'manual',
    reason: why,
    serving: candidate,
    left: context.input.left,
  });
}

/** Hands over to a rollback of its own, which goes on whatever becomes of this workflow. */
async function goBack(context: Context, stable: DeployedVersion, end: End): Promise<RunReport> {
  const { run, spec, candidate, baseline, input, course, before } = context;
  const { cause, reason, asked } = end;
  run.phase('rolling_back', `${cause}: ${reason}`);
  await untilNothingIsRemoved(context);
  const number = input.number + 1;
  const rollbackId = rollbackWorkflowId(spec.service, number);
  run.rolledBackBy(rollbackId);
  const hooks = hooksForRollback(context);
  const last = course.plan.findLast(({ kind }) => kind === 'batch');
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
        who: asked?.who ?? 'Belay',
        why: reason,
        service: spec.service,
        number,
        trigger: cause,
        from: candidate,
        to: stable,
        toRuns: !context.retired,
        before,
        ...(last?.kind === 'batch'
          ? { batches: { candidates: course.stand.candidates, desired: last.to } }
          : {}),
        ...(baseline === null ? {} : { baseline }),
        ...(asked === null || spec.keepOnAbortMs === 0 ? {} : { keepForMs: spec.keepOnAbortMs }),
        ...(hooks.length === 0 ? {} : { hooks }),
        ...whatWentWrong(context, end),
      },
    ],
  });
  run.weights([{ version: report.serving?.version ?? stable.version, weightPercent: 100 }]);
  const { incident, incidentIsNew } = report;
  if (incident !== undefined) {
    run.incident(incident, incidentIsNew, `${incident} ${doneTo(incidentIsNew)} by ${rollbackId}`);
  }
  const outcome = asked !== null && report.outcome === 'rolled_back' ? 'aborted' : report.outcome;
  return finish(context, {
    outcome,
    cause,
    reason: `${reason}; ${report.reason}`,
    serving: report.serving,
    left: [...input.left, ...report.left],
    lastNumber: number,
  });
}

/** What a rollback has done to an incident; one of older code has not said which it was. */
function doneTo(isNew: boolean | undefined): string {
  if (isNew === undefined) return 'was opened or told';
  return isNew ? 'was opened' : 'was open already, and has been told';
}

/** With it the rollback opens an incident at once; of what a person has asked for nobody is paged. */
function whatWentWrong({ run, spec }: Context, end: End): Pick<RollbackInput, 'wentWrong'> {
  if (spec.incidents === undefined || !isUnexpected(end)) return {};
  const { workflowId: release, verdict } = run.progress;
  return { wentWrong: { release, evidence: evidenceOf(verdict) } };
}

/** Traffic must not go to instances that are just being stopped: that is over first, in seconds. */
async function untilNothingIsRemoved({ removing }: Context): Promise<void> {
  if (removing === undefined || !patched('removal-is-over-first')) return;
  await removing.catch(() => undefined);
}

/** From here on the candidate is what a later release goes back to. */
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

/** What this release removes at its end: the version before, and what earlier ones have left. */
export function removedBy({ stable, baseline, input }: Context): readonly DeployedVersion[] {
  return [
    ...(stable === null ? [] : [stable]),
    ...(baseline === null ? [] : [baseline]),
    ...input.left,
  ];
}

/** The candidate serves for good; what came before stays ready for a while. */
export function tellPromoted(context: Context, keepForMs: number): void {
  const { run, spec } = context;
  const removed = removedBy(context);
  const text =
    removed.length === 0
      ? 'nothing to remove'
      : `${removed.map((old) => old.version).join(', ')} stays for ${formatDuration(keepForMs)}`;
  run.phase('cleaning_up', text, Date.now() + keepForMs);
  if (context.told) return;
  context.told = true;
  context.notices.tell({
    occasion: 'promoted',
    about: 'succeeded',
    title: titleOf(run.progress, 'succeeded'),
    text: run.progress.verdict?.summary ?? `${spec.version} serves`,
  });
}

/** Removes what is not needed any more; what cannot be removed is left to the next release. */
export async function finishUp(context: Context): Promise<void> {
  if (!context.told) tellPromoted(context, 0);
  if (context.retired) return;
  context.left = await retireAll(context, removedBy(context));
}

/** The end of a release that has succeeded. */
export async function arrive(context: Context): Promise<RunReport> {
  const { run, spec, candidate, left } = context;
  return finish(context, {
    outcome: 'succeeded',
    cause: 'none',
    reason: run.progress.verdict?.summary ?? `${spec.version} serves`,
    serving: candidate,
    left,
  });
}

/** It would have gone back here, or a person has called the observing off. */
export async function leaveObserved(context: Context, end: End): Promise<RunReport> {
  const { course, input } = context;
  const step = course.plan[course.at]?.name ?? 'the end';
  if (end.asked === null) {
    return observed(context, `would have gone back at ${step}: ${end.cause}: ${end.reason}`);
  }
  const { stable } = context;
  return finish(context, {
    outcome: 'aborted',
    cause: 'manual',
    reason: `the observing was called off: ${end.reason}`,
    serving: stable,
    left: input.left,
  });
}

/** Nothing was moved: the report says what would have been. */
export async function observed(context: Context, would: string): Promise<RunReport> {
  const { run, stable, input, notices } = context;
  notices.tell({
    occasion: 'ended',
    about: 'observed',
    title: titleOf(run.progress, 'observed'),
    text: would,
  });
  return finish(context, {
    outcome: 'observed',
    cause: 'none',
    reason: would,
    serving: stable,
    left: input.left,
  });
}

async function finish(
  context: Context,
  end: Pick<RunReport, 'outcome' | 'cause' | 'reason' | 'serving' | 'left'> & {
    lastNumber?: number;
  },
): Promise<RunReport> {
  const { run, input, spec, notices, silence } = context;
  if (silence.isWanted) await silence.lift(`the release has ended: ${end.outcome}`);
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
