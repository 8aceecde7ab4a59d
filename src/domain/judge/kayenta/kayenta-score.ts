import type { ClassifiedMetric } from './classify-metric.ts';

export interface ScoreRule {
  /** Weight by group in percent; groups that are not named share what is left of 100. */
  readonly groupWeights?: Readonly<Record<string, number>>;
  /** Scores from 0 to 100. */
  readonly thresholds: { readonly pass: number; readonly marginal: number };
}

export interface GroupScore {
  readonly name: string;
  /** 0–100: the share of its metrics that passed. */
  readonly score: number;
  /** Nothing in the group could be judged. */
  readonly isWithoutData: boolean;
}

export interface KayentaScore {
  readonly score: number;
  readonly label: 'Pass' | 'Marginal' | 'Fail';
  readonly groups: readonly GroupScore[];
  readonly reason: string;
}

const NO_DATA_PERCENT_MAX = 50;

/**
 * The score of all metrics, exactly as Kayenta's `WeightedSumScorer` and `ThresholdScoreClassifier`
 * have it (Apache-2.0), with its holes: see `judgeKayenta` for the one to act upon. A critical
 * metric that did not pass, or half of the metrics without data, makes it 0; `Error` and `Nodata`
 * count nowhere, a group of nothing else counts as 100; weights above 100 in sum make those of the
 * groups that are not named negative. Rounded to two places, half away from zero.
 */
export function scoreMetrics(
  metrics: readonly ClassifiedMetric[],
  { groupWeights = {}, thresholds }: ScoreRule,
): KayentaScore {
  const groups = scoreGroups(metrics);
  const of = (score: number, reason: string): KayentaScore => {
    const { pass, marginal } = thresholds;
    const label = score >= pass ? 'Pass' : score >= marginal ? 'Marginal' : 'Fail';
    return { score, label, groups, reason };
  };
  const failed = metrics.find(({ critical, label }) => critical && label !== 'Pass');
  if (failed !== undefined) return of(0, failed.reason);
  const empty = metrics.filter(({ label }) => label === 'Nodata').length;
  if ((empty / metrics.length) * 100 >= NO_DATA_PERCENT_MAX) {
    return of(0, `${empty} of ${metrics.length} metrics have no data`);
  }
  const weights = new Map(Object.entries(groupWeights));
  const unnamed = groups.filter(({ name }) => !weights.has(name)).length;
  const share = (100 - [...weights.values()].reduce((sum, weight) => sum + weight, 0)) / unnamed;
  const score = groups.reduce((sum, group) => {
    const weight = weights.get(group.name) ?? share;
    return sum + (group.isWithoutData ? 100 : group.score) * (weight / 100);
  }, 0);
  return of(twoPlaces(score), `the score is ${twoPlaces(score)}`);
}

function scoreGroups(metrics: readonly ClassifiedMetric[]): readonly GroupScore[] {
  const names = new Set(metrics.flatMap(({ groups }) => groups));
  return [...names].map((name) => {
    const labels = metrics.filter(({ groups }) => groups.includes(name)).map(({ label }) => label);
    const judged = labels.filter((label) => label !== 'Nodata' && label !== 'Error').length;
    const passed = labels.filter((label) => label === 'Pass').length;
    const isWithoutData = judged === 0;
    return { name, score: isWithoutData ? 0 : (passed / judged) * 100, isWithoutData };
  });
}

/** By the decimal digits that a person sees, not by the binary value. */
function twoPlaces(value: number): number {
  const shifted = Math.round(Number(`${Math.abs(value)}e2`));
  // What is written with an exponent is too small or too large to have two places.
  if (Number.isNaN(shifted)) return Math.abs(value) < 1 ? 0 : value;
  return Math.sign(value) * Number(`${shifted}e-2`);
}
