import { SIGNALS, type Signal } from '../judge/measurement.ts';
import type { Contradiction } from './release-checks.ts';
import type { MetricsSpec, ParsedRelease } from './release.schema.ts';

/** What the load balancer, the instances' own figures and so on can tell, by the kind of source. */
const TRAFFIC: readonly Signal[] = ['latency_p95', 'error_rate', 'throughput'];
const ENVIRONMENT: readonly Signal[] = ['memory', 'cpu'];

/**
 * Sources that cannot answer what the release is judged by. Each of these would end in `no_data`
 * under live traffic, and so in a rollback of a version that nothing is wrong with.
 */
export function metricsContradictions(release: ParsedRelease): readonly Contradiction[] {
  return [
    ...release.metrics.flatMap((source, index) =>
      sourceProblems(source).map(({ key, message }) => ({
        path: ['metrics', index, ...(key === undefined ? [] : [key])],
        message,
      })),
    ),
    ...thresholdProblems(release),
    ...baselineProblems(release),
  ];
}

interface SourceProblem {
  readonly key?: string;
  readonly message: string;
}

function sourceProblems(source: MetricsSpec): readonly SourceProblem[] {
  switch (source.kind) {
    case 'traffic':
      return foreignSignals(source.signals, TRAFFIC, 'the load balancer');
    case 'environment':
      return foreignSignals(source.signals, ENVIRONMENT, 'the environment');
    case 'scrape':
      return scrapeProblems(source);
    case 'prometheus':
      return prometheusProblems(source);
    case 'memory':
      return [];
    default:
      return source satisfies never;
  }
}

function foreignSignals(
  wanted: readonly Signal[] | undefined,
  measured: readonly Signal[],
  who: string,
): readonly SourceProblem[] {
  return (wanted ?? [])
    .filter((signal) => !measured.includes(signal))
    .map((signal) => ({
      key: 'signals',
      message: `${who} does not measure ${signal}, only ${measured.join(', ')}`,
    }));
}

function scrapeProblems({
  series,
  format,
}: Extract<MetricsSpec, { kind: 'scrape' }>): readonly SourceProblem[] {
  const needs = [
    ...(series.errors === undefined ? [] : ['errors']),
    // A histogram counts its values itself; a figure alone does not.
    ...(format === 'expvar' && series.latency_p95 !== undefined ? ['latency_p95'] : []),
  ];
  if (Object.values(series).every((name) => name === undefined)) {
    return [{ key: 'series', message: 'names no series: write at least one, such as requests' }];
  }
  if (needs.length === 0 || series.requests !== undefined) return [];
  return [
    {
      key: 'series',
      message:
        `has ${needs.join(' and ')} without requests: how many requests a figure rests on would ` +
        'not be known; add the counter of all requests',
    },
  ];
}

function prometheusProblems({
  queries,
}: Extract<MetricsSpec, { kind: 'prometheus' }>): readonly SourceProblem[] {
  const named = Object.keys(queries);
  if (named.length === 0) {
    return [{ key: 'queries', message: 'names no query: write at least one, such as error_rate' }];
  }
  const needs = named.filter((signal) => signal === 'latency_p95' || signal === 'error_rate');
  if (needs.length === 0 || queries.throughput !== undefined) return [];
  return [
    {
      key: 'queries',
      message:
        `has ${needs.join(' and ')} without throughput: how many requests a figure rests on would ` +
        'not be known; add the requests a second, like ' +
        '`throughput: sum(rate(http_requests_total{version="{version}"}[{window}]))`',
    },
  ];
}

function thresholdProblems(release: ParsedRelease): readonly Contradiction[] {
  const { performance_thresholds: limits, metrics } = release;
  const measured = new Set(metrics.flatMap(signalsOf));
  const wanted = [
    ['max_latency_p95', limits.latencyP95MaxMs, 'latency_p95'],
    ['max_error_rate', limits.errorRateMax, 'error_rate'],
    ['min_throughput', limits.throughputMinPerSecond, 'throughput'],
  ] as const;
  const found: Contradiction[] = [];
  for (const [key, limit, signal] of wanted) {
    if (limit !== undefined && !measured.has(signal)) {
      found.push({
        path: ['performance_thresholds', key],
        message: `no source under metrics measures ${signal}: add \`- kind: traffic\``,
      });
    }
  }
  return found;
}

/** A signal without a threshold is compared with stable's own figure from before the switch. */
function baselineProblems({
  metrics,
  performance_thresholds: limits,
}: ParsedRelease): readonly Contradiction[] {
  const measured = new Set(metrics.flatMap(signalsOf));
  // An instance says what it has counted so far, not what it had counted a minute ago.
  const lookingBack = new Set(
    metrics.filter(({ kind }) => kind !== 'scrape').flatMap((source) => signalsOf(source)),
  );
  const compared = [
    ['max_latency_p95', limits.latencyP95MaxMs, 'latency_p95'],
    ['max_error_rate', limits.errorRateMax, 'error_rate'],
  ] as const;
  const found = compared
    .filter(
      ([, limit, signal]) =>
        limit === undefined && measured.has(signal) && !lookingBack.has(signal),
    )
    .map(([key, , signal]) => ({
      path: ['performance_thresholds'],
      message:
        `has no ${key}, and \`scrape\` alone measures ${signal}, which cannot tell what it was ` +
        `on stable before the switch: add ${key}, or \`- kind: traffic\` under metrics`,
    }));
  const isJudged =
    Object.values(limits).some((limit) => limit !== undefined) ||
    compared.some(([, , signal]) => measured.has(signal));
  if (isJudged) return found;
  return [
    {
      path: ['metrics'],
      message:
        'measures neither latency_p95 nor error_rate, and there are no performance_thresholds: ' +
        'nothing could be judged; add `- kind: traffic`',
    },
  ];
}

/** What a source answers for; a source with a problem of its own answers for less. */
function signalsOf(source: MetricsSpec): readonly Signal[] {
  switch (source.kind) {
    case 'traffic':
      return source.signals ?? TRAFFIC;
    case 'environment':
      return source.signals ?? ENVIRONMENT;
    case 'scrape': {
      const { latency_p95: latency, requests, errors, memory, cpu } = source.series;
      return [
        ...(latency === undefined ? [] : (['latency_p95'] as const)),
        ...(requests === undefined ? [] : (['throughput'] as const)),
        ...(requests === undefined || errors === undefined ? [] : (['error_rate'] as const)),
        ...(memory === undefined ? [] : (['memory'] as const)),
        ...(cpu === undefined ? [] : (['cpu'] as const)),
      ];
    }
    case 'prometheus':
      return SIGNALS.filter((signal) => source.queries[signal] !== undefined);
    case 'memory':
      return SIGNALS;
    default:
      return source satisfies never;
  }
}
