import { createConnection } from 'node:net';
import { Failure } from '../../domain/failure.ts';
import type { Instance } from '../../domain/release/instance.ts';
import type { Route, Steering, TrafficChange, TrafficState } from './router.ts';

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
  requireNotTakenBack(current, change);
  if (change.generation > current.generation) return 'new';
  if (change.generation < current.generation) {
    throw new Failure(
      'StaleGeneration',
      `generation ${change.generation} (${change.key}) comes after ${current.generation} ` +
        `(${current.key}) of ${change.service}`,
    );
  }
  if (canonical(current) === canonical(change)) return 'done';
  throw new Failure(
    'GenerationConflict',
    `generation ${change.generation} of ${change.service} already carries other routes`,
  );
}

/** A change that says what it comes after is only made there. */
export function requireNotTakenBack(current: TrafficState, change: TrafficChange): void {
  const { after, generation, service } = change;
  if (after === undefined) return;
  if (current.generation === after || current.generation === generation) return;
  throw new Failure(
    'TrafficTakenBack',
    `generation ${current.generation} (${current.key || 'nothing'}) of ${service} stands where ` +
      `${after} was expected`,
  );
}

/**
 * The same text for the same routes in the same order with the same steering, whatever the order of
 * instances and keys. Without steering it is what it was before there was any.
 */
export function canonical({
  routes,
  affinity,
  matches = [],
  mirror,
}: Steering & { readonly routes: readonly Route[] }): string {
  const plain = routes.map(({ version, weightPercent, instances }) => [
    version,
    weightPercent,
    instances.map(({ host, port }) => `${host}:${port}`).toSorted(),
  ]);
  const steering = [
    ...(affinity === undefined
      ? []
      : [['affinity', affinity.cookie, affinity.maxAgeS, affinity.salt]]),
    ...matches.map((match) => [
      'match',
      match.version,
      match.in,
      match.name,
      match.how,
      match.value,
    ]),
    ...(mirror === undefined ? [] : [['mirror', mirror.version, mirror.percent]]),
  ];
  return JSON.stringify(plain) + (steering.length === 0 ? '' : ` ${JSON.stringify(steering)}`);
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
