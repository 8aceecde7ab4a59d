import { Context } from '@temporalio/activity';
import { Failure } from '../domain/failure.ts';
import type { TrafficState } from '../providers/traffic/router.ts';
import type { ActivityDeps } from './deps.ts';
import type { GenerationRequest, SwitchRequest } from './requests.ts';

/** What a switch changed; `before` is whole, so that somebody may undo it (`undoOf`). */
export interface Switched {
  readonly service: string;
  readonly generation: number;
  readonly before: TrafficState;
  readonly after: readonly Side[];
}

interface Side {
  readonly version: string;
  readonly weightPercent: number;
}

/** Moves traffic between the versions of a service. */
export function createTrafficActivities(deps: ActivityDeps) {
  return {
    /** The newest generation that the device knows for a service; 0 for none. */
    async readGeneration({ service, traffic }: GenerationRequest): Promise<number> {
      const signal = Context.current().cancellationSignal;
      const { generation } = await deps.router(traffic).read(service, signal);
      return generation;
    },

    /** Returns when the data plane serves the new weights; a repeat is already done. */
    async switchTraffic(request: SwitchRequest): Promise<Switched> {
      const { service, traffic, key, generation, routes, steering, after } = request;
      const signal = Context.current().cancellationSignal;
      const router = deps.router(traffic);
      const before = await router.read(service, signal);
      // What has been done is not asked again whether it may be done.
      const isDone = before.generation === generation && before.key === key;
      if (!isDone) await requireCapacity(deps, request, signal);
      const change = { service, key, generation, routes, ...steering };
      const now = await router.apply(after === undefined ? change : { ...change, after }, signal);
      return { service, generation, before, after: now.routes.map(sideOf) };
    },
  };
}

/** A version gets no more than its ready instances can carry. */
async function requireCapacity(
  deps: ActivityDeps,
  { routes, needs = [] }: SwitchRequest,
  signal: AbortSignal,
): Promise<void> {
  for (const { version, instances: needed } of needs) {
    const instances = routes.find((route) => route.version === version)?.instances ?? [];
    const answers = await Promise.all(instances.map((one) => deps.acceptsConnections(one, signal)));
    const ready = answers.filter(Boolean).length;
    signal.throwIfAborted();
    if (ready >= needed) continue;
    throw new Failure(
      'TargetNotReady',
      `${ready} of ${instances.length} instance(s) of ${version} accept connections, ` +
        `${needed} are needed for its share of the traffic`,
    );
  }
}

function sideOf({ version, weightPercent }: Side): Side {
  return { version, weightPercent };
}
