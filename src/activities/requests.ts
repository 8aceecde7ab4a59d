import type { Reading } from '../domain/judge/measurement.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import type { Instance } from '../domain/release/instance.ts';
import type { Notification } from '../domain/release/notification.ts';
import type { RunReport } from '../domain/release/progress.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import type { NotificationSpec } from '../domain/release/release.schema.ts';

/** What workflows hand to activities and get back: plain JSON, bounded. */

/** A version as an activity needs it: what to run, and where it runs. */
export interface Target {
  readonly version: string;
  readonly instances: readonly Instance[];
}

/** The name and the generation of one effect. */
export interface EffectId {
  readonly key: string;
  readonly generation: number;
}

type Blocks = Pick<ReleaseSpec, 'service' | 'environment' | 'traffic'>;

export interface DeployVersionRequest extends Blocks {
  readonly version: string;
  readonly deploy: EffectId;
  /** Makes the version known to the load balancer with weight 0, beside the one that serves. */
  readonly register: (EffectId & { readonly serving: Target }) | null;
}

export interface ProveReadyRequest extends Pick<
  ReleaseSpec,
  'service' | 'environment' | 'health' | 'warmup'
> {
  readonly target: Target;
}

export interface ValidateRequest extends Pick<
  ReleaseSpec,
  'service' | 'traffic' | 'environment' | 'metrics' | 'thresholds' | 'validation'
> {
  readonly candidate: Target;
  /** Absent for the first release: then the instances are asked directly, without a baseline. */
  readonly stable: Target | null;
}

export interface ValidateResult {
  readonly verdict: Verdict;
  /** Stable's own figures under the same load; what a rollback is later verified against. */
  readonly baseline: Reading | null;
}

export interface SwitchRequest extends Pick<ReleaseSpec, 'service' | 'traffic'>, EffectId {
  readonly routes: readonly (Target & { readonly weightPercent: number })[];
}

/** How much worse than the baseline is too much. */
type Limits = Pick<ReleaseSpec['validation'], 'latencyIncreaseMax' | 'errorRateIncreaseMax'>;

export interface WatchRequest extends Pick<
  ReleaseSpec,
  'service' | 'traffic' | 'environment' | 'metrics' | 'thresholds' | 'watch' | 'health'
> {
  readonly target: Target;
  readonly weightPercent: number;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Who served before: its live figures judge the signals that have no threshold. */
  readonly baseline: Target | null;
  readonly limits: Limits;
}

export interface VerifyRequest extends Pick<
  ReleaseSpec,
  'service' | 'traffic' | 'environment' | 'metrics' | 'thresholds' | 'watch' | 'health'
> {
  readonly target: Target;
  readonly fromMs: number;
  readonly limits: Limits;
  /** Stable's figures from before the release, where the release's thresholds say nothing. */
  readonly before: Reading | null;
}

export interface RetireRequest extends Blocks {
  readonly target: Target;
  readonly drainDeadlineMs: number;
  readonly unregister: EffectId;
  readonly remove: EffectId;
}

export interface NotifyRequest {
  readonly channel: NotificationSpec;
  readonly notification: Notification;
}

/** Where a run stands, as Temporal itself knows it. */
export type RunState =
  | { readonly kind: 'running' }
  | { readonly kind: 'completed'; readonly report: RunReport }
  /** Ended without a report: `terminated`, `failed`, `timed_out`, or never there (`not_found`). */
  | { readonly kind: 'lost'; readonly how: string };
