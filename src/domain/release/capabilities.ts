import type { TrafficSpec } from './release.schema.ts';

/**
 * What each kind of load balancer can do beside weights, so that a release file that asks for more
 * is refused before anything starts. The adapters state the same; their contract tests compare.
 */
export const CAPABILITIES = {
  haproxy: { mirror: false, affinity: true, match: true, routesMax: 4 },
  embedded: { mirror: true, affinity: true, match: true, routesMax: 20 },
  memory: { mirror: true, affinity: true, match: true, routesMax: 20 },
} as const satisfies Record<
  TrafficSpec['kind'],
  {
    readonly mirror: boolean;
    readonly affinity: boolean;
    readonly match: boolean;
    readonly routesMax: number;
  }
>;
