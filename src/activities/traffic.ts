import { Context } from '@temporalio/activity';
import type { ActivityDeps } from './deps.ts';
import type { SwitchRequest } from './requests.ts';

/** What a switch changed: `before` is the way back. */
export interface SwitchHandle {
  readonly service: string;
  readonly generation: number;
  readonly before: readonly Side[];
  readonly after: readonly Side[];
}

interface Side {
  readonly version: string;
  readonly weightPercent: number;
}

/** Moves traffic between the versions of a service. */
export function createTrafficActivities(deps: ActivityDeps) {
  return {
    /** Returns when the data plane serves the new weights; a repeat is already done. */
    async switchTraffic(request: SwitchRequest): Promise<SwitchHandle> {
      const { service, traffic, key, generation, routes } = request;
      const signal = Context.current().cancellationSignal;
      const router = deps.router(traffic);
      const before = await router.read(service, signal);
      const after = await router.apply({ service, key, generation, routes }, signal);
      return {
        service,
        generation,
        before: before.routes.map(sideOf),
        after: after.routes.map(sideOf),
      };
    },
  };
}

function sideOf({ version, weightPercent }: Side): Side {
  return { version, weightPercent };
}
