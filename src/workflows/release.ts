import { CancellationScope, isCancellation } from '@temporalio/workflow';
import {
  type Move,
  type Trouble,
  beginning,
  decided,
  entered,
  failed,
  next,
  nextMove,
  reached,
} from '../domain/release/course.ts';
import type { RunReport } from '../domain/release/progress.ts';
import { type Context, openContext } from './context.ts';
import { HookError } from './call-hook.ts';
import { failureOf } from './failure.ts';
import { heedFreezes } from './freeze.ts';
import type { ReleaseInput } from './inputs.ts';
import { observe } from './observe.ts';
import { NotGood, perform } from './perform.ts';
import { arrive, leave, removedBy } from './release-end.ts';
import { BadBatch, BadSystem } from './roll.ts';
import { stay } from './stay.ts';
import { NEVER_ALONE } from './watch.ts';

/**
 * Every strategy runs like this: the course says what is to be done, it is done, and the course is
 * told what came of it. People change the course in between; a cancellation means abort.
 */
export async function runRelease(input: ReleaseInput): Promise<RunReport> {
  const context = openContext(input);
  return CancellationScope.nonCancellable(async () => {
    const freezes = heedFreezes(context);
    // No user meets a version whose alerts would still page.
    if (context.silence.isWanted) await context.silence.begin();
    const report = await (input.spec.mode === 'observe' ? observe(context) : travel(context));
    freezes.cancel();
    return report;
  });
}

async function travel(context: Context): Promise<RunReport> {
  for (;;) {
    const move = nextMove(context.course);
    switch (move.kind) {
      case 'enter':
        await enter(context, move);
        break;
      case 'stay':
        await stay(context, move);
        break;
      case 'end':
        return leave(context, move.end);
      case 'done':
        return arrive(context);
      default:
        return move satisfies never;
    }
  }
}

async function enter(context: Context, move: Extract<Move, { kind: 'enter' }>): Promise<void> {
  const { step, target } = move;
  context.update(beginning(context.course));
  try {
    await perform(context, step, target);
    // What was called off in the middle has not been carried out; of a batch nobody can say.
    const { end } = context.course;
    if (end === null || step.kind === 'weight') {
      context.update(entered(context.course, Date.now()));
      const isIdle = step.kind === 'keep' && removedBy(context).length === 0;
      if (isIdle && context.course.stage === 'staying') context.update(next(context.course));
    } else if (step.kind === 'batch') {
      context.update(reached(context.course, target, Date.now()));
    }
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (error instanceof BadSystem) {
      context.update(reached(context.course, target, Date.now()));
    }
    const trouble = troubleOf(context, error);
    const { course } = context;
    const holds = error instanceof BadSystem && error.holds;
    const policy = holds ? NEVER_ALONE : context.policy;
    const isDecided = trouble.trigger === 'TrafficTakenBack';
    context.update(isDecided ? decided(course, trouble.reason) : failed(course, trouble, policy));
  }
}

const HELD_BATCH_MS = 60 * 60_000;

function troubleOf(context: Context, error: unknown): Trouble {
  if (error instanceof NotGood || error instanceof HookError) {
    return { trigger: error.code, reason: error.message, canRetry: true };
  }
  if (error instanceof BadSystem) {
    return { trigger: error.trigger, reason: error.message, canRetry: true };
  }
  if (error instanceof BadBatch) {
    const { undone, message: reason } = error;
    const holdUntilMs = Date.now() + HELD_BATCH_MS;
    return { trigger: 'HealthCheckFailed', reason, canRetry: true, undone, holdUntilMs };
  }
  const { code, message } = failureOf(error);
  const { plan, at } = context.course;
  const isSwitch =
    context.run.progress.phase === 'switching' &&
    plan[at]?.kind === 'weight' &&
    code !== 'TrafficTakenBack';
  return {
    trigger: isSwitch && context.stable !== null ? 'health_check' : code,
    reason: `${isSwitch ? 'the switch failed: ' : ''}${code}: ${message}`,
    canRetry: true,
  };
}
