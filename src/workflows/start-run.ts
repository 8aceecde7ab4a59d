import {
  ApplicationFailure,
  ParentClosePolicy,
  getExternalWorkflowHandle,
  startChild,
} from '@temporalio/workflow';
import type { Begun, DeployCommand } from '../domain/release/commands.ts';
import { baselineVersion } from '../domain/release/names.ts';
import type { DeployedVersion, RunReport } from '../domain/release/progress.ts';
import type { ActiveRun, ServiceState } from '../domain/release/service-state.ts';
import { abTest } from './ab-test.ts';
import { blueGreen } from './blue-green.ts';
import { canary } from './canary.ts';
import { failureOf } from './failure.ts';
import type { RollbackInput } from './inputs.ts';
import { abortSignal } from './messages.ts';
import { rollback } from './rollback.ts';
import { rolling } from './rolling.ts';
import { attributesOf } from './search-attributes.ts';

/** A run that has begun, and will tell how it ends. */
export interface Started {
  result(): Promise<RunReport>;
}

const STRATEGIES = { blue_green: blueGreen, canary, rolling, ab_test: abTest } as const;

/** Begins a release in the workflow type of its strategy. */
export function startRelease(
  { stable, left }: Pick<ServiceState, 'stable' | 'left'>,
  run: ActiveRun,
  command: DeployCommand,
  fast: boolean,
): Promise<Started> {
  const { spec, requestId, who, why } = command;
  const input = {
    requestId,
    who,
    why,
    schemaVersion: 1 as const,
    number: run.number,
    spec,
    stable,
    left: left.filter((old) => old.version !== spec.version),
    ...(fast ? { fast } : {}),
  };
  return startChild(STRATEGIES[spec.strategy], { ...childOptions(run), args: [input] });
}

/** Begins a rollback by hand, or one for a release that was lost. */
export function startRollback(run: ActiveRun): Promise<Started> {
  const { service, number, who, why, candidate: from, stable: to } = run;
  if (to === null) throw ApplicationFailure.nonRetryable('nothing to go back to', 'Internal');
  const input: RollbackInput = {
    schemaVersion: 1,
    requestId: run.workflowId,
    who,
    why,
    service,
    number,
    trigger: 'manual',
    from,
    to,
    toRuns: to.instances.length > 0,
    before: null,
    ...(run.wasLost === true ? whatElseMayStand(from, to) : {}),
    ...(run.wasLost === true && from.spec.incidents !== undefined
      ? { wentWrong: { evidence: [] } }
      : {}),
  };
  return startChild(rollback, { ...childOptions(run), args: [input] });
}

export function notBegun({ workflowId }: ActiveRun, error: unknown): ApplicationFailure {
  const { code, message } = failureOf(error);
  return ApplicationFailure.nonRetryable(`${workflowId} did not start: ${message}`, code);
}

/** Answers whether there still was somebody to tell. */
export async function tellToGoBack(
  { workflowId }: ActiveRun,
  asked: { readonly requestId: string; readonly who: string; readonly why: string },
): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(abortSignal, asked);
    return true;
  } catch {
    return false;
  }
}

/** The answer to a rollback that the running release carries out itself. */
export function passedOn(
  { workflowId, service, number, version, stable }: ActiveRun,
  toVersion: string | undefined,
  how = `${workflowId} is running: it was told to go back`,
): Begun {
  const goesOn = toVersion !== undefined && toVersion !== stable?.version;
  return {
    kind: 'begun',
    workflowId,
    number,
    version: stable?.version ?? version,
    remarks: [how, ...(goesOn ? [`then ${service} is rolled back to ${toVersion}`] : [])],
  };
}

/** Of a release that can tell nobody how far it was: instances half way, or a baseline beside. */
function whatElseMayStand(
  { spec }: DeployedVersion,
  to: DeployedVersion,
): Pick<RollbackInput, 'batches' | 'baseline'> {
  if (spec.strategy === 'rolling') {
    return { batches: { candidates: null, desired: to.spec.environment.instances } };
  }
  if (spec.strategy !== 'canary' || !spec.baseline) return {};
  const version = baselineVersion(to.version);
  return { baseline: { version, spec: to.spec, instances: [] } };
}

function childOptions(run: ActiveRun) {
  return {
    workflowId: run.workflowId,
    // It outlives this workflow, and a number is never used twice.
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    staticSummary: `${run.kind} of ${run.version} by ${run.who}: ${run.why}`.slice(0, 180),
    typedSearchAttributes: attributesOf({
      service: run.service,
      version: run.version,
      strategy: run.candidate.spec.strategy,
      phase: run.kind === 'release' ? 'deploying' : 'rolling_back',
    }),
  };
}
