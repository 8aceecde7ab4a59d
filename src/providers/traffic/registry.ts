import type { TrafficSpec } from '../../domain/release/release.schema.ts';
import { createEmbeddedRouter } from './embedded.ts';
import { createHaproxyRouter } from './haproxy.ts';
import { createMemoryRouter } from './memory.ts';
import type { TrafficRouter } from './router.ts';

/** The router that a release file names. All releases of one process share one memory router. */
export function createRouters(memory: TrafficRouter = createMemoryRouter()) {
  return (spec: TrafficSpec): TrafficRouter => {
    switch (spec.kind) {
      case 'haproxy':
        return createHaproxyRouter(spec);
      case 'embedded':
        return createEmbeddedRouter(spec);
      case 'memory':
        return memory;
      default:
        return spec satisfies never;
    }
  };
}
