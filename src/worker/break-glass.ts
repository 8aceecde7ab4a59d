import type { Effect } from '../domain/effect.ts';
import { Failure } from '../domain/failure.ts';
import type { TrafficSpec } from '../domain/release/release.schema.ts';
import { createRouters } from '../providers/traffic/registry.ts';
import type { Route, TrafficRouter, TrafficState } from '../providers/traffic/router.ts';

/** What a person does by hand while Temporal is away: one write to the load balancer. */
export interface BreakGlass {
  readonly service: string;
  readonly who: string;
  /** None: the version that has been at the load balancer for longest. */
  readonly toVersion: string | undefined;
  readonly atMs: number;
}

/** What would be done; nothing has been written yet. */
export interface Taken {
  readonly before: TrafficState;
  readonly toVersion: string;
  readonly generation: number;
  readonly key: string;
}

export interface TakeBack {
  plan(signal: AbortSignal): Promise<Taken>;
  /**
   * All traffic to the version of the plan, confirmed through the data plane. The generation is
   * only one above the device's, so that whatever a workflow writes next wins; one that expects its
   * own generation finds another and follows (`TrafficTakenBack`).
   */
  carryOut(taken: Taken, signal: AbortSignal): Promise<TrafficState>;
}

export function openBreakGlass(
  traffic: TrafficSpec,
  asked: BreakGlass,
  routers: (spec: TrafficSpec) => TrafficRouter = createRouters(),
): TakeBack {
  const router = routers(traffic);
  const { service } = asked;
  return {
    async plan(signal) {
      const before = await router.read(service, signal);
      if (before.routes.length === 0) {
        throw new Failure('NotFound', `the load balancer carries no version of ${service}`);
      }
      const effects = await router.effects(service, signal);
      const { version } = chosen(before, effects, asked.toVersion);
      return {
        before,
        toVersion: version,
        generation: before.generation + 1,
        key: `break-glass/${wordOf(asked.who)}/${new Date(asked.atMs).toISOString()}`,
      };
    },
    carryOut({ before, toVersion, generation, key }, signal) {
      const routes = before.routes.map((route) => ({
        ...route,
        weightPercent: route.version === toVersion ? 100 : 0,
      }));
      return router.apply({ service, key, generation, routes }, signal);
    },
  };
}

function chosen(
  { service, routes }: TrafficState,
  effects: readonly Effect[],
  toVersion: string | undefined,
): Route {
  const withInstances = routes.filter(({ instances }) => instances.length > 0);
  const names = withInstances.map(({ version }) => version).join(', ') || 'none';
  if (toVersion !== undefined) {
    const named = withInstances.find(({ version }) => version === toVersion);
    if (named !== undefined) return named;
    throw new Failure(
      'NothingToRollBackTo',
      `${toVersion} has no instance at the load balancer of ${service}; those that have: ${names}`,
    );
  }
  const [oldest, next] = withInstances
    .map((route) => ({ route, sinceGeneration: since(route.version, effects) }))
    .toSorted((one, other) => one.sinceGeneration - other.sinceGeneration);
  if (
    oldest === undefined ||
    next === undefined ||
    oldest.sinceGeneration === next.sinceGeneration
  ) {
    throw new Failure(
      'NothingToRollBackTo',
      `which version of ${service} came before cannot be told: name one with --to (${names})`,
    );
  }
  return oldest.route;
}

/** The generation with which a version came to the load balancer and has been there since. */
function since(version: string, effects: readonly Effect[]): number {
  const gone = effects.findLastIndex(({ what }) => !versionsIn(what).includes(version));
  return effects[gone + 1]?.generation ?? Number.MAX_SAFE_INTEGER;
}

/** Of `v1 0 %, v2 100 %`, as every router describes what it has applied. */
function versionsIn(what: string): readonly string[] {
  return what.split(', ').map((part) => part.split(' ')[0] ?? '');
}

/** A key is one word for every load balancer. */
function wordOf(who: string): string {
  return who.replaceAll(/[^A-Za-z0-9._+-]+/g, '-').slice(0, 64) || 'unknown';
}
