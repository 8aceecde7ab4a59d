import type { ReleaseSpec } from '../../release/release-spec.ts';
import type { ArmMetric } from '../arm-metric.ts';
import { weightsOfLeft } from '../kayenta-arms.ts';
import type { ScoreRule } from '../kayenta/kayenta-score.ts';
import type { BadDirection } from '../kayenta/test-shift.ts';
import { type AlphaLedger, budgetOf, openAccount, planAlpha } from '../sequential/alpha-ledger.ts';
import { beginTrafficSplit, lookTrafficSplit } from '../sequential/traffic-split.ts';
import { compareErrors, compareLatencies } from './judge-arms.ts';
import { type LimitsVerdict, judgeLimits } from './judge-limits.ts';
import { judgeByKayenta, plainMetrics, releaseMetrics } from './judge-by-kayenta.ts';
import { directionOf, judgeByRanks, judgeOwnMetric } from './judge-series.ts';
import {
  type RecordedBlocks,
  isTrafficColumn,
  lonelyColumns,
  recordedBlocks,
} from './recorded-blocks.ts';
import { type RecordedSeries, recordedSeries } from './recorded-series.ts';
import {
  type JudgedMetric,
  NOTHING_FOUND,
  type RecordedFinding,
  type RecordedVerdict,
  type Trace,
  concluded,
} from './recorded-verdict.ts';
import { type RecordedPair, type SharedWindow, sharedWindow } from './recorded-window.ts';

export interface RecordedOptions {
  /** The candidate's intended share of both arms' requests; without it no split is tested. */
  readonly weightPercent?: number;
  /** The change that is bad, of series that the release file has no rules for. */
  readonly direction?: BadDirection;
  /** How such series are judged. */
  readonly series:
    { readonly kind: 'mann_whitney' } | ({ readonly kind: 'kayenta' } & ScoreRule['thresholds']);
}

/** A wrong split is no part of the error budget; this is its own, as in a running release. */
const SPLIT_ALPHA = 0.001;

/**
 * Judges recorded data as a release by this specification would have: requests, errors and
 * latencies by its limits and comparisons, other columns by its own metrics or as series. The
 * whole error budget is that of this one recording, shared among its comparisons by weight; a
 * comparison without data leaves its part. Two recordings without a time in common, an arm that
 * falls silent, a column that one arm lacks: no data.
 */
export function judgeRecorded(
  pair: RecordedPair,
  spec: ReleaseSpec,
  options: RecordedOptions,
): { readonly verdict: RecordedVerdict; readonly traces: readonly Trace[] } {
  const window = sharedWindow(pair, spec.watch.noDataBudgetMs);
  const blocks = recordedBlocks(pair, window, spec.watch.intervalMs);
  const limits =
    blocks === undefined ? undefined : judgeLimits(blocks, spec, options.weightPercent);
  const comparisons = [
    ...(blocks === undefined ? [] : trafficComparisons(blocks, spec, options)),
    ...seriesComparisons(pair, window, spec, options),
  ];
  const { judged, ledger } = spend(comparisons, spec.judge.alpha);
  const kayenta = scores(pair, window, blocks, spec, options);
  const all = [...judged, ...kayenta];
  const findings = [
    ...missing(pair, window, spec),
    ...(limits === undefined ? [] : limitFindings(limits)),
    ...all.map(({ finding }) => finding),
  ];
  const mismatch = blocks === undefined ? undefined : mismatchIn(blocks, options.weightPercent);
  const budget = ledger === undefined ? null : { alpha: ledger.alpha, ...budgetOf(ledger) };
  const holds = limits !== undefined && isForAPerson(limits, spec);
  const end = concluded(findings, mismatch);
  return {
    verdict: {
      ...end,
      ...(end.kind === 'no_data' && holds ? { action: 'hold' as const } : {}),
      window: window.span ?? null,
      budget,
      findings,
      notes: [...window.notes, ...notesOn(pair, blocks, spec, options)],
    },
    traces: all.flatMap(({ trace }) => trace ?? []),
  };
}

/** Scores outside the error budget: what the file wants scored, and other columns where asked for. */
function scores(
  pair: RecordedPair,
  window: SharedWindow,
  blocks: RecordedBlocks | undefined,
  spec: ReleaseSpec,
  { series, direction }: RecordedOptions,
): readonly JudgedMetric[] {
  const { method, pass, marginal, groupWeights } = spec.judge;
  const own = ownColumns(pair, spec).map(({ name }) => recordedSeries(pair, window, name));
  const written = method === 'kayenta' ? releaseMetrics(blocks, own, spec) : [];
  const plain =
    series.kind === 'kayenta'
      ? plainMetrics(plainSeries(pair, window, spec), (name) => directionOf(name, direction))
      : [];
  const thresholds = { pass, marginal };
  const wanted = [spec.judge.errors, spec.judge.latency, ...spec.judge.metrics];
  const weights = weightsOfLeft(
    groupWeights,
    wanted.map(({ group }) => group),
    written.flatMap(({ metric }) => metric.groups),
  );
  return [
    ...(method === 'kayenta' ? judgeByKayenta(written, { groupWeights: weights, thresholds }) : []),
    ...(series.kind === 'kayenta' && (plain.length > 0 || method !== 'kayenta')
      ? judgeByKayenta(plain, { thresholds: series })
      : []),
  ];
}

/** Metrics of the file that both arms have a column for. */
function ownColumns({ baseline, candidate }: RecordedPair, { judge }: ReleaseSpec) {
  return judge.metrics.filter(
    ({ name }) => baseline.columns.has(name) && candidate.columns.has(name),
  );
}

interface Comparison {
  readonly account: string;
  readonly weight: number;
  judge(alpha: number): JudgedMetric;
}

/** Only what has data opens its account. */
function spend(
  comparisons: readonly Comparison[],
  alpha: number,
): { readonly judged: readonly JudgedMetric[]; readonly ledger: AlphaLedger | undefined } {
  if (comparisons.length === 0) return { judged: [], ledger: undefined };
  const weights = Object.fromEntries(comparisons.map(({ account, weight }) => [account, weight]));
  let ledger = planAlpha({ alpha, weights, reserveShare: 0 });
  const judged = comparisons.map(({ account, judge }) => {
    const opened = openAccount(ledger, account);
    const one = judge(opened.alpha);
    if (one.finding.kind !== 'no_data') ledger = opened.ledger;
    return one;
  });
  return { judged, ledger };
}

function trafficComparisons(
  blocks: RecordedBlocks,
  { judge }: ReleaseSpec,
  { weightPercent }: RecordedOptions,
): readonly Comparison[] {
  if (judge.method === 'kayenta') return [];
  const isMeasured = (signal: 'error_rate' | 'latency_p95'): boolean =>
    blocks.measured.baseline.includes(signal) && blocks.measured.candidate.includes(signal);
  const comparison = (
    name: 'errors' | 'latency',
    compare: (metric: ArmMetric) => JudgedMetric,
  ): readonly Comparison[] => {
    const { method, ...rest } = judge[name];
    if (method === 'threshold') return [];
    const by = (alpha: number): JudgedMetric => compare({ method, ...rest, alpha });
    return [{ account: `traffic/${name}`, weight: rest.weight, judge: by }];
  };
  return [
    ...(isMeasured('error_rate')
      ? comparison('errors', (metric) => compareErrors(blocks, metric, weightPercent))
      : []),
    ...(isMeasured('latency_p95')
      ? comparison('latency', (metric) => compareLatencies(blocks, metric))
      : []),
  ];
}

function seriesComparisons(
  pair: RecordedPair,
  window: SharedWindow,
  spec: ReleaseSpec,
  { direction, series }: RecordedOptions,
): readonly Comparison[] {
  const compared = spec.judge.method === 'kayenta' ? [] : ownColumns(pair, spec);
  const own = compared.map((metric): Comparison => {
    const { name, weight, method, increaseMax, severity, direction: bad, noData } = metric;
    const rules = { name, weight, method, increaseMax, severity, direction: bad, noData };
    const recorded = recordedSeries(pair, window, name);
    const judge = (alpha: number): JudgedMetric => judgeOwnMetric(recorded, { ...rules, alpha });
    return { account: `series/${name}`, weight, judge };
  });
  if (series.kind === 'kayenta') return own;
  const plain = plainSeries(pair, window, spec).map((recorded): Comparison => {
    const by = directionOf(recorded.name, direction);
    return {
      ...{ account: `series/${recorded.name}`, weight: 1 },
      judge: (alpha) => judgeByRanks(recorded, { alpha, direction: by }),
    };
  });
  return [...own, ...plain];
}

/** Columns of both arms that the release file has no rules for. */
function plainSeries(
  pair: RecordedPair,
  window: SharedWindow,
  { judge }: ReleaseSpec,
): readonly RecordedSeries[] {
  return [...pair.candidate.columns.keys()]
    .filter((name) => pair.baseline.columns.has(name) && !isTrafficColumn(name))
    .filter((name) => !judge.metrics.some((metric) => metric.name === name))
    .map((name) => recordedSeries(pair, window, name));
}

/** What is not there: a time that an arm lacks, a column, a metric that the file wants judged. */
function missing(
  pair: RecordedPair,
  { gaps }: SharedWindow,
  { judge }: ReleaseSpec,
): readonly RecordedFinding[] {
  const found = (metric: string, sentence: string): RecordedFinding => ({
    ...NOTHING_FOUND,
    ...{ metric, method: 'limit', kind: 'no_data', sentence },
  });
  const wanted = judge.metrics.filter(
    ({ name, noData }) =>
      noData !== 'ignore' && !pair.baseline.columns.has(name) && !pair.candidate.columns.has(name),
  );
  return [
    ...gaps.map((why) => found('time', why)),
    ...lonelyColumns(pair).map(({ name, missingIn }) =>
      found(name, `${pair[missingIn].file} has no ${name}, the other arm has`),
    ),
    ...wanted.map(({ name }) =>
      found(name, `judge.metrics has ${name}, and no column is named so`),
    ),
  ];
}

/** Everything that is missing is to be looked at by a person, by the file. */
function isForAPerson({ findings }: LimitsVerdict, { judge }: ReleaseSpec): boolean {
  const lacking = findings.filter((one) => one.kind === 'no_data' && one.severity === 'critical');
  const holds = new Set(
    Object.entries(judge.noData).flatMap(([signal, policy]) => (policy === 'hold' ? signal : [])),
  );
  return lacking.length > 0 && lacking.every(({ signal }) => holds.has(signal));
}

function limitFindings({ findings, fromMs, toMs }: LimitsVerdict): readonly RecordedFinding[] {
  return findings.map((finding) => {
    const { signal, kind, severity, measured, baseline, limit, samples, sentence } = finding;
    return {
      ...NOTHING_FOUND,
      ...{ metric: signal, method: 'limit', kind, severity, window: { fromMs, toMs }, sentence },
      samples: { baseline: null, candidate: samples ?? null },
      ...{ baseline: baseline ?? null, candidate: measured ?? null, limit: limit ?? null },
    };
  });
}

function mismatchIn(
  { baseline, candidate }: RecordedBlocks,
  weightPercent: number | undefined,
): string | undefined {
  if (weightPercent === undefined) return undefined;
  let state = beginTrafficSplit({ split: weightPercent / 100, alpha: SPLIT_ALPHA });
  let mismatch: string | undefined;
  for (const [at, { requests }] of candidate.entries()) {
    const other = baseline[at]?.requests ?? null;
    if (requests === null || other === null) continue;
    const looked = lookTrafficSplit(state, { baseline: other, candidate: requests });
    state = looked.state;
    if (looked.reading.decision === 'mismatch') mismatch = looked.reading.reason;
  }
  return mismatch;
}

function notesOn(
  pair: RecordedPair,
  blocks: RecordedBlocks | undefined,
  { thresholds, judge }: ReleaseSpec,
  { weightPercent, series }: RecordedOptions,
): readonly string[] {
  const notes: string[] = [];
  const hasThresholds = Object.values(thresholds).some((limit) => limit !== undefined);
  if (blocks === undefined && hasThresholds) {
    notes.push('performance_thresholds are not judged: no rows of both arms have requests');
  }
  if (blocks !== undefined && weightPercent === undefined) {
    const throughput =
      thresholds.throughputMinPerSecond === undefined ? '' : ', min_throughput not';
    notes.push(`without --weight the traffic split is not tested${throughput}`);
  }
  if (blocks !== undefined && blocks.history.length > 0) {
    notes.push(`${blocks.history.length} blocks of the baseline from before are its history`);
  }
  for (const [name, column] of [
    ['errors', 'errors'],
    ['latency', 'latency_ms'],
  ] as const) {
    const isThere = pair.candidate.columns.has(column) || pair.baseline.columns.has(column);
    const isWanted = judge.method === 'kayenta' || judge[name].method !== 'threshold';
    if (blocks !== undefined && isWanted && !isThere) {
      notes.push(`judge.${name} is not judged: there is no column ${column}`);
    }
  }
  if (series.kind === 'kayenta' || judge.method === 'kayenta') {
    notes.push("Kayenta's confidence is its own: 98 %, outside the error budget");
  }
  return notes;
}
