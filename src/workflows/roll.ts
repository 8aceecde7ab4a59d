import { formatDuration } from '../domain/quantity.ts';
import { afterWatch } from '../domain/release/decide.ts';
import type { Step } from '../domain/release/plan.ts';
import { type Context, routesAt } from './context.ts';
import { grantFor } from './watch.ts';

/** What a batch came to, where that is no good: told to the course as it is. */
export class BadBatch extends Error {
  override readonly name = 'BadBatch';
  /** It has been undone: only the batches before it stand. */
  readonly undone: boolean;

  constructor(reason: string, undone: boolean) {
    super(reason);
    this.undone = undone;
  }
}

/**
 * One batch of a rolling update: the candidate's instances become `target`, stable's the rest.
 * One activity carries it out, proves the new instances ready and watches the whole system; a batch
 * whose instances are bad is undone by it.
 */
export async function rollOneBatch(
  context: Context,
  step: Extract<Step, { kind: 'batch' }>,
  target: number,
): Promise<void> {
  const { run, spec, act, stable, candidate, course } = context;
  if (stable === null) throw new RangeError('a first release has no batches');
  const { candidates } = course.stand;
  const desired = Math.max(...course.plan.map((one) => (one.kind === 'batch' ? one.to : 0)));
  const isForward = target >= candidates;
  run.phase(
    'progressing',
    `${step.name}: ${candidates} → ${target} of ${desired} instances are ${spec.version}`,
  );
  const stabilizeMs = course.hurry || !isForward ? 0 : step.forMs;
  const ours = { ...candidate, environment: spec.environment };
  const theirs = { ...stable, environment: stable.spec.environment };
  const sides = isForward
    ? { coming: ours, going: theirs, from: candidates, to: target }
    : { coming: theirs, going: ours, from: desired - candidates, to: desired - target };
  const effect = context.effect(isForward ? step.name : `${step.name}-back`);
  const { service, traffic, metrics, thresholds, watch, health, warmup } = spec;
  const compare = isForward && stabilizeMs > 0 ? grantFor(context, step.name) : undefined;
  const result = await context.interruptible(() =>
    act.rollBatch({
      service,
      traffic,
      metrics,
      thresholds,
      watch,
      health,
      warmup,
      ...sides,
      desired,
      surge: spec.rolling.maxSurge !== undefined,
      drainDeadlineMs: spec.drainDeadlineMs,
      stabilizeMs,
      limits: spec.validation,
      noData: spec.judge.noData,
      ...(compare === undefined ? {} : { compare }),
      ...(context.batchStandsAt === undefined ? {} : { after: context.batchStandsAt }),
      ...effect,
    }),
  );
  // Called off in the middle: the way back brings every instance to where it belongs.
  if (result === undefined) return;
  context.candidate = {
    ...context.candidate,
    instances: isForward ? result.coming : result.going,
  };
  context.stable = { ...stable, instances: isForward ? result.going : result.coming };
  context.trafficGeneration = undefined;
  context.batchStandsAt = result.kind === 'done' ? result.standsAt : undefined;
  if (result.kind === 'undone') throw new BadBatch(result.reason, true);
  const share = Math.round((100 * target) / desired);
  run.weights(
    routesAt(context, share).map(({ version, weightPercent }) => ({
      version,
      weightPercent,
    })),
  );
  run.note(`${step.name}: ${result.report}`);
  if (result.watch === null) return;
  if (result.watch.kind === 'judged') run.verdict(result.watch.verdict);
  const next = afterWatch(result.watch, { autoRollback: true, hasFallback: true });
  if (next.kind !== 'promote') {
    const seen = result.watch;
    const { kind, action } = seen.kind === 'judged' ? seen.verdict : {};
    const holds = action !== undefined || kind === 'inconclusive';
    const reason = kind === 'inconclusive' ? `inconclusive: ${next.reason}` : next.reason;
    throw new BadSystem({ trigger: next.trigger, reason, holds }, formatDuration(stabilizeMs));
  }
}

/**
 * The whole system was not well after a batch: every batch goes back, or it is held where what is
 * bad is only a warning, or nothing could be said.
 */
export class BadSystem extends Error {
  override readonly name = 'BadSystem';
  readonly trigger: 'performance' | 'health_check' | 'error_rate' | 'manual' | 'experiment';

  readonly holds: boolean;

  constructor(
    bad: Pick<BadSystem, 'trigger' | 'holds'> & { readonly reason: string },
    within: string,
  ) {
    super(`within ${within} after the batch: ${bad.reason}`);
    this.trigger = bad.trigger;
    this.holds = bad.holds;
  }
}
