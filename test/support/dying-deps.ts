import type { ActivityDeps } from '../../src/activities/deps.ts';
import type { EnvironmentDriver } from '../../src/providers/environment/environment.ts';
import type { TrafficRouter } from '../../src/providers/traffic/router.ts';

export interface Death {
  /** Of the calls that change something, counted from 0. */
  readonly atEffect: number;
  readonly when: 'before' | 'after';
}

export const DEATH = 'the worker died';

/**
 * The drivers of a rig, on which a worker dies once: before or after one of the calls that change
 * something. Whatever happens, `afterEach` looks at the world that the call has left.
 */
export function dyingDeps(
  deps: ActivityDeps,
  parts: { readonly environment: EnvironmentDriver; readonly router: TrafficRouter },
  death: Death | undefined,
  afterEach: (call: string) => Promise<void> = async () => undefined,
) {
  let count = 0;
  async function effect<Result>(call: string, act: () => Promise<Result>): Promise<Result> {
    const dies = death?.atEffect === count;
    count += 1;
    if (dies && death.when === 'before') throw new Error(DEATH);
    const result = await act();
    await afterEach(call);
    if (dies) throw new Error(DEATH);
    return result;
  }
  const { environment, router } = parts;
  const dyingEnvironment: EnvironmentDriver = {
    ...environment,
    deploy: (request, signal) =>
      effect(`deploy ${request.version} ${request.spec.instances}`, () =>
        environment.deploy(request, signal),
      ),
    remove: (request, signal) =>
      effect(`remove ${request.version}`, () => environment.remove(request, signal)),
  };
  const dyingRouter: TrafficRouter = {
    ...router,
    apply: (change, signal) => effect(change.key, () => router.apply(change, signal)),
    drain: async (request, signal) => {
      const drained = await router.drain(request, signal);
      await afterEach(`drain ${request.instances?.length} of ${request.version}`);
      return drained;
    },
  };
  const dying: ActivityDeps = {
    ...deps,
    environment: () => dyingEnvironment,
    router: () => dyingRouter,
  };
  return { deps: dying, effects: () => count };
}
