import type { Verdict } from '../domain/judge/verdict.ts';
import type { FailureCode } from '../domain/failure.ts';
import { formatDuration } from '../domain/quantity.ts';
import { baselineShare, instancesFor } from '../domain/release/capacity.ts';
import { isGood } from '../domain/release/decide.ts';
import { baselineVersion } from '../domain/release/names.ts';
import type { Step } from '../domain/release/plan.ts';
import type { DeployedVersion } from '../domain/release/progress.ts';
import { callHookOf } from './call-hook.ts';
import { type Context, routesAt, steeringAt } from './context.ts';
import { finishUp, noteServing, tellPromoted } from './release-end.ts';
import { rollOneBatch } from './roll.ts';

/** The verdict before users meet the version was not good; the reason is its summary. */
export class NotGood extends Error {
  override readonly name = 'NotGood';
  readonly code: FailureCode;

  constructor(verdict: Verdict) {
    super(verdict.summary);
    this.code = verdict.kind === 'no_data' ? 'NoData' : 'ThresholdViolated';
  }
}

/**
 * Carries one step out. Returns when it has been confirmed, or when the course has ended
 * meanwhile; throws what went wrong. What moves traffic is never cut off half way.
 */
export async function perform(context: Context, step: Step, target: number | null): Promise<void> {
  switch (step.kind) {
    case 'deploy':
      return deploy(context, step.instances);
    case 'prove':
      return prove(context, step);
    case 'validate':
      return validate(context);
    case 'hook':
      return callHookOf(context, step.hook);
    case 'scale':
      return scale(context, step.instances);
    case 'weight':
      return setWeight(context, step, target ?? step.weightPercent);
    case 'match':
    case 'mirror':
      return steerUsers(context, step);
    case 'affinity':
      return keepUsers(context, step);
    case 'batch':
      return rollOneBatch(context, step, target ?? step.to);
    case 'gate':
    case 'compare':
    case 'stay':
      return announce(context, step);
    case 'promote':
      // Beside the note: what alerts say of a stable version is for everybody.
      void context.silence.lift(`${context.spec.version} is stable`);
      return noteServing(context);
    case 'keep':
      return tellPromoted(context, step.forMs);
    case 'retire':
      return finishUp(context);
    default:
      return step satisfies never;
  }
}

async function deploy(context: Context, instances: number): Promise<void> {
  const { run, spec, stable, act } = context;
  run.note(
    `starting ${instances} × ${spec.version}` +
      (stable === null ? '; the first release: no baseline and no way back' : ''),
  );
  const { service, version, environment, traffic } = spec;
  const started = await context.interruptible(() =>
    act.deploy({
      service,
      version,
      environment: { ...environment, instances },
      traffic,
      deploy: context.effect('deploy'),
      register: stable === null ? null : { ...registration(context), serving: stable },
    }),
  );
  if (started === undefined) return;
  context.candidate = { ...context.candidate, instances: started };
  if (stable === null) return;
  showWeights(context, 0);
  if (spec.strategy === 'canary' && spec.baseline) await deployBaseline(context, stable, instances);
}

function registration(context: Context) {
  const effect = context.effect('register');
  context.trafficGeneration = effect.generation;
  return effect;
}

/** Fresh instances of stable with the candidate's capacity, so that like is compared with like. */
async function deployBaseline(
  context: Context,
  stable: DeployedVersion,
  instances: number,
): Promise<void> {
  const { run, spec, act } = context;
  const version = baselineVersion(stable.version);
  const environment = { ...stable.spec.environment, instances };
  run.note(`starting ${instances} × ${version}, to compare with`);
  const started = await context.interruptible(() =>
    act.deploy({
      service: spec.service,
      version,
      environment,
      traffic: spec.traffic,
      deploy: context.effect('deploy-baseline'),
      register: null,
    }),
  );
  if (started === undefined) return;
  context.baseline = { version, spec: stable.spec, instances: started };
}

async function prove(context: Context, step: Step): Promise<void> {
  const { run, spec, act, candidate, baseline } = context;
  const { service, health, environment, facts } = { ...spec, facts: context.facts };
  const warmup = facts.fast ? { ...spec.warmup, durationMs: 0 } : spec.warmup;
  run.phase(
    step.phase,
    `${health.checks.length} health check(s) of every instance, ` +
      `at most ${formatDuration(health.deadlineMs)}, ` +
      `then ${formatDuration(warmup.durationMs)} of warm-up`,
  );
  await context.interruptible(async () => {
    const { traffic, metrics } = spec;
    const ready = await act.proveReady({
      ...{ service, environment, health, warmup, target: candidate },
      judgedBy: { traffic, metrics },
    });
    run.note(ready.report);
    if (baseline === null) return;
    await act.proveReady({ service, environment, health, warmup, target: baseline });
  });
}

async function validate(context: Context): Promise<void> {
  const { run, spec, act, candidate, stable } = context;
  const { service, traffic, environment, metrics, thresholds, validation } = spec;
  run.phase(
    'validating',
    `probe load to ${stable === null ? 'the candidate' : 'both sides'} for ` +
      formatDuration(validation.windowMs),
  );
  const result = await context.interruptible(() =>
    act.validate({
      service,
      traffic,
      environment,
      metrics,
      thresholds,
      validation,
      candidate,
      stable,
    }),
  );
  if (result === undefined) return;
  run.verdict(result.verdict);
  context.before = result.baseline;
  if (!isGood(result.verdict)) throw new NotGood(result.verdict);
}

/** More instances, proven ready; they get their share of the traffic with the next weight. */
async function scale(context: Context, instances: number): Promise<void> {
  const { run, spec, act } = context;
  const { service, version, traffic, health, warmup } = spec;
  const environment = { ...spec.environment, instances };
  run.note(`${version} grows to ${instances} instance(s)`);
  const started = await context.interruptible(async () => {
    const all = await act.deploy({
      service,
      version,
      environment,
      traffic,
      deploy: context.effect(`scale-${instances}`),
      register: null,
    });
    const target = { version, instances: all };
    const ready = await act.proveReady({ service, environment, health, warmup, target });
    run.note(ready.report);
    return all;
  });
  if (started === undefined) return;
  context.candidate = { ...context.candidate, instances: started };
  await scaleBaseline(context, instances);
  const { plan, at, stand } = context.course;
  const follows = plan[at + 1]?.kind === 'weight';
  if (!follows && stand.weightPercent > 0) await apply(context, 'spread', stand.weightPercent);
}

/** Like is compared with like: the baseline has the candidate's capacity, and carries its share. */
async function scaleBaseline(context: Context, instances: number): Promise<void> {
  const { stable, baseline, spec, act } = context;
  if (baseline === null || stable === null) return;
  // Beyond a quarter it has no share any more.
  const wanted = Math.min(instances, instancesFor(25, spec.environment.instances));
  if (wanted <= baseline.instances.length) return;
  await deployBaseline(context, stable, wanted);
  const target = context.baseline;
  if (target === null) return;
  const { service, environment, health, warmup } = spec;
  await context.interruptible(() =>
    act.proveReady({ service, environment, health, warmup, target }),
  );
}

async function setWeight(
  context: Context,
  step: Extract<Step, { kind: 'weight' }>,
  weightPercent: number,
): Promise<void> {
  const { run, spec } = context;
  const { version } = spec;
  const isAll = weightPercent === 100;
  run.phase(
    step.phase,
    isAll ? `all traffic to ${version}` : `${weightPercent} % of the traffic to ${version}`,
    step.forMs === 0 ? undefined : Date.now() + step.forMs,
  );
  const name = isAll && step.phase === 'switching' ? 'switch' : `weight-${weightPercent}`;
  await apply(context, name, weightPercent);
}

async function steerUsers(
  context: Context,
  step: Extract<Step, { kind: 'match' | 'mirror' }>,
): Promise<void> {
  const { run, spec, course } = context;
  const text =
    step.kind === 'mirror'
      ? `copies of ${step.percent} % of the requests to ${spec.version}`
      : `users with ${step.match.in} ${step.match.name} meet ${spec.version}`;
  run.phase(step.phase, text);
  await apply(context, step.name, course.stand.weightPercent);
}

/** In force with the next weight, or at once where users meet the candidate already. */
async function keepUsers(
  context: Context,
  step: Extract<Step, { kind: 'affinity' }>,
): Promise<void> {
  const { run, course } = context;
  run.note(`users stay where they are, by the cookie ${step.affinity.cookie}`);
  const { weightPercent } = course.stand;
  if (weightPercent > 0) await apply(context, step.name, weightPercent);
}

/** Writes what is to be in force now, unless somebody has taken traffic back meanwhile. */
async function apply(context: Context, name: string, weightPercent: number): Promise<void> {
  const { run, spec, act } = context;
  const effect = context.effect(name);
  const steering = steeringAt(context);
  const after = context.trafficGeneration;
  const full = spec.environment.instances;
  const handle = await act.switchTraffic({
    service: spec.service,
    traffic: spec.traffic,
    ...effect,
    routes: routesAt(context, weightPercent),
    ...(steering === undefined ? {} : { steering }),
    ...(after === undefined ? {} : { after }),
    needs: [
      { version: spec.version, instances: instancesFor(weightPercent, full) },
      ...baselineNeeds(context, weightPercent, full),
    ],
  });
  context.trafficGeneration = effect.generation;
  run.weights(handle.after);
}

function baselineNeeds({ baseline }: Context, weightPercent: number, full: number) {
  const share = baselineShare(weightPercent);
  if (baseline === null || share === 0) return [];
  return [{ version: baseline.version, instances: instancesFor(share, full) }];
}

function announce(
  context: Context,
  step: Extract<Step, { kind: 'gate' | 'compare' | 'stay' }>,
): void {
  const { run, course } = context;
  switch (step.kind) {
    case 'stay':
      run.phase(step.phase, `watched for ${formatDuration(step.forMs)}`, Date.now() + step.forMs);
      return;
    case 'compare':
      run.phase(step.phase, `both arms are compared, at most ${formatDuration(step.forMs)}`);
      return;
    case 'gate': {
      const { gate, name } = step;
      const limit =
        gate.timeoutMs === undefined
          ? ''
          : `, at most ${formatDuration(gate.timeoutMs)}, then it counts as ${gate.onTimeout}`;
      const untilMs = gate.timeoutMs === undefined ? undefined : Date.now() + gate.timeoutMs;
      run.phase(step.phase, `waits at the gate ${name}${limit}`, untilMs);
      if (gate.kind !== 'person') return;
      const { service, version } = context.spec;
      context.notices.tell({
        occasion: `gate-${name}-${course.at}`,
        about: 'waiting',
        title: `${service} ${version}: the gate ${name} waits for a person`,
        text:
          `\`belay approve ${service} ${name} --why …\` lets it go on, ` +
          `\`belay reject ${service} ${name} --why …\` ends it${limit}.`,
      });
      return;
    }
    default:
      return step satisfies never;
  }
}

export function showWeights(context: Context, weightPercent: number): void {
  context.run.weights(
    routesAt(context, weightPercent).map((route) => ({
      version: route.version,
      weightPercent: route.weightPercent,
    })),
  );
}
