import type { ArmJudgeOptions } from '../domain/judge/arm-judge.ts';
import type { Reading } from '../domain/judge/measurement.ts';
import type { AbState } from '../domain/judge/sequential/ab.ts';
import type { NoDataPolicy } from '../domain/judge/threshold.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import type { Instance } from '../domain/release/instance.ts';
import type { Notification } from '../domain/release/notification.ts';
import type { RunReport } from '../domain/release/progress.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import type { NotificationSpec } from '../domain/release/release.schema.ts';
import type { WatchResult } from '../domain/release/decide.ts';
import type { GateSpec } from '../domain/release/gate.schema.ts';
import type { HookCall } from '../domain/release/hook.schema.ts';
import type { ArmFigures } from '../domain/judge/two-proportions.ts';
import type { PrometheusServer } from '../providers/metrics/prometheus.ts';
import type { Steering } from '../providers/traffic/router.ts';

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

export interface CountRequest extends Pick<ReleaseSpec, 'service' | 'environment'> {
  readonly version: string;
}

export interface ProveReadyRequest extends Pick<
  ReleaseSpec,
  'service' | 'environment' | 'health' | 'warmup'
> {
  readonly target: Target;
  /** What the target will be judged by. Absent: it has been judged, or never will be. */
  readonly judgedBy?: Pick<ReleaseSpec, 'traffic' | 'metrics'>;
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

export type GenerationRequest = Pick<ReleaseSpec, 'service' | 'traffic'>;

export type Routes = readonly (Target & { readonly weightPercent: number })[];

export interface SwitchRequest extends Pick<ReleaseSpec, 'service' | 'traffic'>, EffectId {
  readonly routes: Routes;
  /** How users are told apart beside the weights. */
  readonly steering?: Steering;
  /** Refused with `TrafficTakenBack` unless this generation stands at the device. */
  readonly after?: number;
  /** Refused with `TargetNotReady` unless so many instances of each version accept connections. */
  readonly needs?: readonly { readonly version: string; readonly instances: number }[];
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
  /**
   * Whose live figures of the same window the target is compared with; then `baseline`, which
   * looks at the time before, is not asked.
   */
  readonly beside?: Target | null;
  /** Where the target has no users but copies of their requests: by these it is judged. */
  readonly audience?: 'mirror';
  /** Somebody else runs the target, nobody here knows where: its figures alone are judged. */
  readonly instances?: 'unknown';
  /** `guard`: ends early only for what is known to be bad; that there is no data is no end. */
  readonly purpose?: 'judge' | 'guard';
  /** What a signal without data means once the budget is over. */
  readonly noData?: NoDataPolicy;
  /** How it is compared with `beside`, block by block; needs one. Absent: by limits alone. */
  readonly compare?: Comparison;
  /** What the release has written last: it ends with `TrafficTakenBack` where a newer one stands. */
  readonly standsAt?: number;
  /** Carried out by the watch itself where it sees a breach and cannot reach Temporal. */
  readonly takeBack?: EffectId & { readonly routes: Routes; readonly after: number };
}

/** A comparison of candidate and stable while both have users, with what it may spend. */
export interface Comparison extends Omit<ArmJudgeOptions, 'history'> {
  /** Where the file's own metrics are asked for, by their names. */
  readonly own?: {
    readonly server: PrometheusServer;
    readonly queries: Readonly<Record<string, string>>;
  };
  /** For a person: what of the error budget has been spent. */
  readonly budget: string;
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
  /** Until then nothing is done: the version stays ready as the way back. */
  readonly notBeforeMs?: number;
  readonly unregister: EffectId;
  readonly remove: EffectId;
}

/** What a hook or a gate is told, by whatever way it is called; plain JSON. */
export interface CallInput {
  readonly service: string;
  readonly version: string;
  /** The version that serves when this one goes wrong; null for a first release. */
  readonly stable: string | null;
  readonly workflowId: string;
  /** The name of the hook or gate. */
  readonly name: string;
  /** `before traffic`, `on expand`, `undo`, `gate`. */
  readonly when: string;
  /** The same for every attempt at the same call: what has been done is not done again. */
  readonly key: string;
}

export interface CallHookRequest {
  readonly call: Extract<HookCall, { kind: 'webhook' }>;
  readonly input: CallInput;
}

export interface AskGateRequest {
  readonly gate: Exclude<GateSpec, { kind: 'person' }>;
  readonly input: CallInput;
  /** When its budget is over, as a time: a restart of the worker does not extend it. */
  readonly untilMs: number;
}

export type GateAnswer =
  | { readonly kind: 'go'; readonly text: string }
  | { readonly kind: 'stop'; readonly reason: string };

export interface RollBatchRequest
  extends
    Pick<
      ReleaseSpec,
      'service' | 'traffic' | 'metrics' | 'thresholds' | 'watch' | 'health' | 'warmup'
    >,
    BatchSides {
  readonly drainDeadlineMs: number;
  /** How long the whole system is watched after the batch; 0, not at all. */
  readonly stabilizeMs: number;
  readonly limits: Limits;
  readonly noData?: NoDataPolicy;
  /** How the new version is compared with the old one while both serve. */
  readonly compare?: Omit<Comparison, 'split' | 'splitUnits'>;
  /** Refused with `TrafficTakenBack` where somebody has moved traffic since this generation. */
  readonly after?: number;
  /** The first of the generations that this batch may use, and how many there are. */
  readonly key: string;
  readonly generation: number;
}

/** Instances go from one version to the other: `coming` grows from `from` to `to` of `desired`. */
export interface BatchSides {
  readonly coming: Target & { readonly environment: ReleaseSpec['environment'] };
  readonly going: Target & { readonly environment: ReleaseSpec['environment'] };
  readonly from: number;
  readonly to: number;
  readonly desired: number;
  /** New instances start before old ones end; else the old ones end first. */
  readonly surge: boolean;
}

/** Generations that one batch may use: forwards and back again. */
export const GENERATIONS_A_BATCH = 10;

export type RollBatchResult =
  | {
      readonly kind: 'done';
      readonly coming: readonly Instance[];
      readonly going: readonly Instance[];
      readonly watch: WatchResult | null;
      readonly report: string;
      /** What the load balancer stands at; the next batch comes after it. */
      readonly standsAt: number;
    }
  /** The batch was bad and has been undone: both sides are as they were before it. */
  | {
      readonly kind: 'undone';
      readonly coming: readonly Instance[];
      readonly going: readonly Instance[];
      readonly reason: string;
    };

export type FreezeRequest = Pick<ReleaseSpec, 'freezeWindows'>;

/**
 * The load balancer keeps its counts for 15 minutes and a test runs for days: what has been counted
 * is summed up here, interval by interval. Plain JSON.
 */
export interface ArmCounts {
  /** Both arms have been counted up to here: a whole second that is over. Null: nothing yet. */
  readonly untilMs: number | null;
  /** What was forgotten before anybody counted it, of both arms alike. */
  readonly lostMs: number;
  readonly control: Sum;
  readonly candidate: Sum;
  /** Where the goal is a mean: what its test has seen, of the blocks up to `untilMs`. */
  readonly means?: AbState;
}

interface Sum {
  readonly trials: number;
  readonly successes: number;
}

export interface CompareArmsRequest extends Pick<ReleaseSpec, 'service' | 'traffic' | 'watch'> {
  readonly abTest: NonNullable<ReleaseSpec['abTest']>;
  readonly control: Target;
  readonly candidate: Target;
  readonly fromMs: number;
  readonly untilMs: number;
  /** What an earlier comparison had counted when it was stopped. */
  readonly counts?: ArmCounts;
}

export interface CompareArmsResult {
  readonly winner: 'control' | 'candidate' | 'undecided';
  /** Called off, as for a pause: nothing has been decided, and the next one goes on from these. */
  readonly stopped?: ArmCounts;
  readonly arms: readonly ArmFigures[];
  /** For a person, with figures. */
  readonly summary: string;
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
