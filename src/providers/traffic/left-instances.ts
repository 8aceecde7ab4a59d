import type { Instance } from '../../domain/release/instance.ts';
import type { TrafficState } from './router.ts';

export function addressOf({ host, port }: Pick<Instance, 'host' | 'port'>): string {
  return `${host}:${port}`;
}

/** Those of the instances that the route of the version names no more. */
export function leftInstances(
  state: Pick<TrafficState, 'routes'>,
  version: string,
  instances: readonly Instance[],
): readonly Instance[] {
  const route = state.routes.find((one) => one.version === version);
  const named = new Set(route?.instances.map(addressOf));
  return instances.filter((one) => !named.has(addressOf(one)));
}
