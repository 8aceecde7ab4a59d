import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import { formatDuration } from '../domain/quantity.ts';
import {
  type Course,
  type Move,
  answered,
  decided,
  elapsed,
  failed,
  next,
} from '../domain/release/course.ts';
import { callInputOf } from '../domain/release/hooks.ts';
import { type Context, steeringAt } from './context.ts';
import { failureOf } from './failure.ts';
import { removedBy } from './release-end.ts';
import { retireAll } from './retire.ts';
import { NEVER_ALONE, OPEN_END_MS, answerTo, watch, whatIsBad } from './watch.ts';

type Stay = Extract<Move, { kind: 'stay' }>;
type Change = (course: Course) => Course;

/**
 * Waits where the release stands, and watches meanwhile wherever users meet the candidate: also at
 * a gate and while it is paused. Returns as soon as anything has changed the course; the wait is a
 * durable timer, the watch beside it can only cut it short, never pass it early.
 */
export async function stay(context: Context, move: Stay): Promise<void> {
  if (move.why === 'held') announceHold(context);
  const before = context.course;
  const scope = context.openStay();
  let change: Change | undefined;
  const settle = (found: Change): void => {
    change ??= found;
  };
  const { timed, judged } = demandsOf(context, move);
  let timer: CancellationScope | undefined;
  // Where it waits without an end nothing passes by itself: not even where the watch has ended.
  let isTimeOver = judged && !timed && !isAnswered(context, move);
  let isJudgedGood = !judged;
  const passWhenBoth = (): void => {
    if (!isTimeOver || !isJudgedGood) return;
    settle((course) => elapsed(course, Date.now(), context.policy));
  };
  void scope.run(async () => {
    if (timed && move.untilMs !== null) {
      const leftMs = Math.max(0, move.untilMs - Date.now());
      // A scope within: the watch is let go first, as in the histories that have been recorded.
      timer = new CancellationScope();
      detach(
        timer
          .run(() => sleep(leftMs, { summary: summaryOf(move, leftMs) }))
          .then(() => {
            isTimeOver = true;
            passWhenBoth();
          }),
        settle,
      );
    }
    if (isExposed(context) && mayAct(context, move)) {
      detach(
        watch(context, move).then((result) => {
          const bad = whatIsBad(result, move.judge);
          if (bad !== undefined) {
            settle((course) => answerTo(context, course, bad));
          } else {
            isJudgedGood = true;
            passWhenBoth();
          }
          if (result.kind === 'judged' && move.judge) context.run.verdict(result.verdict);
        }),
        settle,
      );
    }
    if (retires(context, move)) {
      context.removing = retireLater(context, move, settle);
      detach(context.removing, settle);
    }
    if (move.why === 'gate') detach(askGate(context, move, settle), settle);
    if (move.why === 'compare') detach(compare(context, move, settle), settle);
  });
  await condition(() => change !== undefined || context.course !== before);
  timer?.cancel();
  scope.cancel();
  if (context.course === before && change !== undefined) context.update(change(before));
}

/** A bug or a failed activity must not be lost with a promise that nobody awaits. */
function detach(work: Promise<void>, settle: (change: Change) => void): void {
  work.catch((error: unknown) => {
    if (isCancellation(error)) return;
    settle((course) => {
      const { code, message } = failureOf(error);
      if (code === 'TrafficTakenBack') return decided(course, message);
      const reason = `${code}: ${message}`;
      return failed(course, { trigger: code, reason, canRetry: true }, NEVER_ALONE);
    });
  });
}

/** Where only a person may go back, what is bad is known: there is nothing more to find. */
function mayAct({ policy }: Context, { why }: Stay): boolean {
  return why !== 'held' || (policy.autoRollback && policy.hasFallback);
}

/** Users meet the candidate, by weight or by a match, or copies of their requests do. */
function isExposed(context: Context): boolean {
  const { course, spec } = context;
  const step = course.plan[course.at];
  if (step?.kind === 'keep' || step?.kind === 'retire') return false;
  if (spec.mode === 'observe') return true;
  const steering = steeringAt(context);
  return (
    course.stand.weightPercent > 0 ||
    (course.touched && (steering?.matches !== undefined || steering?.mirror !== undefined))
  );
}

/**
 * A step that is judged ends by its watch, which lasts as long: no timer beside it. Blue-green has
 * both, as in the histories that have been recorded of it.
 */
function demandsOf(context: Context, move: Stay) {
  const judged = move.judge && isExposed(context);
  const hasBoth = context.spec.strategy === 'blue_green' && move.step.phase === 'stabilizing';
  const timed = move.untilMs !== null && (!judged || hasBoth) && !isAnswered(context, move);
  return { judged, timed };
}

/** It ends with what an activity says, which has its own time: neither a clock nor a watch passes it. */
function isAnswered(context: Context, move: Stay): boolean {
  const asks = move.step.kind === 'gate' && move.step.gate.kind !== 'person';
  return move.why === 'compare' || (move.why === 'gate' && asks) || retires(context, move);
}

/** The wait before the version before is removed is kept by the activity that removes it. */
function retires({ spec }: Context, move: Stay): boolean {
  if (spec.strategy === 'blue_green' || spec.mode === 'observe') return false;
  return move.why === 'clock' && move.step.kind === 'keep';
}

async function retireLater(
  context: Context,
  { untilMs }: Stay,
  settle: (change: Change) => void,
): Promise<void> {
  const delayMs = Math.max(0, (untilMs ?? 0) - Date.now());
  context.left = await retireAll(context, removedBy(context), delayMs);
  context.retired = true;
  settle(next);
}

function summaryOf(move: Stay, leftMs: number): string {
  if (move.why === 'clock' && move.step.kind === 'keep') return 'blue stays ready';
  if (move.why === 'clock' && move.step.phase === 'stabilizing') {
    return `stabilization of ${formatDuration(leftMs)}`;
  }
  return `${move.step.name}: ${move.why}`;
}

async function askGate(
  context: Context,
  move: Stay,
  settle: (change: Change) => void,
): Promise<void> {
  if (move.step.kind !== 'gate' || move.step.gate.kind === 'person') return;
  const { act, spec, stable, run } = context;
  const { gate, name } = move.step;
  const untilMs = move.untilMs ?? Number.MAX_SAFE_INTEGER;
  const forMs = move.untilMs === null ? OPEN_END_MS : untilMs - Date.now();
  const caller = {
    service: spec.service,
    version: spec.version,
    stable: stable?.version ?? null,
    workflowId: run.progress.workflowId,
  };
  const input = callInputOf(caller, context.countedName(name), 'gate');
  const answer = await act.askGate(forMs)({ gate, input: { ...input, name }, untilMs });
  const text = answer.kind === 'go' ? answer.text : answer.reason;
  run.note(`the gate ${name} says ${answer.kind}${text === '' ? '' : `: ${text}`}`);
  settle((course) => answered(course, answer, context.policy));
}

async function compare(
  context: Context,
  move: Stay,
  settle: (change: Change) => void,
): Promise<void> {
  const { act, spec, stable, candidate, run, course } = context;
  const { abTest, service, traffic, watch: pace } = spec;
  if (abTest === undefined || stable === null || move.untilMs === null) return;
  const { arms } = context;
  await condition(() => !arms.isOpen);
  arms.isOpen = true;
  const comparing = act.compareArms(move.untilMs - Date.now())({
    service,
    traffic,
    watch: pace,
    abTest,
    control: stable,
    candidate,
    fromMs: course.stand.sinceMs,
    untilMs: move.untilMs,
    ...(arms.counts === undefined ? {} : { counts: arms.counts }),
  });
  const result = await comparing.finally(() => (arms.isOpen = false));
  arms.counts = result.stopped ?? arms.counts;
  if (result.stopped !== undefined) return;
  const kept = result.winner === 'undecided' ? abTest.undecided : result.winner;
  run.note(`${result.winner}: ${result.summary}; ${kept} is kept`);
  settle((now) => {
    if (kept === 'candidate') return next(now);
    const reason = `control is kept: ${result.summary}`;
    return { ...now, end: { cause: 'experiment', reason, asked: null } };
  });
}

function announceHold(context: Context): void {
  const { run, spec, stable, notices, course } = context;
  if (run.progress.phase === 'held' || course.held === null) return;
  const { service, version } = spec;
  run.phase('held', `${course.held.reason}; waits for a person`, course.held.untilMs ?? undefined);
  notices.tell({
    occasion: `held${course.at === course.plan.length ? '' : `-${course.at}`}`,
    about: 'held',
    title: `${service} ${version}: held, a person must decide`,
    text:
      `${course.held.reason}\nBoth versions run. \`belay abort ${service}\` goes back to ` +
      `${stable?.version ?? 'nothing'}, \`belay promote ${service}\` keeps ${version}.`,
  });
}
