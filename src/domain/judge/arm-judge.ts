import type { Histogram } from './histogram.ts';
import { beginCounts, lookCounts } from './sequential/counts.ts';
import type { CountsState } from './sequential/counts.ts';
import { beginLatency, lookLatency } from './sequential/latency.ts';
import type { LatencyState } from './sequential/latency.ts';
import type { Reading } from './sequential/reading.ts';
import { beginTrafficSplit, lookTrafficSplit } from './sequential/traffic-split.ts';
import type { TrafficSplitState } from './sequential/traffic-split.ts';
import type { Finding, Severity } from './verdict.ts';

/** What one version did within a block of time, as the load balancer counted it. */
export interface Tally {
  readonly requests: number;
  /** Bad answers and lost requests. */
  readonly errors: number;
  readonly latency: Histogram;
}

/** Both arms within the same block; blocks are equally long. */
export interface ArmBlock {
  readonly baseline: Tally;
  readonly candidate: Tally;
}

/** How one metric is compared, and the part of the error budget that this comparison may spend. */
export interface ArmMetric {
  readonly alpha: number;
  /** 0.1: a rise by less than a tenth is not worth a rollback. */
  readonly increaseMax: number;
  readonly severity: Severity;
  readonly weight: number;
}

export interface ArmJudgeOptions {
  /** The candidate's intended share of both arms' traffic, in (0, 1). */
  readonly split: number;
  /** `undefined`: limits alone judge it. */
  readonly errors: ArmMetric | undefined;
  readonly latency: ArmMetric | undefined;
  /** `undefined` where the split cannot be tested, as when matches send users on purpose. */
  readonly splitUnits: 'requests' | 'users' | undefined;
  /** Stable's blocks from before, oldest first. */
  readonly history: readonly Tally[];
}

/** Plain JSON: a judge that begins again goes on from it, and never with fresh alpha. */
export interface ArmJudgeState {
  readonly errors: CountsState | null;
  readonly latency: LatencyState | null;
  readonly split: TrafficSplitState | null;
}

/** What a look says beside the limits. */
export interface ArmLook {
  readonly findings: readonly Finding[];
  /** Why nothing can be said of the version: the traffic is not split as intended. */
  readonly mismatch: string | undefined;
}

/** A wrong split takes nothing back, so it is no part of the error budget; this is its own. */
const SPLIT_ALPHA = 0.001;

/** Begun anew at each weight, with the alpha that the release grants then. */
export function beginArmJudge(options: ArmJudgeOptions): ArmJudgeState {
  const { split, errors, latency, history } = options;
  return {
    errors:
      errors === undefined
        ? null
        : beginCounts({
            alpha: errors.alpha,
            split,
            worseAbove: 1 + errors.increaseMax,
            harmlessBelow: 1.5 * (1 + errors.increaseMax),
            history: history.map(({ errors: events, requests: units }) => ({ events, units })),
          }),
    latency:
      latency === undefined
        ? null
        : beginLatency({
            alpha: latency.alpha,
            worseAbove: 1 + latency.increaseMax,
            harmlessBelow: 1.1 * (1 + latency.increaseMax),
            history: history.map((tally) => tally.latency),
          }),
    split:
      options.splitUnits === undefined ? null : beginTrafficSplit({ split, alpha: SPLIT_ALPHA }),
  };
}

/**
 * Adds the blocks since the last look, oldest first, and the units of assignment that came in them.
 * A look without new blocks says what the last one said.
 */
export function lookAtArms(
  state: ArmJudgeState,
  blocks: readonly ArmBlock[],
  units: { readonly baseline: number; readonly candidate: number },
  options: Pick<ArmJudgeOptions, 'errors' | 'latency'>,
): { readonly state: ArmJudgeState; readonly look: ArmLook } {
  const errors =
    state.errors === null
      ? null
      : lookCounts(
          state.errors,
          blocks.map(({ baseline, candidate }) => ({
            baseline: baseline.errors,
            candidate: candidate.errors,
            units: { baseline: baseline.requests, candidate: candidate.requests },
          })),
        );
  const latency =
    state.latency === null
      ? null
      : lookLatency(
          state.latency,
          blocks.map(({ baseline, candidate }) => ({
            baseline: baseline.latency,
            candidate: candidate.latency,
          })),
        );
  const split = state.split === null ? null : lookTrafficSplit(state.split, units);
  const findings = [
    ...(errors === null || options.errors === undefined
      ? []
      : [findingOf('error_rate', 'errors', errors.reading, options.errors)]),
    ...(latency === null || options.latency === undefined
      ? []
      : [findingOf('latency_p95', 'latency', latency.reading, options.latency)]),
  ];
  return {
    state: {
      errors: errors?.state ?? null,
      latency: latency?.state ?? null,
      split: split?.state ?? null,
    },
    look: {
      findings,
      mismatch: split?.reading.decision === 'mismatch' ? split.reading.reason : undefined,
    },
  };
}

/**
 * `unknown` breaks nothing here and is no pass either: whether there is enough data is said by the
 * finding of the limit, which this one stands beside.
 */
function findingOf(
  signal: Finding['signal'],
  name: string,
  reading: Reading,
  { severity, weight }: ArmMetric,
): Finding {
  const { decision, effect, pValue, alpha, samples } = reading;
  return {
    signal,
    kind: decision === 'worse' ? 'violation' : 'ok',
    severity,
    weight,
    method: 'sequential',
    ...(effect === null ? {} : { effect }),
    pValue,
    alpha,
    samples: samples.candidate,
    sentence: `${name}, compared: ${WORDS[decision]}, ${reading.reason}`.slice(0, 300),
  };
}

const WORDS = {
  worse: 'worse than stable',
  not_worse: 'not worse than stable',
  unknown: 'no difference shown',
} as const satisfies Record<Reading['decision'], string>;
