import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  condition,
  rootCause,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  Accepted,
  Begun,
  CancelCommand,
  DeployCommand,
  RollbackCommand,
} from '../domain/release/commands.ts';
import type { RunReport } from '../domain/release/progress.ts';
import {
  type ActiveRun,
  type ServiceState,
  activated,
  afterOf,
  answerTo,
  answerToRollback,
  answered,
  begunBy,
  cancelRequest,
  completed,
  deployment,
  ended,
  lostReport,
  notStarted,
  nowServing,
  occupied,
  rollbackNotBegun,
  rollbackRequest,
  rollbackRun,
  viewOf,
  wayBack,
} from '../domain/release/service-state.ts';
import {
  type Refusal,
  refuseAsWritten,
  refuseDeploy,
  refuseRollback,
  refuseWhileRunning,
  rollbackTarget,
} from '../domain/release/service-refusals.ts';
import { calledOff, isFast, queued, refuseCancel, supersede } from '../domain/release/supersede.ts';
import { numberOf, releaseWorkflowId, rollbackWorkflowId } from '../domain/release/names.ts';
import { readGenerationOf, runStateActivity } from './activities.ts';
import { failureOf } from './failure.ts';
import { requireThawed, whyNotNow } from './freeze.ts';
import {
  answerQuery,
  cancelUpdate,
  deployUpdate,
  endedSignal,
  rollbackUpdate,
  servingSignal,
  stateQuery,
} from './messages.ts';
import { onUpdate } from './on-update.ts';
import { liftOfLost } from './silence-alerts.ts';
import { isInOrder, openTurns } from './slot-turns.ts';
import {
  type Started,
  notBegun,
  passedOn,
  startRelease,
  startRollback,
  tellToGoBack,
} from './start-run.ts';

/** A run that has ended and whose report is on its way. */
const REPORTED_WITHIN_MS = 30_000;
/** Where numbers have been used of which this owner does not know. */
const NUMBERS_TRIED = 3;

/** How a run ended: with its report, or without one (terminated, failed). */
type End = RunReport | { readonly workflowId: string; readonly lost: string };

/** The one place of a service in which a run can be, with the handlers that fill and empty it. */
export function openSlot(first: ServiceState) {
  let state = completed(first);
  const ends: End[] = [];
  const followed = new Set<string>();
  const turns = openTurns(() => state.active === null);
  const runState = runStateActivity(workflowInfo().taskQueue);

  setHandler(stateQuery, () => viewOf(state));
  setHandler(answerQuery, (requestId) => answerTo(state, requestId) ?? null);
  setHandler(servingSignal, (note) => {
    state = nowServing(state, note);
  });
  setHandler(endedSignal, (report) => {
    ends.push(report);
  });
  onUpdate(deployUpdate, deploy, {
    validator: (command) => refuse(refuseAsWritten(state, command)),
    description: 'Begins a release, or does what its file says while another one runs.',
  });
  onUpdate(cancelUpdate, cancel, {
    validator: (command) => refuse(refuseCancel(state, command)),
    description: 'Calls off a release that waits for its turn.',
  });
  onUpdate(rollbackUpdate, goBack, {
    validator: (command) => refuse(refuseAsWritten(state, command)),
    description: 'Goes back to a version that was stable before; ends a running release.',
  });

  function refuse(refusal: Refusal | undefined): void {
    if (refusal === undefined) return;
    throw ApplicationFailure.nonRetryable(refusal.message, refusal.code);
  }

  async function deploy(command: DeployCommand): Promise<Accepted> {
    const before = answerTo(state, command.requestId);
    if (before !== undefined) return before;
    await requireThawed(command);
    await turns.untilTurn();
    // The same request, or another one, may have been waiting as well.
    const meanwhile = answerTo(state, command.requestId);
    if (meanwhile !== undefined) return meanwhile;
    if (state.active !== null) return waitOrRefuse(state.active, command);
    refuse(refuseDeploy(state, command));
    return beginRelease(command);
  }

  async function waitOrRefuse(active: ActiveRun, command: DeployCommand): Promise<Accepted> {
    const decision = supersede(state, command);
    if (decision.kind === 'refuse') refuse(decision.refusal);
    else {
      state = queued(state, command, decision.drops, Date.now());
      const { requestId, who, spec } = command;
      if (decision.aborts) {
        const why = `replaced by ${spec.version}: ${command.why}`;
        await tellToGoBack(active, { requestId: `${requestId}/replace`, who, why });
      }
    }
    const answer = answerTo(state, command.requestId);
    if (answer === undefined) throw ApplicationFailure.nonRetryable('no answer', 'Internal');
    return answer;
  }

  async function beginRelease(command: DeployCommand): Promise<Begun> {
    const nowMs = Date.now();
    const fast = isFast(state, command, nowMs);
    const next = (): ActiveRun => deployment(state, command, nowMs);
    const start = (run: ActiveRun): Promise<Started> =>
      startRelease({ stable: run.stable, left: state.left }, run, command, fast);
    return turns.starting(() => begin(next, command.requestId, start));
  }

  /**
   * This owner was begun anew although runs of its service are known: it counts on after them. One
   * that still runs has the traffic in its hands, so nothing is begun beside it.
   */
  async function countOn({ workflowId, candidate: { spec } }: ActiveRun): Promise<void> {
    const readGeneration = readGenerationOf(spec, workflowInfo().taskQueue);
    const { service, traffic } = spec;
    const newest = numberOf(await readGeneration({ service, traffic }));
    state = { ...state, nextNumber: Math.max(state.nextNumber, newest) + 1 };
    if (!isInOrder()) return;
    const known = [releaseWorkflowId(service, newest), rollbackWorkflowId(service, newest)];
    for (const id of new Set([workflowId, ...known])) {
      const { kind } = await runState(id);
      if (kind !== 'running') continue;
      const why = `${id} was begun by an owner before this one and still runs; let it end, or cancel it`;
      throw ApplicationFailure.nonRetryable(why, 'ReleaseInProgress');
    }
  }

  async function cancel(command: CancelCommand): Promise<{ cancelled: boolean }> {
    const { requestId, queuedRequestId, who, why } = command;
    const asked = cancelRequest(requestId);
    if (answerTo(state, asked) !== undefined) return { cancelled: true };
    const waited = state.queue.length;
    state = calledOff(state, queuedRequestId, `called off by ${who}: ${why}`);
    const cancelled = state.queue.length < waited;
    const answer = answerTo(state, queuedRequestId);
    if (cancelled && answer !== undefined) state = answered(state, asked, answer);
    return { cancelled };
  }

  async function goBack(command: RollbackCommand): Promise<Begun> {
    const before = answerToRollback(state, command.requestId);
    if (before !== undefined) return before;
    await turns.untilStarted();
    if (refuseRollback(state, command) !== undefined) {
      await turns.untilFree();
      await turns.untilStarted();
    }
    refuse(refuseRollback(state, command));
    const { active } = state;
    const begun =
      active === null ? await beginRollback(command) : await goBackFrom(active, command);
    // What was passed on too: a repeat must not go back once more.
    state = answered(state, rollbackRequest(command.requestId), begun);
    return begun;
  }

  async function beginRollback(command: RollbackCommand): Promise<Begun> {
    const from = state.stable;
    const to = rollbackTarget(state, command.toVersion);
    if (from === null || to === undefined) {
      throw ApplicationFailure.nonRetryable('nothing to go back to', 'NothingToRollBackTo');
    }
    const nowMs = Date.now();
    const next = (): ActiveRun => rollbackRun(state, from, to, command, nowMs);
    const asked = rollbackRequest(command.requestId);
    return turns.starting(() => begin(next, asked, startRollback));
  }

  /**
   * Takes the slot before the first await, so that no two runs ever interleave, and keeps it while
   * another number is looked for because somebody has used the next one.
   */
  async function begin(
    next: () => ActiveRun,
    requestId: string,
    start: (run: ActiveRun) => Promise<Started>,
  ): Promise<Begun> {
    for (let attempt = 1; ; attempt += 1) {
      const run = next();
      state = occupied(state, run);
      // Nobody need ask for a run that is only being started: it would not be found yet.
      followed.add(run.workflowId);
      try {
        follow(run, await start(run));
        // Not before: until then another run, or none, may be known under this number.
        state = answered(state, requestId, begunBy(run));
        return begunBy(run);
      } catch (error) {
        const failure = await toTryAgain(run, error, attempt);
        state = notStarted(state, run, requestId);
        if (failure !== undefined) throw notBegun(run, failure);
      }
      // Whoever has used the number was heard of meanwhile, and another took the slot.
      if (state.active !== null) throw notBegun(run, `${state.active.workflowId} is in progress`);
    }
  }

  /** Why it cannot be tried again; `undefined`: there is another number to try it with. */
  async function toTryAgain(run: ActiveRun, error: unknown, attempt: number): Promise<unknown> {
    const isTaken = error instanceof WorkflowExecutionAlreadyStartedError;
    if (!isTaken || attempt === NUMBERS_TRIED) return error;
    return countOn(run).then(
      () => undefined,
      (failure: unknown) => failure,
    );
  }

  function follow({ workflowId }: ActiveRun, started: Started): void {
    started.result().then(
      (report) => ends.push(report),
      (error: unknown) => ends.push({ workflowId, lost: rootCause(error) ?? String(error) }),
    );
  }

  /**
   * During a release, going back is the release's own business: it knows what it has moved. To an
   * older version it goes on from there.
   */
  async function goBackFrom(run: ActiveRun, command: RollbackCommand): Promise<Begun> {
    const { requestId, who, why, toVersion } = command;
    const { nextRollback: promised } = state;
    // Also to where it goes by itself: it may be too far to turn round, and then succeeds.
    const target = toVersion ?? run.stable?.version;
    const own = { ...command, toVersion: target };
    // Who only wants to go back does not take from another what they were promised after that.
    const keeps = toVersion === undefined && promised !== null && isInOrder();
    if (!keeps) state = { ...state, nextRollback: own };
    const told = await tellToGoBack(run, { requestId, who, why });
    return told ? passedOn(run, toVersion) : goBackAfter(run, command, { own, promised });
  }

  /** A run that could not be told: it has ended, its report is on its way, and then comes this. */
  async function goBackAfter(
    run: ActiveRun,
    asked: RollbackCommand,
    { own, promised }: { readonly own: RollbackCommand; readonly promised: RollbackCommand | null },
  ): Promise<Begun> {
    const { workflowId } = run;
    const inOrder = isInOrder();
    const waits = (): boolean => state.nextRollback === own;
    if (!inOrder && waits()) state = { ...state, nextRollback: null };
    await condition(
      () => state.active?.workflowId !== workflowId && (state.active !== null || !waits()),
      REPORTED_WITHIN_MS,
      { summary: `for the report of ${workflowId}` },
    );
    // Another has the slot: the run itself still, or what takes traffic back for it.
    if (waits()) state = { ...state, nextRollback: promised };
    await turns.untilStarted();
    const begun = answerTo(state, rollbackRequest(afterOf(own.requestId)));
    if (begun?.kind === 'begun') return begun;
    const isOver = state.active?.workflowId !== workflowId;
    if (inOrder && isOver && state.stable?.version === own.toVersion) {
      // It has gone back there by itself: one more would go one too far.
      return passedOn(run, undefined, `${workflowId} had ended: ${own.toVersion} serves`);
    }
    const command = inOrder ? own : asked;
    refuse(refuseWhileRunning(state) ?? refuseRollback(state, command));
    return beginRollback(command);
  }

  /** A run that was terminated, or failed in a way of its own: traffic goes back all the same. */
  async function takeBack(run: ActiveRun, how: string): Promise<void> {
    // The number after a release is that of its own rollback, which may have said already who serves.
    const isMoved = run.kind === 'release' && state.nextNumber !== run.number + 1;
    const number = isMoved && isInOrder() ? run.number + 1 : state.nextNumber;
    const next = wayBack(state, run, { how, number, atMs: Date.now() });
    state = ended(state, run, lostReport(state, run, how, Date.now()));
    if (next === undefined) return;
    state = activated(state, next, next.workflowId);
    followed.add(next.workflowId);
    try {
      follow(next, await turns.starting(() => startRollback(next)));
    } catch (error) {
      // The release had begun its own rollback, which outlives it: that one is asked for instead.
      followed.delete(next.workflowId);
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  /** What has waited for the slot: a rollback first, then the releases in their order. */
  async function beginNext(): Promise<void> {
    if (state.active !== null) return;
    const { nextRollback, queue } = state;
    if (nextRollback !== null) {
      state = { ...state, nextRollback: null };
      // The release has gone back there itself: then nothing is left to do.
      const isThere = state.stable?.version === nextRollback.toVersion;
      if (isThere || refuseRollback(state, nextRollback) !== undefined) return;
      const command = { ...nextRollback, requestId: afterOf(nextRollback.requestId) };
      await beginRollback(command).catch((error: unknown) => {
        const end = { reason: failureOf(error).message, atMs: Date.now() };
        const to = rollbackTarget(state, command.toVersion);
        if (to !== undefined) state = rollbackNotBegun(state, to, command, end);
      });
      return;
    }
    const next = queue[0]?.command;
    if (next === undefined) return;
    const why = refuseDeploy(state, next)?.message ?? (await turns.filling(() => whyNotNow(next)));
    // Meanwhile somebody may have taken the slot, or called this one off.
    const waits = state.queue.some(({ command }) => command === next);
    if (state.active !== null || !waits) return;
    if (why !== undefined) {
      state = calledOff(state, next.requestId, why);
      return;
    }
    state = { ...state, queue: state.queue.filter(({ command }) => command !== next) };
    await beginRelease(next).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      const queueBefore = [...queue.slice(0, 1), ...state.queue];
      state = calledOff({ ...state, queue: queueBefore }, next.requestId, message);
    });
  }

  return {
    get state(): ServiceState {
      return state;
    },
    get active(): ActiveRun | null {
      return state.active;
    },
    follows: (run: ActiveRun): boolean => followed.has(run.workflowId),
    hasEnds: (): boolean => ends.length > 0,
    hasNext: (): boolean =>
      state.active === null && (state.queue.length > 0 || state.nextRollback !== null),
    isWaitedFor: turns.isWaitedFor,
    beginNext,
    async askAfter({ workflowId }: ActiveRun): Promise<void> {
      turns.isAsked();
      const now = await runState(workflowId);
      if (now.kind === 'completed') ends.push(now.report);
      if (now.kind === 'lost') ends.push({ workflowId, lost: now.how });
    },
    async settle(): Promise<void> {
      for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
        const run = state.active;
        // A run that has said that it ended is heard of again when it closes.
        if (run?.workflowId !== end.workflowId) continue;
        if ('lost' in end) {
          const lifted = liftOfLost(run);
          await takeBack(run, end.lost);
          if (lifted !== undefined) await lifted;
        } else state = ended(state, run, end);
      }
    },
  };
}
