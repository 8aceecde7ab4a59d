import { ascending, rankSum } from './rank-sum.ts';

/**
 * The mean of the experiment by the mean of the control. NaN where either mean is zero or an arm is
 * empty: then there is no ratio, and Kayenta does not ask for one.
 */
export function meanRatio(experiment: readonly number[], control: readonly number[]): number {
  const [own, other] = [mean(experiment), mean(control)];
  return own === 0 || other === 0 ? NaN : own / other;
}

/**
 * The common-language effect size (McGraw and Wong 1992; Vargha and Delaney 2000): the share of the
 * pairs in which the experiment is higher, ties half; 0.5 is no difference. An empty arm: NaN.
 */
export function commonLanguageEffect(
  experiment: readonly number[],
  control: readonly number[],
): number {
  const pairs = experiment.length * control.length;
  const { excess } = rankSum(ascending(experiment), ascending(control), 0);
  return (excess + pairs / 2) / pairs;
}

/**
 * In two passes, the second of which takes back what the first lost to rounding. No values: NaN.
 */
export function mean(values: readonly number[] | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const first = sum / values.length;
  let lost = 0;
  for (const value of values) lost += value - first;
  return first + lost / values.length;
}
