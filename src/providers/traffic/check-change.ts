import { createConnection } from 'node:net';
import { Failure } from '../../domain/failure.ts';
import type { Instance } from '../../domain/release/instance.ts';
import type { Route, TrafficChange, TrafficState } from './router.ts';

const CONNECT_WITHIN_MS = 300;

/** What every router refuses before it touches the device. */
export function requireWhole(change: TrafficChange): void {
  const { routes, service } = change;
  const sum = routes.reduce((total, route) => total + route.weightPercent, 0);
  const odd = routes.find(
    ({ weightPercent }) =>
      !Number.isInteger(weightPercent) || weightPercent < 0 || weightPercent > 100,
  );
  if (odd !== undefined || sum !== 100) {
    const weights = routes.map((route) => `${route.version} ${route.weightPercent} %`).join(', ');
    throw new Failure(
      'TrafficRefused',
      `the weights of ${service} must be whole percents that add up to 100: ${weights || 'none'}`,
    );
  }
  if (new Set(routes.map((route) => route.version)).size !== routes.length) {
    throw new Failure('TrafficRefused', `a version of ${service} is named twice`);
  }
}

/** The fence, in one place: whether a change is new, already done, or must not be made. */
export function fence(current: TrafficState, change: TrafficChange): 'new' | 'done' {
  if (change.generation > current.generation) return 'new';
  if (change.generation < current.generation) {
    throw new Failure(
      'StaleGeneration',
      `generation ${change.generation} (${change.key}) comes after ${current.generation} ` +
        `(${current.key}) of ${change.service}`,
    );
  }
  if (sameRoutes(current.routes, change.routes)) return 'done';
  throw new Failure(
    'GenerationConflict',
    `generation ${change.generation} of ${change.service} already carries other routes`,
  );
}

export function sameRoutes(one: readonly Route[], other: readonly Route[]): boolean {
  return canonical(one) === canonical(other);
}

/** The same text for the same routes, whatever the order of keys and versions. */
export function canonical(routes: readonly Route[]): string {
  const plain = routes.map(({ version, weightPercent, instances }) => [
    version,
    weightPercent,
    instances.map(({ host, port }) => `${host}:${port}`).toSorted(),
  ]);
  return JSON.stringify(plain.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)));
}

/**
 * Every version that gets more traffic than it has needs an instance that accepts connections. One
 * that keeps what it has is not asked: a stable version that is down must not be in the way of the
 * version that takes its place.
 */
export async function requireReady(
  change: TrafficChange,
  current: TrafficState,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    change.routes
      .filter((route) => getsMore(route, current))
      .map(async (route) => {
        const ready = await Promise.all(
          route.instances.map((instance) => acceptsConnections(instance, signal)),
        );
        if (ready.includes(true)) return;
        const tried = route.instances.map(({ host, port }) => `${host}:${port}`).join(', ');
        throw new Failure(
          'TargetNotReady',
          `no instance of ${route.version} accepts connections (${tried || 'it has none'})`,
        );
      }),
  );
}

/** Addresses are compared by port: a device may know the host by its address only. */
function getsMore(route: Route, current: TrafficState): boolean {
  const before = current.routes.find(({ version }) => version === route.version);
  if (before === undefined || route.weightPercent > before.weightPercent) {
    return route.weightPercent > 0;
  }
  const ports = new Set(before.instances.map(({ port }) => port));
  return route.weightPercent > 0 && route.instances.some(({ port }) => !ports.has(port));
}

export async function acceptsConnections(
  { host, port }: Pick<Instance, 'host' | 'port'>,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, signal, timeout: CONNECT_WITHIN_MS });
    const end = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
