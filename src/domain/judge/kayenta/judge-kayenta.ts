import { type ClassifiedMetric, type ClassifierRule, classifyMetric } from './classify-metric.ts';
import type { KayentaMetric, Series } from './kayenta-metric.ts';
import {
  type GroupScore,
  type KayentaScore,
  type ScoreRule,
  scoreMetrics,
} from './kayenta-score.ts';
import { smallestPValue } from './rank-sum.ts';

/** Plain JSON. */
export interface KayentaInput {
  readonly metrics: readonly KayentaMetric[];
  readonly score: ScoreRule;
  readonly classifier?: ClassifierRule;
}

export interface KayentaVerdict {
  readonly kind: 'pass' | 'warn' | 'fail' | 'no_data' | 'inconclusive';
  /** 0–100; what Kayenta would score once the holes are closed. */
  readonly score: number;
  readonly groups: readonly GroupScore[];
  /** Muted metrics are left out. `reason` is a sentence with figures. */
  readonly metrics: readonly ClassifiedMetric[];
  readonly summary: string;
}

/**
 * What Kayenta's NetflixACAJudge-v1.0 says (Apache-2.0), bit for bit but for the noise of constant
 * arms, and with its holes: an `Error` is not counted, so that nothing but errors scores 100. For
 * comparison; act upon `judgeKayenta`.
 */
export function judgeAsKayenta({ metrics, score, classifier = {} }: KayentaInput): {
  readonly metrics: readonly ClassifiedMetric[];
  readonly score: KayentaScore;
} {
  const classified = metrics
    .filter(({ muted }) => muted !== true)
    .map((metric) => classifyMetric(metric, classifier));
  return { metrics: classified, score: scoreMetrics(classified, score) };
}

/**
 * Kayenta's judge with its holes closed: a score that passes is `pass`, a marginal one `warn`, a
 * lower one or a critical metric that differs `fail`; and what could not be judged never passes.
 *
 * - A metric is `Error` where a value is not finite, where the arms have too few points for any
 *   difference to show at the confidence level (one point an arm), and where there is no interval.
 * - A metric whose arm holds no point is `Nodata`, also where missing points are zero.
 * - A critical metric with `Error` makes the verdict `inconclusive`, one with `Nodata` `no_data`.
 * - An `Error` of any metric: `inconclusive`. Half of the metrics or all of a group without data,
 *   or no metric: `no_data`. The verdict is `fail` all the same where the rest fails.
 * - Weights that are negative or above 100 in sum, thresholds outside 0–100 or upside down, a
 *   metric in no group: `inconclusive`.
 *
 * What it keeps from Kayenta: blindness below a scale of about 1e-3, samples taken as independent,
 * no smallest effect; `judgeShift` has none of these. `show` is a value of a metric for a person.
 */
export function judgeKayenta(
  input: KayentaInput,
  show: (value: number, metric: string) => string = plain,
): KayentaVerdict {
  const metrics = input.metrics
    .filter(({ muted }) => muted !== true)
    .map((metric) => classifyStrictly(metric, input.classifier ?? {}))
    .map((metric) => ({ ...metric, reason: sentenceOf(metric, show) }));
  const scored = scoreMetrics(metrics, input.score);
  const odd = oddRule(input);
  const { kind, summary } =
    odd === undefined ? decide(metrics, scored) : ({ kind: 'inconclusive', summary: odd } as const);
  const score = Number.isFinite(scored.score) ? scored.score : 0;
  return { kind, score, groups: scored.groups, metrics, summary };
}

function decide(
  metrics: readonly ClassifiedMetric[],
  scored: KayentaScore,
): Pick<KayentaVerdict, 'kind' | 'summary'> {
  const reasonsOf = (found: readonly ClassifiedMetric[]): string =>
    found.map(({ reason }) => reason).join('; ');
  const critical = metrics.filter((metric) => metric.critical && metric.label !== 'Pass');
  const differing = critical.filter(({ label }) => label === 'High' || label === 'Low');
  if (differing.length > 0) return { kind: 'fail', summary: reasonsOf(differing) };
  if (critical.length > 0) {
    const kind = critical.some(({ label }) => label === 'Error') ? 'inconclusive' : 'no_data';
    return { kind, summary: reasonsOf(critical) };
  }
  const empty = metrics.filter(({ label }) => label === 'Nodata');
  if (empty.length * 2 >= metrics.length) {
    return {
      kind: 'no_data',
      summary: `${empty.length} of ${metrics.length} metrics have no data`,
    };
  }
  const failing = metrics.filter(({ label }) => label !== 'Pass' && label !== 'Nodata');
  const scoreText = [scored.reason, reasonsOf(failing)].filter((text) => text !== '').join(': ');
  if (scored.label === 'Fail') return { kind: 'fail', summary: scoreText };
  const errors = metrics.filter(({ label }) => label === 'Error');
  if (errors.length > 0) return { kind: 'inconclusive', summary: reasonsOf(errors) };
  const group = scored.groups.find(({ isWithoutData }) => isWithoutData);
  if (group !== undefined) return { kind: 'no_data', summary: `${group.name} has no data` };
  return { kind: scored.label === 'Pass' ? 'pass' : 'warn', summary: scoreText };
}

function classifyStrictly(metric: KayentaMetric, classifier: ClassifierRule): ClassifiedMetric {
  const { name, critical = false, experiment, control } = metric;
  const classified = classifyMetric(metric, classifier);
  const { samples } = classified;
  const infinite = [...experiment, ...control].find((value) => isInfinite(value));
  if (infinite !== undefined)
    return asError(classified, critical, `${name} has a value ${infinite}`);
  if (samples.experiment === 0 || samples.control === 0) {
    if (metric.nanStrategy !== 'replace') return classified;
    return classifyMetric({ ...metric, nanStrategy: 'remove' }, classifier);
  }
  const level = 1 - (classifier.confidenceLevel ?? 0.98);
  const smallest = smallestPValue(samples.experiment, samples.control);
  // Written so that a level which is no number is an error too.
  if (!(smallest <= level)) {
    const points = `${samples.experiment} and ${samples.control} points`;
    return asError(classified, critical, `${name} has ${points}, too few to show a difference`);
  }
  return classified.label === 'Error' ? { ...classified, critical } : classified;
}

function asError(
  { name, groups, samples }: ClassifiedMetric,
  critical: boolean,
  reason: string,
): ClassifiedMetric {
  return { name, groups, samples, label: 'Error', critical, reason };
}

function isInfinite(value: Series[number]): boolean {
  return value === Infinity || value === -Infinity;
}

function oddRule({
  metrics,
  score: { groupWeights = {}, thresholds },
}: KayentaInput): string | undefined {
  const weights = Object.values(groupWeights);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  // Written so that NaN is odd; sums of decimal weights may be a hair above 100.
  if (!weights.every((weight) => weight >= 0) || !(sum <= 100.000001)) {
    return `the weights of the groups come to ${sum}, which is not within 0 to 100`;
  }
  const { pass, marginal } = thresholds;
  if (!(marginal >= 0 && pass >= marginal && pass <= 100)) {
    return `the scores to reach are ${pass} and ${marginal}`;
  }
  const loose = metrics.find(({ groups, muted }) => groups.length === 0 && muted !== true);
  return loose === undefined ? undefined : `${loose.name} is in no group`;
}

function sentenceOf(
  { name, label, shift, effect, samples, reason }: ClassifiedMetric,
  show: (value: number, metric: string) => string,
): string {
  if (shift === undefined || label === 'Error') return reason;
  const by = (value: number): string => show(value, name);
  const interval = `shift ${by(shift.estimate)}, interval ${by(shift.low)} to ${by(shift.high)}`;
  const share = effect === undefined ? '' : `, effect ${plain(effect)}`;
  return `${reason}: ${interval}${share} (${samples.experiment} and ${samples.control} points)`;
}

function plain(value: number): string {
  return String(Number(value.toPrecision(4)));
}
