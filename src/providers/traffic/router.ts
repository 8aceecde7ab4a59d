import type { Effect } from '../../domain/effect.ts';
import type { Histogram } from '../../domain/judge/histogram.ts';
import type { Instance } from '../../domain/release/instance.ts';

/** Where one version stands in the traffic of a service. */
export interface Route {
  readonly version: string;
  /** Whole percents; the routes of a service add up to 100. */
  readonly weightPercent: number;
  readonly instances: readonly Instance[];
}

/**
 * Each user stays with one version: `hash(salt, user)` is a number from 0 to 99. The routes after
 * the first take these numbers from 0 upwards, in their order and as many as their weight; the
 * first route has the rest. So the second route only gains users while its weight rises.
 */
export interface Affinity {
  /** Names the user; one who comes without it gets it, with a value of its own. */
  readonly cookie: string;
  readonly maxAgeS: number;
  /** Stands still for as long as users are to stay where they are. */
  readonly salt: string;
}

/**
 * Requests that go to one version whatever the weights; the first match of a list wins. One whose
 * version has no instance in the routes does not match. Of a header that comes several times the
 * last counts, of a cookie the first.
 */
export interface Match {
  readonly version: string;
  readonly in: 'header' | 'cookie';
  readonly name: string;
  /** `present`: whatever its value. */
  readonly how: 'exact' | 'prefix' | 'present';
  readonly value: string;
}

/**
 * Copies of live GET and HEAD requests without a body, whose answers are thrown away. None where
 * its version has no instance in the routes, or too many copies are open.
 */
export interface Mirror {
  readonly version: string;
  readonly percent: number;
}

/** How requests are told apart beside their weight. All absent: by weight alone. */
export interface Steering {
  readonly affinity?: Affinity;
  readonly matches?: readonly Match[];
  readonly mirror?: Mirror;
}

/** A desired end: exactly these routes and this steering, nothing else. */
export interface TrafficChange extends Steering {
  readonly service: string;
  readonly key: string;
  readonly generation: number;
  readonly routes: readonly Route[];
  /**
   * Only where the device still stands at this generation, or already at the change's own; else
   * `TrafficTakenBack`: somebody has moved the traffic who was allowed to without being asked.
   * Absent: whatever came before, as a rollback wants it.
   */
  readonly after?: number;
}

/** What the data plane serves now. Never written: generation 0, no key, no routes. */
export interface TrafficState extends Steering {
  readonly service: string;
  readonly generation: number;
  readonly key: string;
  readonly routes: readonly Route[];
}

export const AUDIENCES = ['live', 'preview', 'mirror'] as const;
export type Audience = (typeof AUDIENCES)[number];

export interface CountsQuery {
  readonly service: string;
  readonly version: string;
  /**
   * `preview`: requests that asked for the version by header. `mirror`: copies of live requests,
   * which no user waits for. `live`: all the others.
   */
  readonly audience: Audience;
  /** Inclusive, and exclusive; the router keeps whole seconds and answers for those that overlap. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Blocks of whole seconds; a window of more than `BLOCKS_MAX` of them is refused. */
export interface BlocksQuery extends CountsQuery {
  readonly blockMs: number;
}

export const BLOCKS_MAX = 1000;

/** More users of a version are not counted, so that nobody from outside can fill the memory. */
export const USERS_COUNTED_MAX = 1_000_000;

/** What the load balancer itself counted. */
export interface TrafficCounts {
  readonly requests: number;
  /** Bad answers of the version: status 500 and above. */
  readonly faulty: number;
  /** Lost, reset or answered by the balancer itself. Not part of `faulty`, part of `requests`. */
  readonly failed: number;
  /** Requests that their users gave up before the whole answer: neither `faulty` nor `failed`. */
  readonly givenUp: number;
  /**
   * Milliseconds from the request's first byte to the answer's last; not of `failed` ones. Of a
   * request that its user gave up, the time until then: it would have taken at least as long.
   */
  readonly latency: Histogram;
  /** The newest second for which the router has counts, so that silence and lag can be told apart. */
  readonly countedUntilMs: number;
}

/** What a router can do beside weights; the same table as `domain/release/capabilities.ts`. */
export interface Capabilities {
  readonly mirror: boolean;
  readonly affinity: boolean;
  readonly match: boolean;
  /** How many versions may have a route at once. */
  readonly routesMax: number;
}

/**
 * How many users an affinity has assigned to a version since the present weights are in force. Exact
 * up to a million, and a million for more. One whom a match sends, or who asks for a version, counts for none.
 */
export interface Assignment {
  readonly version: string;
  readonly users: number;
}

/** How to reach one version on purpose, whatever its weight. */
export interface PreviewAddress {
  /** Without a trailing slash: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Moves live traffic between the versions of a service.
 *
 * - `apply` is idempotent and fenced: check and write are one atomic step at the device. A lower
 *   generation than the device's is refused with `StaleGeneration`, the same generation with other
 *   routes with `GenerationConflict`; the same generation with the same routes is already done.
 *   It returns only when the *data plane* (the listening sockets that users reach, not only an
 *   admin interface) serves the new state, else it throws `TrafficNotConfirmed`.
 * - A version that gets more traffic than it has needs at least one instance that accepts
 *   connections, else `TargetNotReady` and nothing changes. Routes that do not add up to 100 are `TrafficRefused`.
 * - A switch can be undone by what was read before it: `undoOf` in switch-handle.ts.
 * - The state survives a restart and a reload of the load balancer, generation included.
 * - A switch loses no request: open requests finish where they began.
 * - `drain` returns when no request is open any more, or after `deadlineMs` with the number still
 *   open: at a version of weight 0, or, with `instances`, at those instances of a version that its
 *   route names no more.
 * - What an affinity or a match decides holds for requests that ask for no version on purpose.
 * - `effects` lists each applied change once a key, in order: at least the last 1000 of a service.
 *   The device keeps it.
 * - Failures: `TrafficUnreachable` when a retry may help.
 */
export interface TrafficRouter {
  readonly can: Capabilities;
  apply(change: TrafficChange, signal: AbortSignal): Promise<TrafficState>;
  read(service: string, signal: AbortSignal): Promise<TrafficState>;
  drain(
    request: {
      readonly service: string;
      readonly version: string;
      readonly instances?: readonly Instance[];
      readonly deadlineMs: number;
    },
    signal: AbortSignal,
  ): Promise<{ readonly open: number }>;
  preview(service: string, version: string): PreviewAddress;
  counts(query: CountsQuery, signal: AbortSignal): Promise<TrafficCounts>;
  /** The same for each block of the window, oldest first; what is left over at its end is none. */
  countsByBlock(query: BlocksQuery, signal: AbortSignal): Promise<readonly TrafficCounts[]>;
  /**
   * Distinct users by version under the present affinity; none without one. Of a version at most
   * `USERS_COUNTED_MAX` are counted.
   */
  assignments(service: string, signal: AbortSignal): Promise<readonly Assignment[]>;
  effects(service: string, signal: AbortSignal): Promise<readonly Effect[]>;
}
