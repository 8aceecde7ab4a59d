import type { ReleaseSpec } from '../../release/release-spec.ts';
import { quantile } from '../histogram.ts';
import { judgeKayenta } from '../kayenta/judge-kayenta.ts';
import type { KayentaLabel, KayentaMetric } from '../kayenta/kayenta-metric.ts';
import type { ScoreRule } from '../kayenta/kayenta-score.ts';
import type { BadDirection } from '../kayenta/test-shift.ts';
import type { RecordedBlock, RecordedBlocks } from './recorded-blocks.ts';
import type { RecordedSeries } from './recorded-series.ts';
import { type JudgedMetric, NOTHING_FOUND, type RecordedFinding } from './recorded-verdict.ts';

/** A metric for the Kayenta-compatible judge, and the time that it is of. */
export interface ScoredMetric {
  readonly metric: KayentaMetric;
  readonly window: RecordedFinding['window'];
}

/** Columns that no file has rules for: all in one group. */
export function plainMetrics(
  all: readonly RecordedSeries[],
  directions: (name: string) => BadDirection,
): readonly ScoredMetric[] {
  return all.map(({ name, baseline, candidate, window }) => ({
    metric: {
      ...{ name, groups: ['series'], direction: directions(name) },
      ...{ experiment: candidate, control: baseline },
    },
    window,
  }));
}

/**
 * What a release whose file says `method: kayenta` is scored by: errors of a thousand requests and
 * p95, as far as both arms have them, and the file's own metrics. Every block and row is a point.
 */
export function releaseMetrics(
  blocks: RecordedBlocks | undefined,
  own: readonly RecordedSeries[],
  { judge }: ReleaseSpec,
): readonly ScoredMetric[] {
  const { errors, latency, metrics } = judge;
  const ofTraffic =
    blocks === undefined
      ? []
      : [
          ofBlocks(blocks, 'error_rate', { ...errors, name: 'errors' }, errorsAThousand),
          ofBlocks(blocks, 'latency_p95', { ...latency, name: 'latency' }, p95),
        ].flat();
  const ofFile = own.flatMap(({ name, baseline, candidate, window }): readonly ScoredMetric[] => {
    const written = metrics.find((metric) => metric.name === name);
    if (written === undefined) return [];
    const { group, critical, direction, noData } = written;
    const isGone = [baseline, candidate].some((arm) => arm.every((value) => value === null));
    if (isGone && noData === 'ignore') return [];
    const arms = { experiment: candidate, control: baseline };
    return [{ metric: { name, groups: [group], critical, direction, ...arms }, window }];
  });
  return [...ofTraffic, ...ofFile];
}

function ofBlocks(
  { baseline, candidate, measured, fromMs, blockMs }: RecordedBlocks,
  signal: 'error_rate' | 'latency_p95',
  rule: { readonly name: string; readonly group: string; readonly critical: boolean },
  valueOf: (block: RecordedBlock) => number | null,
): readonly ScoredMetric[] {
  if (!measured.baseline.includes(signal) || !measured.candidate.includes(signal)) return [];
  const metric: KayentaMetric = {
    ...{ name: rule.name, groups: [rule.group], critical: rule.critical, direction: 'increase' },
    ...{ experiment: candidate.map(valueOf), control: baseline.map(valueOf) },
  };
  return [{ metric, window: { fromMs, toMs: fromMs + candidate.length * blockMs } }];
}

function errorsAThousand({ errors, requests }: RecordedBlock): number | null {
  return errors === null || requests === null || requests === 0 ? null : (1000 * errors) / requests;
}

function p95({ latency, p95Ms }: RecordedBlock): number | null {
  return latency === null ? p95Ms : (quantile(latency, 0.95) ?? null);
}

/**
 * By the Kayenta-compatible judge: the score decides, and each metric is told beside it. Its level
 * of confidence is Kayenta's own, outside the error budget.
 */
export function judgeByKayenta(
  all: readonly ScoredMetric[],
  score: ScoreRule,
): readonly JudgedMetric[] {
  const verdict = judgeKayenta({ metrics: all.map(({ metric }) => metric), score });
  const told = verdict.metrics.map(({ name, label, samples, shift, reason }, at): JudgedMetric => {
    const window = all[at]?.window ?? null;
    const finding = {
      ...NOTHING_FOUND,
      ...{ metric: name, weight: 0, window },
      ...({ method: 'kayenta', kind: KINDS[label] } as const),
      samples: { baseline: samples.control, candidate: samples.experiment },
      effect: shift ?? null,
      sentence: reason,
    } as const;
    return { finding, trace: undefined };
  });
  const { kind, score: reached, summary } = verdict;
  const { pass, marginal } = score.thresholds;
  const outcome = kind === 'pass' ? 'ok' : kind === 'warn' || kind === 'fail' ? 'violation' : kind;
  const finding = {
    ...NOTHING_FOUND,
    ...{ metric: 'kayenta', limit: pass, candidate: reached },
    kind: outcome,
    method: 'kayenta',
    severity: kind === 'warn' ? 'warning' : 'critical',
    sentence: `Kayenta's score is ${reached}, ${pass} passes, ${marginal} is marginal: ${summary}`,
  } as const;
  return [{ finding, trace: undefined }, ...told];
}

const KINDS = {
  Pass: 'ok',
  High: 'violation',
  Low: 'violation',
  Nodata: 'no_data',
  NodataFailMetric: 'no_data',
  Error: 'inconclusive',
} as const satisfies Record<KayentaLabel, RecordedFinding['kind']>;
