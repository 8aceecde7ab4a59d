import { Pool } from 'undici';
import type { Instance } from '../domain/release/instance.ts';

const HEADERS_WITHIN_MS = 60_000;
const CONNECT_WITHIN_MS = 2000;
/** Below the keep-alive of common servers, so that a reused connection is rarely a dying one. */
const KEEP_ALIVE_MS = 4000;

export type InstancePools = ReturnType<typeof createInstancePools>;

/** The kept connections to each instance. */
export function createInstancePools() {
  const pools = new Map<string, Pool>();
  const originOf = ({ host, port }: Instance): string => `http://${host}:${port}`;
  return {
    of(instance: Instance): Pool {
      const origin = originOf(instance);
      let pool = pools.get(origin);
      if (pool === undefined) {
        pool = new Pool(origin, {
          connections: 256,
          pipelining: 1,
          headersTimeout: HEADERS_WITHIN_MS,
          bodyTimeout: HEADERS_WITHIN_MS,
          keepAliveTimeout: KEEP_ALIVE_MS,
          connect: { timeout: CONNECT_WITHIN_MS },
        });
        pools.set(origin, pool);
      }
      return pool;
    },
    /** Closes the connections to all other instances, each when its open requests have ended. */
    keepOnly(instances: readonly Instance[]): void {
      const named = new Set(instances.map(originOf));
      for (const [origin, pool] of pools) {
        if (named.has(origin)) continue;
        pools.delete(origin);
        void pool.close();
      }
    },
    async close(): Promise<void> {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}
