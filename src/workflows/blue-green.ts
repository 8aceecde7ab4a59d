import { CancellationScope, condition, sleep, workflowInfo } from '@temporalio/workflow';
import { formatDuration } from '../domain/quantity.ts';
import { type WatchResult, afterWatch, isGood } from '../domain/release/decide.ts';
import { effectKey, generationOf } from '../domain/release/names.ts';
import type { DeployedVersion, RunReport } from '../domain/release/progress.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import type { Reading } from '../domain/judge/measurement.ts';
import { activitiesFor } from './activities.ts';
import { failureOf } from './failure.ts';
import type { ReleaseInput } from './inputs.ts';
import { openNotices, titleOf } from './notices.ts';
import { retireAll } from './retire.ts';
import { finish, goBack, noteServing } from './release-end.ts';
import { AbortAsked, openRun } from './run.ts';

/** The effects of a release, in order; the position is the step of its generation. */
const EFFECTS = ['deploy', 'register', 'switch'] as const;
type EffectName = (typeof EFFECTS)[number];

export type Context = ReturnType<typeof openContext>;

/**
 * Blue-green: green is started beside blue, proven, and gets all traffic at once; blue stays until
 * green has been watched. Whatever goes wrong before the switch removes green; whatever goes wrong
 * after it moves traffic back to blue first, by a `rollback` that outlives this workflow.
 */
export async function blueGreen(input: ReleaseInput): Promise<RunReport> {
  const context = openContext(input);
  const { run } = context;
  let baseline: Reading | null;
  try {
    baseline = await run.interruptible(() => prepare(context));
  } catch (error) {
    return CancellationScope.nonCancellable(() => abandon(context, error));
  }
  return CancellationScope.nonCancellable(() => switchAndWatch(context, baseline));
}

function openContext(input: ReleaseInput) {
  const { spec, number, stable } = input;
  const workflowId = workflowInfo().workflowId;
  const run = openRun(
    {
      kind: 'release',
      service: spec.service,
      number,
      version: spec.version,
      fallback: stable?.version,
      strategy: spec.strategy,
      who: input.who,
      why: input.why,
    },
    'deploying',
  );
  const act = activitiesFor(spec, workflowInfo().taskQueue);
  let candidate: DeployedVersion = { version: spec.version, spec, instances: [] };
  return {
    input,
    spec,
    stable,
    run,
    act,
    notices: openNotices(run, spec, act.notify),
    get candidate(): DeployedVersion {
      return candidate;
    },
    deployed(instances: DeployedVersion['instances']): void {
      candidate = { ...candidate, instances };
    },
    effect: (name: EffectName) => ({
      key: effectKey(workflowId, name),
      generation: generationOf(number, EFFECTS.indexOf(name) + 1),
    }),
  };
}

/** Everything before users meet the candidate. Returns stable's own figures, where it has some. */
async function prepare(context: Context): Promise<Reading | null> {
  const { run, spec, stable, act, effect } = context;
  run.allow(['abort']);
  run.note(
    `starting ${spec.environment.instances} × ${spec.version}` +
      (stable === null ? '; the first release: no baseline and no way back' : ''),
  );
  context.deployed(
    await act.deploy({
      service: spec.service,
      version: spec.version,
      environment: spec.environment,
      traffic: spec.traffic,
      deploy: effect('deploy'),
      register: stable === null ? null : { ...effect('register'), serving: stable },
    }),
  );
  if (stable !== null) run.weights(split(stable.version, spec.version, 0));
  const { candidate } = context;

  run.phase(
    'checking',
    `${spec.health.checks.length} health check(s) of every instance, ` +
      `at most ${formatDuration(spec.health.deadlineMs)}, ` +
      `then ${formatDuration(spec.warmup.durationMs)} of warm-up`,
  );
  const { service, health, warmup, traffic, environment, metrics, thresholds, validation } = spec;
  const ready = await act.proveReady({ service, environment, health, warmup, target: candidate });
  run.note(ready.report);

  run.phase(
    'validating',
    `probe load to ${stable === null ? 'the candidate' : 'both sides'} for ` +
      formatDuration(validation.windowMs),
  );
  const { verdict, baseline } = await act.validate({
    service,
    traffic,
    environment,
    metrics,
    thresholds,
    validation,
    candidate,
    stable,
  });
  run.verdict(verdict);
  if (!isGood(verdict)) throw new NotGood(verdict);
  return baseline;
}

/** The verdict before the switch was not good; the reason is its summary. */
class NotGood extends Error {
  override readonly name = 'NotGood';
  readonly code: FailureCode;

  constructor(verdict: Verdict) {
    super(verdict.summary);
    this.code = verdict.kind === 'no_data' ? 'NoData' : 'ThresholdViolated';
  }
}

function whyNot(error: unknown): Pick<RunReport, 'cause' | 'reason'> {
  if (error instanceof AbortAsked) return { cause: 'manual', reason: error.message };
  if (error instanceof NotGood) return { cause: error.code, reason: error.message };
  const failure = failureOf(error);
  return { cause: failure.code, reason: sentence(failure) };
}

/** Ends a release whose candidate never had traffic: it is removed, stable was never touched. */
async function abandon(context: Context, error: unknown): Promise<RunReport> {
  const { run, candidate, stable, spec } = context;
  run.allow([]);
  const aborted = error instanceof AbortAsked;
  const { cause, reason } = whyNot(error);
  run.phase('cleaning_up', `${aborted ? 'aborted' : 'not released'}: ${reason}`);
  const outcome = aborted ? 'aborted' : 'failed';
  context.notices.tell({
    occasion: 'ended',
    about: outcome,
    title: titleOf(run.progress, outcome),
    text: `${reason}\nNo user met ${spec.version}; ${stable?.version ?? 'nothing'} serves.`,
  });
  const left = await retireAll(context, [candidate]);
  if (stable !== null) run.weights([{ version: stable.version, weightPercent: 100 }]);
  return finish(context, { outcome, cause, reason, serving: stable, left });
}

async function switchAndWatch(context: Context, baseline: Reading | null): Promise<RunReport> {
  const { run, spec, stable, candidate, act } = context;
  run.allow([]);
  run.phase('switching', `all traffic to ${candidate.version}`);
  try {
    const handle = await act.switchTraffic({
      service: spec.service,
      traffic: spec.traffic,
      ...context.effect('switch'),
      routes: routesTo(candidate, stable),
    });
    run.weights(handle.after);
  } catch (error) {
    const failure = failureOf(error);
    if (stable === null) return abandon(context, error);
    return goBack(context, 'health_check', `the switch failed: ${sentence(failure)}`, baseline);
  }

  const { forMs } = spec.watch;
  run.allow(stable === null ? [] : ['abort']);
  run.phase('stabilizing', `watched for ${formatDuration(forMs)}`, Date.now() + forMs);
  try {
    const result = await run.interruptible(() => watch(context));
    if (result.kind === 'judged') run.verdict(result.verdict);
    const next = afterWatch(result, {
      autoRollback: spec.autoRollback,
      hasFallback: stable !== null,
    });
    if (next.kind === 'roll_back')
      return await goBack(context, next.trigger, next.reason, baseline);
    if (next.kind === 'hold') {
      await run.interruptible(() => hold(context, next.reason));
    }
    return await promote(context, baseline);
  } catch (error) {
    if (!(error instanceof AbortAsked)) throw error;
    if (stable === null) return stay(context, error.message);
    return goBack(context, 'manual', error.message, baseline);
  }
}

/** A first release that is called off has nothing to go back to: it keeps its traffic, and says so. */
async function stay(context: Context, reason: string): Promise<RunReport> {
  const { run, candidate, notices } = context;
  run.allow([]);
  const why = `${reason}; nothing served before ${candidate.version}, so it keeps the traffic`;
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
    left: [],
  });
}

/** The wait is a durable timer; the watch beside it can only cut it short, never pass it early. */
async function watch(context: Context): Promise<WatchResult> {
  const { spec, candidate, act, stable } = context;
  const { forMs } = spec.watch;
  const nowMs = Date.now();
  const timerScope = new CancellationScope();
  const timer = timerScope.run(() =>
    sleep(forMs, { summary: `stabilization of ${formatDuration(forMs)}` }),
  );
  // An abort cancels it while nobody awaits it; the abort itself is seen through the watch.
  timer.catch(() => undefined);
  const { service, traffic, environment, metrics, thresholds, health } = spec;
  const result = await act
    .watch({
      service,
      traffic,
      environment,
      metrics,
      thresholds,
      health,
      watch: spec.watch,
      target: candidate,
      baseline: stable,
      limits: spec.validation,
      weightPercent: 100,
      fromMs: nowMs,
      untilMs: nowMs + forMs,
    })
    .catch((error: unknown): WatchResult => {
      if (CancellationScope.current().consideredCancelled) throw error;
      const failure = failureOf(error);
      return {
        kind: 'judged',
        verdict: {
          kind: 'no_data',
          findings: [],
          summary: `the watch ended: ${sentence(failure)}`,
        },
      };
    });
  const good = result.kind === 'judged' && isGood(result.verdict);
  if (good) await timer;
  else timerScope.cancel();
  return result;
}

/** Both versions stay as they are until a person decides. */
async function hold(context: Context, reason: string): Promise<void> {
  const { run, spec, notices } = context;
  const { stable } = context;
  run.phase('held', `${reason}; waits for a person`);
  run.allow(stable === null ? ['promote'] : ['abort', 'promote']);
  notices.tell({
    occasion: 'held',
    about: 'held',
    title: `${spec.service} ${spec.version}: held, a person must decide`,
    text:
      `${reason}\nBoth versions run. \`belay abort ${spec.service}\` goes back to ` +
      `${stable?.version ?? 'nothing'}, \`belay promote ${spec.service}\` keeps ${spec.version}.`,
  });
  await condition(() => run.promotedBy !== undefined);
}

async function promote(context: Context, baseline: Reading | null): Promise<RunReport> {
  const { run, spec, stable, candidate, input } = context;
  const reason = run.progress.verdict?.summary ?? `${candidate.version} serves`;
  await noteServing(context);
  const removed = [...(stable === null ? [] : [stable]), ...input.left];
  const { cleanupDelayMs } = spec;
  run.phase(
    'cleaning_up',
    removed.length === 0
      ? 'nothing to remove'
      : `${removed.map((old) => old.version).join(', ')} stays for ${formatDuration(cleanupDelayMs)}`,
    Date.now() + cleanupDelayMs,
  );
  context.notices.tell({
    occasion: 'promoted',
    about: 'succeeded',
    title: titleOf(run.progress, 'succeeded'),
    text: reason,
  });
  if (removed.length > 0 && cleanupDelayMs > 0) {
    run.allow(stable === null ? [] : ['abort']);
    try {
      await run.interruptible(() => sleep(cleanupDelayMs, { summary: 'blue stays ready' }));
    } catch (error) {
      if (!(error instanceof AbortAsked)) throw error;
      return goBack(context, 'manual', error.message, baseline);
    }
  }
  run.allow([]);
  const left = await retireAll(context, removed);
  return finish(context, {
    outcome: 'succeeded',
    cause: 'none',
    reason,
    serving: candidate,
    left,
  });
}

function routesTo(to: DeployedVersion, other: DeployedVersion | null) {
  const all = { version: to.version, instances: to.instances, weightPercent: 100 };
  if (other === null) return [all];
  return [{ version: other.version, instances: other.instances, weightPercent: 0 }, all];
}

function split(stable: string, candidate: string, candidatePercent: number) {
  return [
    { version: stable, weightPercent: 100 - candidatePercent },
    { version: candidate, weightPercent: candidatePercent },
  ];
}

function sentence(failure: { readonly code: string; readonly message: string }): string {
  return `${failure.code}: ${failure.message}`;
}
