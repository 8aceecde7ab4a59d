import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningBalancer, startBalancer } from '../../src/dev/balancer.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { demoRelease } from '../../src/dev/demo-release.ts';
import { requireRelease } from '../../src/domain/release/release-file.ts';
import { createMemoryRouter } from '../../src/providers/traffic/memory.ts';
import { createRouters } from '../../src/providers/traffic/registry.ts';
import type {
  Route,
  TrafficChange,
  TrafficRouter,
  TrafficState,
} from '../../src/providers/traffic/router.ts';
import { type VersionServer, startVersion } from './version-server.ts';

export const SERVICE = 'checkout';
export const ROUTERS = ['memory', 'embedded', 'haproxy'] as const;
export type RouterKind = (typeof ROUTERS)[number];

export type RouterRig = Awaited<ReturnType<typeof startRouterRig>>;
type Options = Partial<Omit<TrafficChange, 'service' | 'routes'>>;

/**
 * A router as a release names it, with its data plane where it has one, and versions behind it.
 * `prepare` sees the folder of the balancer before it starts.
 */
export async function startRouterRig(
  kind: RouterKind,
  versions: readonly string[],
  prepare: (folder: string, servers: readonly VersionServer[]) => void = () => undefined,
) {
  const { signal } = new AbortController();
  const folder = mkdtempSync(join(tmpdir(), 'belay-router-'));
  const servers = await Promise.all(versions.map(startVersion));
  prepare(folder, servers);
  const balancer = kind === 'memory' ? undefined : await start(kind, folder);
  const router = balancer === undefined ? memory() : routerOf(balancer, folder);
  let generation = 0;

  return {
    folder,
    servers,
    router,
    balancer,
    signal,
    generation: (): number => generation,
    url: (path = '/'): string => `${balancer?.url}${path}`,
    read: (): Promise<TrafficState> => router.read(SERVICE, signal),
    /** A route a server, in their order. */
    routes: (...weights: readonly number[]): Route[] =>
      weights.map((weightPercent, index) => ({
        version: versions[index] ?? '',
        weightPercent,
        instances: servers.slice(index, index + 1).map(({ instance }) => instance),
      })),
    /** With the next generation where none is said. */
    async apply(routes: readonly Route[], options: Options = {}): Promise<TrafficState> {
      const at = options.generation ?? (generation += 10);
      const key = `release/checkout/${at}`;
      const change = { service: SERVICE, key, ...options, generation: at, routes };
      return router.apply(change, signal);
    },
    async close(): Promise<void> {
      await balancer?.close();
      for (const server of servers) server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function memory(): TrafficRouter {
  return createMemoryRouter({ checkReady: true });
}

async function start(kind: 'embedded' | 'haproxy', folder: string): Promise<RunningBalancer> {
  return startBalancer(kind, readDevConfig(process.env), { service: SERVICE, folder });
}

function routerOf({ traffic }: RunningBalancer, folder: string): TrafficRouter {
  const document = demoRelease({ service: SERVICE, version: 'v1', traffic });
  const text = JSON.stringify(document);
  const { spec } = requireRelease({ text, file: 'x.json', folder, version: undefined });
  return createRouters()(spec.traffic);
}
