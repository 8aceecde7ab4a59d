import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  ParentClosePolicy,
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  rootCause,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Accepted, DeployCommand, RollbackCommand } from '../domain/release/commands.ts';
import type { RunReport } from '../domain/release/progress.ts';
import {
  type ActiveRun,
  type Refusal,
  type ServiceState,
  activated,
  answerTo,
  deployment,
  ended,
  lostReport,
  notStarted,
  nowServing,
  refuseAsWritten,
  refuseDeploy,
  refuseRollback,
  refuseWhileRunning,
  rollbackRun,
  rollbackTarget,
  viewOf,
} from '../domain/release/service-state.ts';
import { runStateActivity } from './activities.ts';
import { blueGreen } from './blue-green.ts';
import type { RollbackInput } from './inputs.ts';
import {
  abortSignal,
  deployUpdate,
  endedSignal,
  rollbackUpdate,
  servingSignal,
  stateQuery,
} from './messages.ts';
import { rollback } from './rollback.ts';
import { attributesOf } from './search-attributes.ts';

/** How often a run is asked for that was started before this workflow continued as new. */
const ASK_EVERY_MS = 15_000;
/** For the end of a run that is on its way while the next request comes. */
const FREE_WITHIN_MS = 1000;

/** How a run ended: with its report, or without one (terminated, failed). */
type End = RunReport | { readonly workflowId: string; readonly lost: string };

/**
 * The durable owner of one service: which version is stable, what came before, and who may roll
 * out now. Lives for ever; hands itself on before its history grows long.
 */
export async function service(first: ServiceState): Promise<never> {
  const slot = openSlot(first);
  const handOn = (): boolean => workflowInfo().continueAsNewSuggested;

  for (;;) {
    const { active } = slot;
    const woken = (): boolean => slot.hasEnds() || handOn();
    if (active === null || slot.follows(active)) {
      await condition(woken);
    } else {
      await condition(() => woken() || slot.isWaitedFor(), ASK_EVERY_MS);
      if (!woken()) await slot.askAfter(active);
    }
    await slot.settle();
    if (handOn()) break;
  }
  await condition(allHandlersFinished);
  await slot.settle();
  return continueAsNew<typeof service>(slot.state);
}

/** The one place of a service in which a run can be, with the handlers that fill and empty it. */
function openSlot(first: ServiceState) {
  let state = first;
  let isWaitedFor = false;
  const ends: End[] = [];
  const followed = new Set<string>();
  const runState = runStateActivity(workflowInfo().taskQueue);

  setHandler(stateQuery, () => viewOf(state));
  setHandler(servingSignal, (note) => {
    state = nowServing(state, note);
  });
  setHandler(endedSignal, (report) => {
    ends.push(report);
  });
  setHandler(deployUpdate, deploy, {
    validator: (command) => refuse(refuseAsWritten(state, command)),
    description: 'Begins a release; refused while another one runs.',
  });
  setHandler(rollbackUpdate, goBack, {
    validator: (command) => refuse(refuseAsWritten(state, command)),
    description: 'Goes back to a version that was stable before; ends a running release.',
  });

  function refuse(refusal: Refusal | undefined): void {
    if (refusal === undefined) return;
    throw ApplicationFailure.nonRetryable(refusal.message, refusal.code);
  }

  /**
   * A run that has ended may hold the slot for another moment, also within one workflow task: an
   * update is handled before the end of a child that came earlier. So no validator can say whether
   * a run is in the way.
   */
  async function untilFree(): Promise<void> {
    if (state.active === null) return;
    isWaitedFor = true;
    await condition(() => state.active === null, FREE_WITHIN_MS);
  }

  async function deploy(command: DeployCommand): Promise<Accepted> {
    const before = answerTo(state, command.requestId);
    if (before !== undefined) return before;
    await untilFree();
    // The same request, or another one, may have been waiting as well.
    const meanwhile = answerTo(state, command.requestId);
    if (meanwhile !== undefined) return meanwhile;
    refuse(refuseDeploy(state, command));
    const { stable } = state;
    const left = state.left.filter((old) => old.version !== command.spec.version);
    return begin(deployment(state, command, Date.now()), command.requestId, async (run) => {
      const { number } = run;
      const { spec } = command;
      return startChild(blueGreen, {
        ...childOptions(run),
        args: [{ ...command, schemaVersion: 1, number, spec, stable, left }],
      });
    });
  }

  async function goBack(command: RollbackCommand): Promise<Accepted> {
    const before = answerTo(state, command.requestId);
    if (before !== undefined) return before;
    if (refuseRollback(state, command) !== undefined) await untilFree();
    refuse(refuseRollback(state, command));
    const running = state.active;
    if (running !== null) {
      const passed = await passOn(running, command);
      if (passed !== undefined) return passed;
      // It has ended and its report is on its way: then this is a rollback of its own.
      await condition(() => state.active?.workflowId !== running.workflowId, ASK_EVERY_MS * 2);
      refuse(refuseRollback(state, command) ?? refuseWhileRunning(state));
    }
    const from = state.stable;
    const to = rollbackTarget(state, command.toVersion);
    if (from === null || to === undefined) {
      throw ApplicationFailure.nonRetryable('nothing to go back to', 'NothingToRollBackTo');
    }
    const run = rollbackRun(state, from, to, command, Date.now());
    return begin(run, command.requestId, startRollback);
  }

  function startRollback(run: ActiveRun): Promise<Started> {
    const { service: name, number, who, why, candidate: from, stable: to } = run;
    if (to === null) throw ApplicationFailure.nonRetryable('nothing to go back to', 'Internal');
    const input: RollbackInput = {
      schemaVersion: 1,
      requestId: run.workflowId,
      who,
      why,
      service: name,
      number,
      trigger: 'manual',
      from,
      to,
      toRuns: to.instances.length > 0,
      before: null,
    };
    return startChild(rollback, { ...childOptions(run), args: [input] });
  }

  /** Takes the slot before the first await, so that no two runs ever interleave. */
  async function begin(
    run: ActiveRun,
    requestId: string,
    start: (run: ActiveRun) => Promise<Started>,
  ): Promise<Accepted> {
    state = activated(state, run, requestId);
    const answer = answerTo(state, requestId);
    // Nobody need ask for a run that is only being started: it would not be found yet.
    followed.add(run.workflowId);
    try {
      follow(run, await start(run));
    } catch (error) {
      state = notStarted(state, run, requestId);
      throw ApplicationFailure.nonRetryable(
        `${run.workflowId} did not start: ${String(error)}`,
        'Internal',
      );
    }
    if (answer === undefined) throw ApplicationFailure.nonRetryable('no answer', 'Internal');
    return answer;
  }

  function follow({ workflowId }: ActiveRun, started: Started): void {
    started.result().then(
      (report) => ends.push(report),
      (error: unknown) => ends.push({ workflowId, lost: rootCause(error) ?? String(error) }),
    );
  }

  /**
   * During a release, going back is the release's own business: it knows what it has moved.
   * `undefined` when the release has ended in between.
   */
  async function passOn(run: ActiveRun, command: RollbackCommand): Promise<Accepted | undefined> {
    const { requestId, who, why } = command;
    try {
      await getExternalWorkflowHandle(run.workflowId).signal(abortSignal, { requestId, who, why });
    } catch {
      return undefined;
    }
    return {
      workflowId: run.workflowId,
      number: run.number,
      version: run.stable?.version ?? run.version,
      remarks: [`${run.workflowId} is running: it was told to go back`],
    };
  }

  /** A run that was terminated, or failed in a way of its own: traffic goes back all the same. */
  async function takeBack(run: ActiveRun, how: string): Promise<void> {
    const serves = state.stable;
    state = ended(state, run, lostReport(state, run, how, Date.now()));
    const promoted = serves?.version === run.candidate.version && run.kind === 'release';
    if (run.kind === 'rollback' || run.stable === null || promoted) return;
    const asked = { who: 'Belay', why: `${run.workflowId} ended without a report: ${how}` };
    const next = rollbackRun(state, run.candidate, run.stable, asked, Date.now());
    state = activated(state, next, next.workflowId);
    followed.add(next.workflowId);
    try {
      follow(next, await startRollback(next));
    } catch (error) {
      // The release had begun its own rollback, which outlives it: that one is asked for instead.
      followed.delete(next.workflowId);
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
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
    /** Somebody waits for the slot: then the run is asked for at once. */
    isWaitedFor: () => isWaitedFor,
    async askAfter({ workflowId }: ActiveRun): Promise<void> {
      isWaitedFor = false;
      const now = await runState(workflowId);
      if (now.kind === 'completed') ends.push(now.report);
      if (now.kind === 'lost') ends.push({ workflowId, lost: now.how });
    },
    async settle(): Promise<void> {
      for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
        const run = state.active;
        // A run that has said that it ended is heard of again when it closes.
        if (run?.workflowId !== end.workflowId) continue;
        if ('lost' in end) await takeBack(run, end.lost);
        else state = ended(state, run, end);
      }
    },
  };
}

interface Started {
  result(): Promise<RunReport>;
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
