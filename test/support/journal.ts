import type { EnvironmentDriver } from '../../src/providers/environment/environment.ts';
import { createMemoryEnvironment } from '../../src/providers/environment/memory.ts';
import { createMemoryRouter } from '../../src/providers/traffic/memory.ts';
import type { Route, TrafficRouter } from '../../src/providers/traffic/router.ts';

/** What was done to the outside world, in the order in which it took place. */
export type Act =
  | {
      readonly kind: 'routes';
      readonly service: string;
      readonly key: string;
      readonly routes: readonly Route[];
    }
  | { readonly kind: 'drain'; readonly service: string; readonly version: string }
  | {
      readonly kind: 'deploy' | 'remove';
      readonly service: string;
      readonly version: string;
      readonly key: string;
      readonly instances: number;
    };

/** The memory adapters, with one journal of all that they did. */
export function createJournaledWorld() {
  const acts: Act[] = [];
  const memoryRouter = createMemoryRouter();
  const memoryEnvironment = createMemoryEnvironment();
  const router: TrafficRouter = {
    ...memoryRouter,
    async apply(change, signal) {
      const before = await memoryRouter.read(change.service, signal);
      const after = await memoryRouter.apply(change, signal);
      if (after.generation > before.generation) {
        const { service, key, routes } = change;
        acts.push({ kind: 'routes', service, key, routes });
      }
      return after;
    },
    async drain(request, signal) {
      acts.push({ kind: 'drain', service: request.service, version: request.version });
      return memoryRouter.drain(request, signal);
    },
  };
  const environment: EnvironmentDriver = {
    ...memoryEnvironment,
    async deploy(request, signal) {
      const { service, version, key, spec } = request;
      const instances = await memoryEnvironment.deploy(request, signal);
      acts.push({ kind: 'deploy', service, version, key, instances: spec.instances });
      return instances;
    },
    async remove(request, signal) {
      const { service, version, key } = request;
      await memoryEnvironment.remove(request, signal);
      acts.push({ kind: 'remove', service, version, key, instances: 0 });
    },
  };
  return { acts, router, environment };
}
