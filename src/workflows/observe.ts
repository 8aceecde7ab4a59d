import { type Move, entered, next, nextMove, reached } from '../domain/release/course.ts';
import type { Step } from '../domain/release/plan.ts';
import type { RunReport } from '../domain/release/progress.ts';
import type { Context } from './context.ts';
import { leaveObserved, observed } from './release-end.ts';
import { stay } from './stay.ts';
import { answerTo, watch, whatIsBad } from './watch.ts';

/**
 * Observe only: goes through the plan by the clock, judges what runs as it would, and says what it
 * would have done; it starts, moves and removes nothing.
 */
export async function observe(context: Context): Promise<RunReport> {
  for (;;) {
    const move = nextMove(context.course);
    switch (move.kind) {
      case 'enter':
        context.run.phase(move.step.phase, `would now: ${describe(move)}`);
        if (move.step.kind === 'batch') await lookOn(context, move.step);
        if (context.course.end === null && context.course.held === null) {
          context.update(entered(context.course, Date.now()));
        }
        break;
      case 'stay':
        // Nobody is asked for a release that moves nothing.
        if (move.why === 'gate') context.update(next(context.course));
        else await stay(context, move);
        break;
      case 'end':
        return leaveObserved(context, move.end);
      case 'done':
        return observed(context, 'would have succeeded');
      default:
        return move satisfies never;
    }
  }
}

/** A batch is watched by the activity that carries it out; where nothing is, it is watched alone. */
async function lookOn(context: Context, step: Extract<Step, { kind: 'batch' }>): Promise<void> {
  if (step.forMs === 0) return;
  context.update(reached(context.course, null, Date.now()));
  const untilMs = Date.now() + step.forMs;
  const { run } = context;
  const result = await context.interruptible(() =>
    watch(context, { kind: 'stay', step, why: 'clock', untilMs, judge: true }),
  );
  if (result === undefined) return;
  if (result.kind === 'judged') run.verdict(result.verdict);
  const bad = whatIsBad(result, true);
  if (bad !== undefined) context.update(answerTo(context, context.course, bad));
}

function describe({ step }: Extract<Move, { kind: 'enter' }>): string {
  switch (step.kind) {
    case 'weight':
      return `give ${step.weightPercent} % of the traffic`;
    case 'deploy':
      return `start ${step.instances} instance(s)`;
    case 'batch':
      return `update the instances from ${step.from} to ${step.to}`;
    case 'hook':
      return `call the hook ${step.name}`;
    case 'prove':
    case 'validate':
    case 'gate':
    case 'scale':
    case 'stay':
    case 'mirror':
    case 'match':
    case 'affinity':
    case 'compare':
    case 'promote':
    case 'keep':
    case 'retire':
      return step.name;
    default:
      return step satisfies never;
  }
}
