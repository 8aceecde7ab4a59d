import { formatDuration } from '../quantity.ts';
import type { ParsedRelease } from './release.schema.ts';

/** Load balancers keep their counts for this long; a look cannot see further back. */
const COUNTS_KEPT_MS = 15 * 60_000;

export interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Parts of a file that are each right and cannot hold together. */
export function contradictions(release: ParsedRelease): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const { watch, environment, performance_thresholds: limits } = release;
  if (watch.window > COUNTS_KEPT_MS) {
    found.push({
      path: ['watch', 'window'],
      message: `is ${formatDuration(watch.window)}, but counts are kept for 15m: write at most 15m`,
    });
  }
  if (watch.interval > watch.window) {
    found.push({
      path: ['watch', 'interval'],
      message:
        `is longer than watch.window (${formatDuration(watch.window)}): ` +
        'what happens between two looks would not be seen',
    });
  }
  const period = release.stabilization_period;
  if (period > 0 && watch.interval > period) {
    found.push({
      path: ['watch', 'interval'],
      message: `is longer than stabilization_period (${formatDuration(period)}): nobody would look`,
    });
  }
  if (environment.kind === 'process' && environment.ports !== undefined) {
    const ports = environment.ports.to - environment.ports.from + 1;
    const needed = 2 * environment.instances;
    if (ports < needed) {
      found.push({
        path: ['environment', 'ports'],
        message:
          `has ${ports} ports; blue and green side by side need ${needed} ` +
          `(2 × ${environment.instances} instances)`,
      });
    }
  }
  const measured = new Set(release.metrics.flatMap(signalsOf));
  const wanted = [
    ['max_latency_p95', limits.latencyP95MaxMs, 'latency_p95'],
    ['max_error_rate', limits.errorRateMax, 'error_rate'],
    ['min_throughput', limits.throughputMinPerSecond, 'throughput'],
  ] as const;
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

function signalsOf(source: ParsedRelease['metrics'][number]): readonly string[] {
  switch (source.kind) {
    case 'traffic':
      return source.signals ?? ['latency_p95', 'error_rate', 'throughput'];
    case 'environment':
      return source.signals ?? ['memory', 'cpu'];
    case 'scrape':
      return Object.entries(source.series).flatMap(([name, series]) => {
        if (series === undefined) return [];
        if (name === 'requests') return ['throughput'];
        return [name === 'errors' ? 'error_rate' : name];
      });
    case 'prometheus':
      return Object.keys(source.queries);
    case 'memory':
      return ['latency_p95', 'error_rate', 'throughput', 'memory', 'cpu'];
    default:
      return source satisfies never;
  }
}

/** Keys that belong to another strategy: allowed, because files are shared, but said aloud. */
export function remarksOn(release: ParsedRelease, written: unknown): readonly string[] {
  const has = (key: string): boolean =>
    typeof written === 'object' && written !== null && key in written;
  const remarks: string[] = [];
  const { strategy } = release;
  if (strategy !== 'canary' && has('canary_traffic_percent')) {
    remarks.push(`canary_traffic_percent has no effect under strategy ${strategy}`);
  }
  if ((strategy === 'blue_green' || strategy === 'ab_test') && has('rollout_duration')) {
    remarks.push(`rollout_duration has no effect under strategy ${strategy}`);
  }
  const limits = release.performance_thresholds;
  if (Object.values(limits).every((limit) => limit === undefined)) {
    remarks.push(
      'no performance_thresholds: the version is judged against stable alone, ' +
        'and a first release by its health checks alone',
    );
  }
  return remarks;
}
