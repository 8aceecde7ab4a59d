import { Failure } from '../domain/failure.ts';
import { sharesOf } from '../domain/release/capacity.ts';
import type { Instance } from '../domain/release/instance.ts';
import type { Route, TrafficState } from '../providers/traffic/router.ts';
import type { ActivityDeps } from './deps.ts';
import { NO_PROOF, type ProofDetails, prove } from './proving.ts';
import type { BatchSides, EffectId, RollBatchRequest } from './requests.ts';

/** Instances of `coming` take the place of those of `going`; back again is the same, mirrored. */
export interface Movement
  extends
    Pick<RollBatchRequest, 'service' | 'traffic' | 'health' | 'warmup' | 'drainDeadlineMs'>,
    BatchSides {
  /** What the keys of its effects begin with. */
  readonly keyPrefix: string;
  /** The generation that it must come after; absent on the way back, which asks nobody. */
  readonly after?: number;
  /** Of the first of its effects; each has the next. */
  readonly generation: number;
}

export interface Moved {
  readonly coming: readonly Instance[];
  readonly going: readonly Instance[];
  readonly report: string;
  /** The generation of the traffic that it has brought about. */
  readonly standsAt: number;
}

/** What a later attempt begins from; where the devices stand, they say themselves. */
export interface MovementDetails {
  readonly proof: ProofDetails;
  /** The deadline of the health checks counts from here. */
  readonly provingSinceMs: number | undefined;
  readonly report: string;
}

export const NOTHING_MOVED: MovementDetails = {
  proof: NO_PROOF,
  provingSinceMs: undefined,
  report: 'nothing had to be proved',
};

/** Generations that one movement takes. */
export const EFFECTS_A_MOVEMENT = 4;

/** Each effect has its place, so that its generation is the same in every attempt. */
const IN_PLACE = ['take-out', 'end', 'start', 'put-in'] as const;
const SURGE = ['start', 'put-in', 'end'] as const;
type EffectName = (typeof IN_PLACE)[number];

/** Where the old ones would have to end first and nobody would be left, the new ones come first. */
export function isSurge({ surge, from, to, desired }: BatchSides): boolean {
  return surge || from + desired - to === 0;
}

/**
 * Every step states a desired end, so that an attempt may begin anywhere. In place: traffic leaves
 * the old instances, they drain and end, the new ones start, are proved and get traffic. With a
 * surge the new ones are proved and get traffic first. No instance ends while it has weight.
 */
export async function moveInstances(
  deps: ActivityDeps,
  movement: Movement,
  progress: { readonly from: MovementDetails; onDetails(details: MovementDetails): void },
  signal: AbortSignal,
): Promise<Moved> {
  const { service, coming, going, from, to, desired } = movement;
  const kept = going.instances.slice(0, desired - to);
  const before = await deps.router(movement.traffic).read(service, signal);
  const isIn = stands(before, effectOf(movement, 'put-in'));
  let { report } = progress.from;
  const standsAt = effectOf(movement, 'put-in').generation;
  const startAndProve = async (): Promise<readonly Instance[]> => {
    const instances = await scale(deps, movement, 'start', signal);
    report = await proveNew(deps, movement, instances, progress, signal);
    return instances;
  };
  if (isSurge(movement)) {
    const started = isIn ? await running(deps, movement) : await startAndProve();
    if (!isIn) await route(deps, movement, 'put-in', { coming: started, going: kept }, signal);
    await drainAndEnd(deps, movement, kept, signal);
    return { coming: started, going: kept, report, standsAt };
  }
  if (isIn) return { coming: await running(deps, movement), going: kept, report, standsAt };
  const left = { coming: coming.instances.slice(0, from), going: kept };
  await route(deps, movement, 'take-out', left, signal);
  await drainAndEnd(deps, movement, kept, signal);
  const started = await startAndProve();
  await route(deps, movement, 'put-in', { coming: started, going: kept }, signal);
  return { coming: started, going: kept, report, standsAt };
}

function effectOf(movement: Movement, name: EffectName): EffectId {
  const order: readonly EffectName[] = isSurge(movement) ? SURGE : IN_PLACE;
  const key = `${movement.keyPrefix}${name}`;
  return { key, generation: movement.generation + order.indexOf(name) };
}

function stands({ key, generation }: TrafficState, effect: EffectId): boolean {
  return key === effect.key && generation === effect.generation;
}

async function running(
  deps: ActivityDeps,
  { service, coming, to }: Movement,
): Promise<readonly Instance[]> {
  const found = await deps.environment(coming.environment).find(service, coming.version);
  return found.slice(0, to).map(({ id, host, port }) => ({ id, host, port }));
}

async function route(
  deps: ActivityDeps,
  movement: Movement,
  name: 'take-out' | 'put-in',
  sides: { readonly coming: readonly Instance[]; readonly going: readonly Instance[] },
  signal: AbortSignal,
): Promise<void> {
  const { service, traffic, coming, going } = movement;
  const shares = sharesOf(sides.coming.length, sides.going.length);
  const routes: readonly Route[] = [
    { version: going.version, instances: sides.going, weightPercent: shares.going },
    { version: coming.version, instances: sides.coming, weightPercent: shares.coming },
  ].filter(({ instances }) => instances.length > 0);
  const change = { service, ...effectOf(movement, name), routes };
  const after = placeOf(movement, name);
  await deps.router(traffic).apply(after === undefined ? change : { ...change, after }, signal);
}

/** What stands before an effect: what stood before the movement, or its own effect before. */
function placeOf(movement: Movement, name: 'take-out' | 'put-in'): number | undefined {
  const isFirst = name === 'take-out' || isSurge(movement);
  if (movement.after === undefined || isFirst) return movement.after;
  return effectOf(movement, 'take-out').generation;
}

/** Drain, then stop: only instances that the load balancer names no more. */
async function drainAndEnd(
  deps: ActivityDeps,
  movement: Movement,
  kept: readonly Instance[],
  signal: AbortSignal,
): Promise<void> {
  const { service, traffic, going, drainDeadlineMs: deadlineMs } = movement;
  const { version } = going;
  const router = deps.router(traffic);
  const instances = going.instances.slice(kept.length);
  if (instances.length > 0) {
    await router.drain({ service, version, instances, deadlineMs }, signal);
  }
  requireWithoutWeight(await router.read(service, signal), version, kept);
  await scale(deps, movement, 'end', signal);
}

/** Somebody else may have moved traffic meanwhile, to what is about to end. */
function requireWithoutWeight(
  { routes }: TrafficState,
  version: string,
  kept: readonly Instance[],
): void {
  const known = routes.find((one) => one.version === version);
  const served = known === undefined || known.weightPercent === 0 ? 0 : known.instances.length;
  if (served <= kept.length) return;
  throw new Failure(
    'NotAllowedNow',
    `${served} instances of ${version} have traffic again: none is ended`,
  );
}

/** As many instances as the side is to have; none, and the version is removed. */
async function scale(
  deps: ActivityDeps,
  movement: Movement,
  name: 'start' | 'end',
  signal: AbortSignal,
): Promise<readonly Instance[]> {
  const { service, to, desired } = movement;
  const { version, environment } = name === 'start' ? movement.coming : movement.going;
  const instances = name === 'start' ? to : desired - to;
  const by = { service, version, ...effectOf(movement, name) };
  const driver = deps.environment(environment);
  if (instances > 0) return driver.deploy({ ...by, spec: { ...environment, instances } }, signal);
  await driver.remove({ ...by, graceMs: environment.stopGraceMs }, signal);
  return [];
}

async function proveNew(
  deps: ActivityDeps,
  { service, coming, health, warmup, from }: Movement,
  instances: readonly Instance[],
  progress: { readonly from: MovementDetails; onDetails(details: MovementDetails): void },
  signal: AbortSignal,
): Promise<string> {
  const provingSinceMs = progress.from.provingSinceMs ?? deps.clock.nowMs();
  let details = { ...progress.from, provingSinceMs };
  progress.onDetails(details);
  const target = { version: coming.version, instances: instances.slice(from) };
  const report = await prove(
    deps,
    { service, environment: coming.environment, health, warmup, target },
    { from: details.proof, deadlineMs: provingSinceMs + health.deadlineMs },
    (proof) => {
      details = { ...details, proof };
      progress.onDetails(details);
    },
    signal,
  );
  progress.onDetails({ ...details, report });
  return report;
}
