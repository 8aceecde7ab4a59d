import { formatDuration } from '../quantity.ts';
import { callContradictions } from './call-checks.ts';
import { capabilityContradictions } from './capability-checks.ts';
import { metricsContradictions } from './metrics-checks.ts';
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
  const { watch, environment } = release;
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
  if (watch.interval > period) {
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
  return [
    ...found,
    ...metricsContradictions(release),
    ...callContradictions(release),
    ...capabilityContradictions(release),
  ];
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
  for (const source of release.metrics) {
    if (source.kind !== 'prometheus') continue;
    for (const [signal, promql] of Object.entries(source.queries)) {
      if (promql.includes('{version}')) continue;
      remarks.push(`the query for ${signal} has no {version}: it measures all versions together`);
    }
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
