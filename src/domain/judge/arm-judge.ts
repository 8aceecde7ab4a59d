import { type When, comparedArms, isForAPerson } from './arm-findings.ts';
import {
  type ArmBlock,
  type ArmMetric,
  type ErrorsTest,
  type LatencyTest,
  type OwnMetric,
  type OwnTest,
  type Tally,
  beginErrors,
  beginLatencies,
  beginOwn,
  lookAtErrors,
  lookAtLatencies,
  lookAtOwn,
} from './arm-metric.ts';
import {
  type KayentaRule,
  type KayentaSaid,
  type KayentaState,
  beginKayenta,
  lookAtKayenta,
} from './kayenta-arms.ts';
import { beginTrafficSplit, lookTrafficSplit } from './sequential/traffic-split.ts';
import type { TrafficSplitState } from './sequential/traffic-split.ts';
import type { NoDataPolicy } from './threshold.ts';
import type { Finding } from './verdict.ts';

export interface ArmJudgeOptions {
  /** The candidate's intended share of both arms' traffic, in (0, 1). */
  readonly split: number;
  /** `undefined`: limits alone judge it. */
  readonly errors: ArmMetric | undefined;
  readonly latency: ArmMetric | undefined;
  readonly metrics: readonly OwnMetric[];
  /** One score of all metrics, instead of the comparisons of each. */
  readonly kayenta?: KayentaRule;
  /** What it means that nothing has been counted of the errors or latencies; `fail` by default. */
  readonly noData?: NoDataPolicy;
  /** `undefined` where the split cannot be tested, as when matches send users on purpose. */
  readonly splitUnits: 'requests' | 'users' | undefined;
  /** Stable's blocks from before, oldest first. */
  readonly history: readonly Tally[];
}

/** Plain JSON: a judge that begins again goes on from it, and never with fresh alpha. */
export interface ArmJudgeState {
  readonly errors: ErrorsTest | null;
  readonly latency: LatencyTest | null;
  readonly metrics: Readonly<Record<string, OwnTest>>;
  readonly split: TrafficSplitState | null;
  readonly kayenta?: KayentaState;
}

/** What a look says beside the limits. */
export interface ArmLook {
  readonly findings: readonly Finding[];
  /** What is missing is for a person to look at, by the file. */
  readonly holds: boolean;
  /** Why nothing can be said of the version: the traffic is not split as intended. */
  readonly mismatch: string | undefined;
  /** What Kayenta's judge says of all of them; before a step is over, nothing. */
  readonly kayenta?: KayentaSaid;
}

/** A wrong split takes nothing back, so it is no part of the error budget; this is its own. */
const SPLIT_ALPHA = 0.001;

/** Begun anew at each weight, with the alpha that the release grants then. */
export function beginArmJudge(options: ArmJudgeOptions): ArmJudgeState {
  const { split, errors, latency, metrics, history, splitUnits, kayenta } = options;
  return {
    ...(kayenta === undefined ? {} : { kayenta: beginKayenta() }),
    errors: errors === undefined ? null : beginErrors(errors, split, history),
    latency: latency === undefined ? null : beginLatencies(latency, history),
    metrics: Object.fromEntries(metrics.map((metric) => [metric.name, beginOwn(metric)])),
    split: splitUnits === undefined ? null : beginTrafficSplit({ split, alpha: SPLIT_ALPHA }),
  };
}

/**
 * Adds the blocks since the last look, oldest first, and the units of assignment that came in them.
 * A look without new blocks says what the last one said. Kayenta's judge waits for the `end`.
 *
 * Fail-closed: at the `end` a comparison whose counts are behind is `no_data`, and a metric of the
 * file's own that its test could not look at, or as soon as its values stop.
 */
export function lookAtArms(
  state: ArmJudgeState,
  blocks: readonly ArmBlock[],
  units: { readonly baseline: number; readonly candidate: number },
  options: Pick<ArmJudgeOptions, 'errors' | 'latency' | 'metrics' | 'kayenta' | 'noData'>,
  when: When,
): { readonly state: ArmJudgeState; readonly look: ArmLook } {
  const errors = state.errors === null ? null : lookAtErrors(state.errors, blocks);
  const latency = state.latency === null ? null : lookAtLatencies(state.latency, blocks);
  const split = state.split === null ? null : lookTrafficSplit(state.split, units);
  const kayenta =
    options.kayenta === undefined
      ? undefined
      : lookAtKayenta(state.kayenta ?? beginKayenta(), blocks, options.kayenta, when.moment);
  const scored = kayenta?.said ?? undefined;
  const own = options.metrics.flatMap((metric) => {
    const test = state.metrics[metric.name];
    return test === undefined ? [] : [{ metric, ...lookAtOwn(test, blocks, metric.name) }];
  });
  const compared = comparedArms({ errors, latency, own }, options, when);
  const findings = [...compared.map(({ finding }) => finding), ...(scored?.findings ?? [])];
  return {
    state: {
      errors: errors?.test ?? null,
      latency: latency?.test ?? null,
      metrics: Object.fromEntries(own.map(({ metric, test }) => [metric.name, test])),
      split: split?.state ?? null,
      ...(kayenta === undefined ? {} : { kayenta }),
    },
    look: {
      findings,
      holds: isForAPerson(compared),
      mismatch: split?.reading.decision === 'mismatch' ? split.reading.reason : undefined,
      ...(scored === undefined ? {} : { kayenta: scored }),
    },
  };
}
