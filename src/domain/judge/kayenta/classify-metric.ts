import { commonLanguageEffect, meanRatio } from './effect-size.ts';
import { gaussians } from './gaussians.ts';
import type { EffectSizeRule, KayentaLabel, KayentaMetric } from './kayenta-metric.ts';
import { mannWhitneyInterval, type ShiftInterval } from './mann-whitney-interval.ts';
import { prepareSeries } from './prepare-series.ts';
import { ascending } from './rank-sum.ts';

/** Kayenta's judge has both figures built in; its tests use others. */
export interface ClassifierRule {
  /** A share of the estimated shift: the interval must lie beyond it. Default 0.25. */
  readonly tolerance?: number;
  /** Of the interval, 0–1. Default 0.98. */
  readonly confidenceLevel?: number;
  /** Of the noise that two constant arms are given. Default 1. */
  readonly seed?: number;
}

export interface ClassifiedMetric {
  readonly name: string;
  readonly groups: readonly string[];
  readonly label: KayentaLabel;
  /** The metric fails the whole judgement. */
  readonly critical: boolean;
  /** Points judged, after missing ones and outliers are gone. */
  readonly samples: { readonly experiment: number; readonly control: number };
  readonly reason: string;
  /** In the units of the metric, where a test was made. */
  readonly shift?: ShiftInterval;
  /** In the unit of the effect's measure; absent where a mean ratio has a zero mean. */
  readonly effect?: number;
}

/** Of two constant arms: the deviation of the noise, as a share of the value. */
const NOISE_SHARE = 1e-5;

/**
 * Whether the experiment is higher or lower than the control, exactly as Kayenta's
 * NetflixACAJudge-v1.0 says it (`MannWhitneyClassifier`, Apache-2.0), with its holes: see
 * `judgeKayenta` for the one to act upon. In this order: an arm without points is `Nodata`,
 * `NodataFailMetric` or, where missing points are zero, `Pass`; equal arms are `Pass`; else the
 * interval of the shift must lie beyond a share of the estimate, and the effect beyond its limit.
 *
 * `Error`, never critical, where there is no interval; a value that is not finite is one too. The
 * noise of constant arms comes from a seed and not from Kayenta's generator; a constant of zero
 * stays without noise.
 */
export function classifyMetric(
  metric: KayentaMetric,
  { tolerance = 0.25, confidenceLevel = 0.98, seed = 1 }: ClassifierRule = {},
): ClassifiedMetric {
  const { name, groups, direction = 'either' } = metric;
  const experiment = prepareSeries(metric.experiment, metric);
  const control = prepareSeries(metric.control, metric);
  const samples = { experiment: experiment.length, control: control.length };
  const as = (
    label: KayentaLabel,
    reason: string,
    more: Partial<ClassifiedMetric> = {},
  ): ClassifiedMetric => ({ name, groups, label, critical: false, samples, reason, ...more });

  if (experiment.length === 0 || control.length === 0) return withoutPoints(metric, as);
  if (areEqual(experiment, control)) return as('Pass', `the arms of ${name} are identical`);
  if (new Set([...experiment, ...control]).size === 1) {
    return as('Pass', `${name} has one value in both arms`);
  }
  const [own, other] = withNoise(experiment, control, seed);
  const shift = mannWhitneyInterval(own, other, confidenceLevel);
  if (shift === undefined) return as('Error', `${name} cannot be tested: there is no interval`);
  const limits = effectLimits(metric.effectSize ?? {});
  const effect = limits.effect(own, other);
  const found = { shift, ...(Number.isNaN(effect) ? {} : { effect }) };
  const bound = tolerance * Math.abs(shift.estimate);
  const isHigh =
    direction !== 'decrease' && shift.low > bound && !(effect < limits.allowedIncrease);
  const isLow =
    direction !== 'increase' && shift.high < -bound && !(effect > limits.allowedDecrease);
  if (isHigh) {
    const critical = metric.critical === true && !(effect < limits.criticalIncrease);
    return as('High', `${name} is higher than in the control`, { ...found, critical });
  }
  if (isLow) {
    const critical = metric.critical === true && !(effect > limits.criticalDecrease);
    return as('Low', `${name} is lower than in the control`, { ...found, critical });
  }
  return as('Pass', `${name} does not differ from the control`, found);
}

function withoutPoints(
  { name, nanStrategy = 'remove', critical = false, mustHaveData = false }: KayentaMetric,
  as: (label: KayentaLabel, reason: string, more?: Partial<ClassifiedMetric>) => ClassifiedMetric,
): ClassifiedMetric {
  const reason = `missing data for ${name}`;
  if (nanStrategy === 'replace') return as('Pass', reason);
  if (mustHaveData && !critical) return as('NodataFailMetric', reason);
  return as('Nodata', reason, { critical });
}

function areEqual(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return false;
  const sorted = ascending(other);
  return ascending(one).every((value, at) => value === sorted[at]);
}

/** Two constant arms would tie at every shift; a little noise makes them samples. */
function withNoise(
  experiment: readonly number[],
  control: readonly number[],
  seed: number,
): readonly [readonly number[], readonly number[]] {
  const areConstant = new Set(experiment).size === 1 && new Set(control).size === 1;
  if (!areConstant) return [experiment, control];
  const next = gaussians(seed);
  const noisy = (value: number): number => value + next() * value * NOISE_SHARE;
  return [experiment.map(noisy), control.map(noisy)];
}

function effectLimits({ measure = 'meanRatio', ...rule }: EffectSizeRule) {
  const even = measure === 'meanRatio' ? 1 : 0.5;
  return {
    effect: measure === 'meanRatio' ? meanRatio : commonLanguageEffect,
    allowedIncrease: rule.allowedIncrease ?? even,
    allowedDecrease: rule.allowedDecrease ?? even,
    criticalIncrease: rule.criticalIncrease ?? even,
    criticalDecrease: rule.criticalDecrease ?? even,
  };
}
