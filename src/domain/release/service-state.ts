import type {
  Accepted,
  Begun,
  DeployCommand,
  RollbackCommand,
  ServiceView,
  ServingNote,
} from './commands.ts';
import { releaseWorkflowId, rollbackWorkflowId } from './names.ts';
import type { DeployedVersion, RunRecord, RunReport } from './progress.ts';
import type { ReleaseSpec } from './release-spec.ts';

/** What the `service` workflow keeps, and carries over when it continues as new. Plain JSON. */
export interface ServiceState {
  readonly schemaVersion: 1;
  readonly service: string;
  readonly stable: DeployedVersion | null;
  /** The number of the run that made `stable` so; an older run's late note never undoes it. */
  readonly servedBy: number;
  readonly left: readonly DeployedVersion[];
  readonly nextNumber: number;
  readonly active: ActiveRun | null;
  /** Newest first. */
  readonly runs: readonly KeptRun[];
  /** The answers of recent requests, so that a repeat after continue-as-new gets the same one. */
  readonly answered: readonly { readonly requestId: string; readonly answer: Accepted }[];
  /** Releases that wait for their turn, in their order. */
  readonly queue: readonly QueuedDeploy[];
  /** Begins when the running release has gone back. */
  readonly nextRollback: RollbackCommand | null;
}

export interface QueuedDeploy {
  readonly command: DeployCommand;
  readonly sinceMs: number;
}

/** A release that became stable keeps its specification, so that it can be brought back. */
export type KeptRun = RunRecord & { readonly served?: ReleaseSpec };

export interface ActiveRun extends RunRecord {
  /** Who serves when the run is lost, and who must not. */
  readonly stable: DeployedVersion | null;
  readonly candidate: DeployedVersion;
  /** It takes traffic back for a release that ended without a report. */
  readonly wasLost?: boolean;
  /** A rollback in the place of one that was lost itself. */
  readonly isAgain?: boolean;
}

const RUNS_MAX = 50;
/** Older ones could be anything up to a file's largest size: the state must stay below 1 MB. */
const SPECS_MAX = 10;
const ANSWERS_MAX = 200;

export function newService(service: string): ServiceState {
  return {
    schemaVersion: 1,
    service,
    stable: null,
    servedBy: 0,
    left: [],
    nextNumber: 1,
    active: null,
    runs: [],
    answered: [],
    queue: [],
    nextRollback: null,
  };
}

/** A state that was carried over from code that knew less. */
export function completed(state: ServiceState): ServiceState {
  return { ...newService(state.service), ...state };
}

export function answerTo(state: ServiceState, requestId: string): Accepted | undefined {
  return state.answered.find((kept) => kept.requestId === requestId)?.answer;
}

/** As what the answer to a rollback is kept: a release may have been asked for by the same id. */
export function rollbackRequest(requestId: string): string {
  return `rollback ${requestId}`;
}

/** Under what a rollback is asked for that was promised for when the running release has ended. */
export function afterOf(requestId: string): string {
  return `${requestId}/after`;
}

/** As what the answer to a cancellation is kept: that what it named has been called off. */
export function cancelRequest(requestId: string): string {
  return `cancel ${requestId}`;
}

/** What this request was answered, also where the state was carried from older code. */
export function answerToRollback(state: ServiceState, requestId: string): Begun | undefined {
  const own = answerTo(state, rollbackRequest(requestId));
  if (own?.kind === 'begun') return own;
  const answer = answerTo(state, requestId);
  const isRollback = answer?.kind === 'begun' && answer.workflowId.startsWith('rollback/');
  return isRollback ? answer : undefined;
}

/** The run that a `deploy` begins. */
export function deployment(state: ServiceState, command: DeployCommand, atMs: number): ActiveRun {
  const { spec } = command;
  return {
    workflowId: releaseWorkflowId(state.service, state.nextNumber),
    service: state.service,
    kind: 'release',
    number: state.nextNumber,
    version: spec.version,
    who: command.who,
    why: command.why,
    startedAtMs: atMs,
    endedAtMs: undefined,
    outcome: undefined,
    reason: undefined,
    stable: state.stable,
    candidate: { version: spec.version, spec, instances: [] },
  };
}

/** The run of a rollback from `from` to `to`. */
export function rollbackRun(
  state: ServiceState,
  from: DeployedVersion,
  to: DeployedVersion,
  asked: { readonly who: string; readonly why: string },
  atMs: number,
): ActiveRun {
  return {
    workflowId: rollbackWorkflowId(state.service, state.nextNumber),
    service: state.service,
    kind: 'rollback',
    number: state.nextNumber,
    version: to.version,
    who: asked.who,
    why: asked.why,
    startedAtMs: atMs,
    endedAtMs: undefined,
    outcome: undefined,
    reason: undefined,
    stable: to,
    candidate: from,
  };
}

/** The answer to the request that has begun this run. */
export function begunBy({ workflowId, number, version, kind, stable }: ActiveRun): Begun {
  const remarks =
    kind === 'release' && stable === null
      ? ['the first release of this service: it has no baseline to compare with and no way back']
      : [];
  return { kind: 'begun', workflowId, number, version, remarks };
}

/** The run takes the slot; whoever has asked for it is answered when it has been started. */
export function occupied(state: ServiceState, run: ActiveRun): ServiceState {
  return {
    ...state,
    nextNumber: Math.max(state.nextNumber, run.number + 1),
    active: run,
    runs: [recordOf(run), ...state.runs].slice(0, RUNS_MAX),
  };
}

/** The run takes the slot; its answer is kept under the id of the request. */
export function activated(state: ServiceState, run: ActiveRun, requestId: string): ServiceState {
  return answered(occupied(state, run), requestId, begunBy(run));
}

/** The newest answer to a request is the one that counts; of one that waits it is never forgotten. */
export function answered(state: ServiceState, requestId: string, answer: Accepted): ServiceState {
  const waits = new Set(state.queue.map(({ command }) => command.requestId));
  const others = state.answered
    .filter((kept) => kept.requestId !== requestId)
    .filter((kept, at) => at < ANSWERS_MAX - 1 || waits.has(kept.requestId));
  return { ...state, answered: [{ requestId, answer }, ...others] };
}

/** A run that could not be started gives the slot back; its number is not used again. */
export function notStarted(state: ServiceState, run: ActiveRun, requestId: string): ServiceState {
  return {
    ...state,
    active: state.active?.workflowId === run.workflowId ? null : state.active,
    runs: state.runs.filter((kept) => kept.workflowId !== run.workflowId),
    answered: state.answered.filter(
      ({ requestId: own, answer }) =>
        own !== requestId || answer.kind !== 'begun' || answer.workflowId !== run.workflowId,
    ),
  };
}

/** A rollback that was promised and cannot begin: whoever waits for it finds that in the history. */
export function rollbackNotBegun(
  state: ServiceState,
  to: DeployedVersion,
  asked: { readonly who: string; readonly why: string },
  { reason, atMs }: { readonly reason: string; readonly atMs: number },
): ServiceState {
  const run = rollbackRun(state, state.stable ?? to, to, asked, atMs);
  const end = { outcome: 'rollback_unverified', reason, endedAtMs: atMs } as const;
  return {
    ...state,
    nextNumber: run.number + 1,
    runs: [{ ...recordOf(run), ...end }, ...state.runs].slice(0, RUNS_MAX),
  };
}

export function nowServing(state: ServiceState, note: ServingNote): ServiceState {
  if (note.lastNumber < state.servedBy) return state;
  return {
    ...state,
    stable: note.serving,
    servedBy: note.lastNumber,
    nextNumber: Math.max(state.nextNumber, note.lastNumber + 1),
    runs: forgetSpecs(
      state.runs.map((run) =>
        // A release that was rolled back ends with another version than its own in service.
        run.workflowId === note.workflowId &&
        run.kind === 'release' &&
        run.version === note.serving.version
          ? { ...run, served: note.serving.spec }
          : run,
      ),
    ),
  };
}

/** The newest versions that served can be brought back; the older ones stand in the history only. */
function forgetSpecs(runs: readonly KeptRun[]): readonly KeptRun[] {
  let kept = 0;
  return runs.map((run) => {
    if (run.served === undefined) return run;
    kept += 1;
    return kept <= SPECS_MAX ? run : recordOf(run);
  });
}

/** The run gives its slot back and stands in the history with its end. */
export function ended(state: ServiceState, run: ActiveRun, report: RunReport): ServiceState {
  const { outcome, reason, endedAtMs, lastNumber, workflowId } = report;
  const told =
    report.serving === null
      ? state
      : nowServing(state, { workflowId, serving: report.serving, lastNumber });
  const own: KeptRun[] =
    lastNumber > run.number
      ? [
          {
            ...recordOf(run),
            workflowId: rollbackWorkflowId(state.service, lastNumber),
            kind: 'rollback',
            number: lastNumber,
            version: report.serving?.version ?? run.version,
            outcome: outcome === 'aborted' ? 'rolled_back' : outcome,
            reason,
            endedAtMs,
          },
        ]
      : [];
  const runs = told.runs.map((kept) =>
    kept.workflowId === run.workflowId ? { ...kept, outcome, reason, endedAtMs } : kept,
  );
  return {
    ...told,
    active: null,
    nextNumber: Math.max(told.nextNumber, lastNumber + 1),
    left: leftAfter(told, run, report),
    runs: [...own, ...runs].slice(0, RUNS_MAX),
  };
}

/**
 * What still runs without traffic. A release was given what was left before and says what of it is
 * left; a rollback knows only of its own two versions.
 */
function leftAfter(
  { left, stable }: ServiceState,
  run: ActiveRun,
  report: RunReport,
): readonly DeployedVersion[] {
  const others =
    run.kind === 'rollback' ? left.filter(({ version }) => version !== run.candidate.version) : [];
  return unique([...report.left, ...others].filter(({ version }) => version !== stable?.version));
}

/** What is known of a run that ended without a report of its own: nothing has been cleaned up. */
export function lostReport(
  state: ServiceState,
  run: ActiveRun,
  how: string,
  atMs: number,
): RunReport {
  return {
    workflowId: run.workflowId,
    kind: run.kind,
    number: run.number,
    lastNumber: run.number,
    version: run.version,
    outcome: lostOutcome(state, run),
    cause: 'manual',
    reason: isPromoted(state, run) ? `it had succeeded; its clean-up was lost: ${how}` : how,
    serving: null,
    left: [...state.left, ...(isPromoted(state, run) ? before(run) : [run.candidate])],
    startedAtMs: run.startedAtMs,
    endedAtMs: atMs,
  };
}

/** The rollback of a run that was lost; none where nothing has to go back, or nothing can. */
export function wayBack(
  state: ServiceState,
  run: ActiveRun,
  { how, number, atMs }: { readonly how: string; readonly number: number; readonly atMs: number },
): ActiveRun | undefined {
  const { kind, stable, candidate } = run;
  const observes = candidate.spec.mode === 'observe';
  // A person may end a rollback that is stuck, so it begins once more and not for ever.
  const isLastTime = kind === 'rollback' && run.isAgain === true;
  if (isLastTime || stable === null || isPromoted(state, run) || observes) return undefined;
  const asked = { who: 'Belay', why: `${run.workflowId} ended without a report: ${how}` };
  const back = rollbackRun({ ...state, nextNumber: number }, candidate, stable, asked, atMs);
  return { ...back, wasLost: true, ...(kind === 'rollback' ? { isAgain: true } : {}) };
}

function lostOutcome(state: ServiceState, run: ActiveRun): RunReport['outcome'] {
  if (run.kind === 'rollback') return 'rollback_unverified';
  return isPromoted(state, run) ? 'succeeded' : 'aborted';
}

/** The version of the run serves already: what it was to remove is what came before. */
function isPromoted({ stable }: ServiceState, run: ActiveRun): boolean {
  return run.kind === 'release' && stable?.version === run.candidate.version;
}

function before({ stable }: ActiveRun): readonly DeployedVersion[] {
  return stable === null ? [] : [stable];
}

export function viewOf(state: ServiceState): ServiceView {
  return {
    service: state.service,
    stable: state.stable?.version,
    nextNumber: state.nextNumber,
    active: state.active === null ? undefined : recordOf(state.active),
    queue: state.queue.map(({ command: { requestId, who, why, spec }, sinceMs }) => ({
      requestId,
      who,
      why,
      version: spec.version,
      sinceMs,
    })),
    left: state.left.map((old) => old.version),
    runs: state.runs.map(recordOf),
  };
}

export function recordOf(run: RunRecord): RunRecord {
  const { workflowId, service, kind, number, version, who, why } = run;
  const { startedAtMs, endedAtMs, outcome, reason } = run;
  return {
    workflowId,
    service,
    kind,
    number,
    version,
    who,
    why,
    startedAtMs,
    endedAtMs,
    outcome,
    reason,
  };
}

function unique(versions: readonly DeployedVersion[]): readonly DeployedVersion[] {
  return versions.filter(
    (one, index) => versions.findIndex((other) => other.version === one.version) === index,
  );
}
