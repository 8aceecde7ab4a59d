import {
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  metricMeter,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Verdict } from '../domain/judge/verdict.ts';
import { formatDuration } from '../domain/quantity.ts';
import { isGood } from '../domain/release/decide.ts';
import { completedSpec } from '../domain/release/completed-spec.ts';
import { batchSizeOf } from '../domain/release/capacity.ts';
import {
  GENERATIONS_AN_EFFECT,
  effectKey,
  generationOf,
  serviceWorkflowId,
} from '../domain/release/names.ts';
import {
  type GoingBack,
  notBackReport,
  rolledBackReport,
  unverifiedReport,
} from '../domain/release/rollback-incident.ts';
import { undoHooks } from './call-hook.ts';
import type { DeployedVersion, RunReport } from '../domain/release/progress.ts';
import { activitiesFor } from './activities.ts';
import { failureOf } from './failure.ts';
import type { RollbackInput } from './inputs.ts';
import { endedSignal, servingSignal } from './messages.ts';
import { openNotices, titleOf } from './notices.ts';
import { openIncidents } from './raise-incident.ts';
import { retireAll } from './retire.ts';
import { openRun } from './run.ts';

const PAUSE_MS = 30_000;
/** People are told again after so many rounds without success. */
const ROUNDS_TOLD = 20;

type Context = ReturnType<typeof openContext>;

/**
 * Takes traffic back: first and at once, everything else after it. It does not give up on the
 * traffic, is not ended by a cancellation, and verifies where traffic ended up. One that cannot be
 * verified ends `rollback_unverified` and never begins a second.
 */
export async function rollback(input: RollbackInput): Promise<RunReport> {
  const context = openContext(input);
  return CancellationScope.nonCancellable(() => goBack(context));
}

function openContext(input: RollbackInput) {
  const { workflowId, taskQueue } = workflowInfo();
  // The load balancer, the limits and the channels are those of the release that went wrong: they
  // are the newest that the service has.
  const spec = completedSpec(input.from.spec);
  const run = openRun(
    {
      kind: 'rollback',
      service: input.service,
      number: input.number,
      version: input.to.version,
      fallback: input.from.version,
      strategy: spec.strategy,
      who: input.who,
      why: input.why,
      preview: undefined,
    },
    'rolling_back',
  );
  const act = activitiesFor(spec, taskQueue);
  let effects = 0;
  return {
    input,
    spec,
    run,
    act,
    notices: openNotices(run, spec, act),
    incidents: openIncidents(run, spec),
    effect(name: string) {
      effects += 1;
      const generation = generationOf(input.number, effects * GENERATIONS_AN_EFFECT);
      return { key: effectKey(workflowId, name), generation };
    },
  };
}

function goingBack({ input, spec, run }: Context): GoingBack {
  const { service, from, to, trigger, why, wentWrong } = input;
  const { workflowId } = run.progress;
  const { strategy } = spec;
  return {
    ...{ workflowId, service, from: from.version, to: to.version },
    ...{ strategy, trigger, why, wentWrong },
  };
}

async function goBack(context: Context): Promise<RunReport> {
  const { input, run, act } = context;
  run.note(`${input.trigger}: traffic goes from ${input.from.version} to ${input.to.version}`);
  // Leaves with the same workflow task as the first step of the way back, which waits for nothing.
  if (input.wentWrong !== undefined) {
    context.incidents.report('begun', (known) => rolledBackReport(goingBack(context), known));
  }
  const moved =
    input.batches === undefined
      ? await moveTraffic(context)
      : await rollBack(context, input.batches);
  if (moved.kind === 'stayed') {
    return end(context, 'rollback_unverified', input.from, [input.to], moved.why);
  }
  metricMeter
    .createHistogram('belay_rollback_traffic', 'float', 'seconds', 'From its start to traffic back')
    .record((Date.now() - run.progress.startedAtMs) / 1000, { trigger: input.trigger });
  run.weights([
    { version: input.from.version, weightPercent: 0 },
    { version: input.to.version, weightPercent: 100 },
  ]);
  const back = moved.to;
  await noteServing(context, back);
  const { service } = input;
  const caller = { run, act, service, version: input.from.version, stable: back.version };
  await undoHooks(caller, input.hooks ?? []);

  const bad = [input.from, ...(input.baseline === undefined ? [] : [input.baseline])];
  const verdict = await verify(context, back);
  run.verdict(verdict);
  if (!isGood(verdict)) {
    // The other version may still be the better one: nothing is removed until a person has looked.
    return end(context, 'rollback_unverified', back, [...bad], verdict.summary);
  }
  context.incidents.note('verified', `traffic is back and verified: ${verdict.summary}`);
  const { keepForMs = 0 } = input;
  if (keepForMs > 0) {
    run.phase('cleaning_up', `${input.from.version} stays for ${formatDuration(keepForMs)}`);
    await sleep(keepForMs, { summary: `${input.from.version} stays to be looked at` });
  }
  run.phase('cleaning_up', `${input.from.version} is removed`);
  const left = await retireAll(context, bad);
  return end(context, 'rolled_back', back, left, verdict.summary);
}

type Moved =
  | { readonly kind: 'moved'; readonly to: DeployedVersion }
  | { readonly kind: 'stayed'; readonly why: string };

/** A rolling update goes back as it came, a batch at a time and the newest first. */
async function rollBack(
  context: Context,
  { candidates, desired }: NonNullable<RollbackInput['batches']>,
): Promise<Moved> {
  const { input, run, act, notices, spec } = context;
  const { from, to } = input;
  const size = batchSizeOf(spec.rolling, desired);
  let left = candidates ?? (await countCandidates(context, desired));
  let coming: DeployedVersion = to;
  let going: DeployedVersion = from;
  // A batch that was cut off may have started more of them than have been reported.
  for (let round = 1; left > 0; round += 1) {
    const next = Math.max(0, left - size);
    const { service, traffic, drainDeadlineMs } = spec;
    try {
      const result = await act.rollBatch({
        service,
        traffic,
        metrics: spec.metrics,
        thresholds: spec.thresholds,
        watch: spec.watch,
        health: to.spec.health,
        warmup: { ...to.spec.warmup, durationMs: 0 },
        coming: { ...coming, environment: to.spec.environment },
        going: { ...going, environment: from.spec.environment },
        from: desired - left,
        to: desired - next,
        desired,
        surge: spec.rolling.maxSurge !== undefined,
        drainDeadlineMs,
        stabilizeMs: 0,
        limits: spec.validation,
        ...context.effect(`batch-back-${left}`),
      });
      coming = { ...coming, instances: result.coming };
      going = { ...going, instances: result.going };
      if (result.kind === 'done') {
        left = next;
        run.note(`${desired - left} of ${desired} instances are ${to.version} again`);
        continue;
      }
      run.warn(`the way back was not ready: ${result.reason}`);
    } catch (error) {
      const failure = failureOf(error);
      run.warn(`a batch did not go back: ${failure.code}: ${failure.message}`);
      if (failure.code === 'StaleGeneration') {
        return { kind: 'stayed', why: failure.message };
      }
    }
    if (round % ROUNDS_TOLD === 1) {
      const why = `${left} of ${desired} instances are still ${from.version}`;
      context.incidents.report('not-back', (known) =>
        notBackReport(goingBack(context), known, why),
      );
      notices.tell({
        occasion: `traffic-not-back-${round}`,
        about: 'rollback_unverified',
        title: `${input.service}: the way back is not finished`,
        text: `${why}. Belay goes on trying.`,
      });
    }
    await sleep(PAUSE_MS, { summary: 'before the batch is tried again' });
  }
  return { kind: 'moved', to: coming };
}

/** Of a release that was lost: what runs, or as many as stable lacks, whichever is more. */
async function countCandidates({ input, act }: Context, desired: number): Promise<number> {
  const { service, from, to } = input;
  const running = (one: DeployedVersion) =>
    act.countInstances({ service, version: one.version, environment: one.spec.environment });
  const candidates = await running(from);
  const stables = await running(to);
  return Math.min(desired, Math.max(candidates, desired - stables));
}

/** Traffic first. Only where the old version no longer runs is it started before. */
async function moveTraffic(context: Context): Promise<Moved> {
  const { input } = context;
  if (input.toRuns) {
    const moved = await switchTo(context, input.to, 'switch');
    if (moved.kind === 'moved') return moved;
  }
  const started = await startAgain(context);
  return started.kind === 'stayed' ? started : switchTo(context, started.to, 'switch-again');
}

/**
 * Repeats until the load balancer has confirmed it; people are told after the first round without
 * success. Only a version that does not accept connections ends the attempts.
 */
async function switchTo(
  context: Context,
  to: DeployedVersion,
  effect: 'switch' | 'switch-again',
): Promise<Moved> {
  const { input, run, act, notices, spec } = context;
  const id = context.effect(effect);
  for (let round = 1; ; round += 1) {
    try {
      await act.trafficBack({
        service: input.service,
        traffic: spec.traffic,
        ...id,
        routes: [
          { version: input.from.version, instances: input.from.instances, weightPercent: 0 },
          { version: to.version, instances: to.instances, weightPercent: 100 },
          ...besides(input),
        ],
      });
      run.note(`traffic is back on ${to.version}`);
      return { kind: 'moved', to };
    } catch (error) {
      const failure = failureOf(error);
      const why = `traffic could not go to ${to.version}: ${failure.code}: ${failure.message}`;
      run.warn(why);
      if (failure.code === 'TargetNotReady' || failure.code === 'StaleGeneration') {
        return { kind: 'stayed', why };
      }
      if (round === 1) {
        context.incidents.report('not-back', (known) =>
          notBackReport(goingBack(context), known, why),
        );
        notices.tell({
          occasion: 'traffic-not-back',
          about: 'rollback_unverified',
          title: `${input.service}: traffic is not back yet`,
          text: `${why}\nBelay goes on trying.`,
        });
      }
      await sleep(PAUSE_MS, { summary: 'before traffic is tried again' });
    }
  }
}

function besides({ baseline }: RollbackInput) {
  if (baseline === undefined) return [];
  const { version, instances } = baseline;
  return [{ version, instances, weightPercent: 0 }];
}

async function startAgain(context: Context): Promise<Moved> {
  const { input, run } = context;
  const { version, spec } = input.to;
  const { service, environment, health, warmup } = spec;
  const { traffic } = context.spec;
  const act = activitiesFor(spec, workflowInfo().taskQueue);
  run.note(`${version} does not run any more: it is started first`);
  try {
    const instances = await act.deploy({
      service,
      version,
      environment,
      traffic,
      deploy: context.effect('deploy'),
      register: { ...context.effect('register'), serving: input.from },
    });
    const target = { version, instances };
    const ready = await act.proveReady({ service, environment, health, warmup, target });
    run.note(ready.report);
    return { kind: 'moved', to: { ...input.to, instances } };
  } catch (error) {
    const failure = failureOf(error);
    return { kind: 'stayed', why: `${version} could not be started: ${failure.message}` };
  }
}

async function verify(context: Context, back: DeployedVersion): Promise<Verdict> {
  const { input, run, act, spec } = context;
  const fromMs = Date.now();
  const forMs = spec.rollbackVerifyAfterMs;
  run.phase('verifying', `${back.version} for ${formatDuration(forMs)}`, fromMs + forMs);
  await sleep(forMs, { summary: `before ${back.version} is verified` });
  const { service, traffic, environment, metrics, thresholds, watch, health } = spec;
  try {
    return await act.verify({
      service,
      traffic,
      environment,
      metrics,
      thresholds,
      watch,
      health,
      target: back,
      limits: spec.validation,
      fromMs,
      before: input.before,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const failure = failureOf(error);
    return { kind: 'no_data', findings: [], summary: `${failure.code}: ${failure.message}` };
  }
}

async function noteServing(context: Context, serving: DeployedVersion): Promise<void> {
  const { input, run } = context;
  try {
    await getExternalWorkflowHandle(serviceWorkflowId(input.service)).signal(servingSignal, {
      workflowId: run.progress.workflowId,
      serving,
      lastNumber: input.number,
    });
  } catch (error) {
    run.warn(`the service workflow was not told that ${serving.version} serves: ${String(error)}`);
  }
}

async function end(
  context: Context,
  outcome: 'rolled_back' | 'rollback_unverified',
  serving: DeployedVersion,
  left: readonly DeployedVersion[],
  reason: string,
): Promise<RunReport> {
  const { input, run, notices, incidents } = context;
  if (outcome === 'rollback_unverified') {
    const how = { serving: serving.version, reason };
    incidents.report('unverified', (known) => unverifiedReport(goingBack(context), known, how));
  }
  notices.tell({
    occasion: 'ended',
    about: outcome,
    title: titleOf(run.progress, outcome),
    text: `${input.trigger}: ${input.why}\n${serving.version} serves: ${reason}`,
  });
  await incidents.settle();
  const report = run.end({
    lastNumber: input.number,
    outcome,
    cause: outcome === 'rolled_back' ? input.trigger : 'RollbackUnverified',
    reason,
    serving,
    left,
  });
  await notices.settle(() =>
    getExternalWorkflowHandle(serviceWorkflowId(input.service)).signal(endedSignal, report),
  );
  return report;
}
