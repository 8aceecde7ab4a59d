import type { Effect } from '../../domain/effect.ts';
import type { Failure } from '../../domain/failure.ts';
import { CAPABILITIES } from '../../domain/release/capabilities.ts';
import { fence, requireNotTakenBack, requireReady, requireWhole } from './check-change.ts';
import { requireAble, steeringOf } from './check-steering.ts';
import { addressOf, leftInstances } from './left-instances.ts';
import { type Counted, createCountsStore } from './counts-store.ts';
import type { Assignment, TrafficChange, TrafficRouter, TrafficState } from './router.ts';

/** A router without a data plane, for tests and rehearsals; it keeps every promise of the port. */
export interface MemoryRouter extends TrafficRouter {
  /** The next `times` applications fail like this, before anything changes. */
  failNext(failure: Failure, times: number): void;
  record(request: Counted): void;
  /** Requests that are open at a version, or at an instance (`host:port`), as `drain` sees them. */
  setOpen(where: string, open: number): void;
  /** What `assignments` answers while the service has an affinity. */
  setAssignments(service: string, assignments: readonly Assignment[]): void;
}

export function createMemoryRouter({
  checkReady = false,
  nowMs = Date.now,
}: { readonly checkReady?: boolean; nowMs?(): number } = {}): MemoryRouter {
  const states = new Map<string, TrafficState>();
  const log: Effect[] = [];
  const open = new Map<string, number>();
  const counts = createCountsStore();
  const failures: Failure[] = [];
  const assignments = new Map<string, readonly Assignment[]>();

  function stateOf(service: string): TrafficState {
    return states.get(service) ?? { service, generation: 0, key: '', routes: [] };
  }

  return {
    can: CAPABILITIES.memory,
    async apply(change: TrafficChange, signal) {
      requireWhole(change);
      requireAble(change, CAPABILITIES.memory);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      const { service, key, generation, routes } = change;
      requireNotTakenBack(stateOf(service), change);
      if (checkReady) await requireReady(change, stateOf(service), signal);
      if (fence(stateOf(service), change) === 'new') {
        states.set(service, { service, key, generation, routes, ...steeringOf(change) });
        log.push({ service, key, generation, what: describeRoutes(change), atMs: Date.now() });
      }
      return stateOf(service);
    },
    read: async (service) => stateOf(service),
    async drain({ service, version, instances }) {
      if (instances === undefined) return { open: open.get(version) ?? 0 };
      const left = leftInstances(stateOf(service), version, instances);
      return { open: left.reduce((sum, one) => sum + (open.get(addressOf(one)) ?? 0), 0) };
    },
    preview: (_service, version) => ({
      url: 'http://127.0.0.1:9',
      headers: { 'x-belay-version': version },
    }),
    counts: async (query) => counts.read(query, nowMs()),
    countsByBlock: async (query) => counts.readBlocks(query, nowMs()),
    assignments: async (service) =>
      stateOf(service).affinity === undefined ? [] : (assignments.get(service) ?? []),
    effects: async (service) => log.filter((effect) => effect.service === service),
    failNext(failure, times) {
      for (let time = 0; time < times; time += 1) failures.push(failure);
    },
    record: (request) => counts.record(request),
    setOpen: (where, number) => open.set(where, number),
    setAssignments: (service, all) => assignments.set(service, all),
  };
}

/** `v1 0 %, v2 100 %`. */
export function describeRoutes(change: Pick<TrafficChange, 'routes'>): string {
  return change.routes.map((route) => `${route.version} ${route.weightPercent} %`).join(', ');
}
