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

/** A desired end: exactly these routes, nothing else. */
export interface TrafficChange {
  readonly service: string;
  readonly key: string;
  readonly generation: number;
  readonly routes: readonly Route[];
}

/** What the data plane serves now. Never written: generation 0, no key, no routes. */
export interface TrafficState {
  readonly service: string;
  readonly generation: number;
  readonly key: string;
  readonly routes: readonly Route[];
}

export interface CountsQuery {
  readonly service: string;
  readonly version: string;
  /** `preview`: requests that asked for the version by header. `live`: all the others. */
  readonly audience: 'live' | 'preview';
  /** Inclusive, and exclusive; the router keeps whole seconds and answers for those that overlap. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the load balancer itself counted. */
export interface TrafficCounts {
  readonly requests: number;
  /** Bad answers of the version: status 500 and above. */
  readonly faulty: number;
  /** Lost, reset or answered by the balancer itself. Not part of `faulty`, part of `requests`. */
  readonly failed: number;
  /** Milliseconds from the request's first byte to the answer's last; not of `failed` ones. */
  readonly latency: Histogram;
  /** The newest second for which the router has counts, so that silence and lag can be told apart. */
  readonly countedUntilMs: number;
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
 * - The state survives a restart and a reload of the load balancer, generation included.
 * - A switch loses no request: open requests finish where they began.
 * - `drain` returns when no request is open at a version of weight 0, or after `deadlineMs` with
 *   the number still open.
 * - `effects` lists each applied change once a key, in order: at least the last 1000 of a service.
 *   The device keeps it.
 * - Failures: `TrafficUnreachable` when a retry may help.
 */
export interface TrafficRouter {
  readonly can: { readonly mirror: boolean; readonly affinity: boolean };
  apply(change: TrafficChange, signal: AbortSignal): Promise<TrafficState>;
  read(service: string, signal: AbortSignal): Promise<TrafficState>;
  drain(
    request: { readonly service: string; readonly version: string; readonly deadlineMs: number },
    signal: AbortSignal,
  ): Promise<{ readonly open: number }>;
  preview(service: string, version: string): PreviewAddress;
  counts(query: CountsQuery, signal: AbortSignal): Promise<TrafficCounts>;
  effects(service: string, signal: AbortSignal): Promise<readonly Effect[]>;
}
