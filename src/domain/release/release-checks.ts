import { formatDuration } from '../quantity.ts';
import { callContradictions } from './call-checks.ts';
import { capabilityContradictions } from './capability-checks.ts';
import { judgeContradictions, judgeRemarks } from './judge-checks.ts';
import { metricsContradictions } from './metrics-checks.ts';
import type { ParsedRelease } from './release.schema.ts';
import { namesVersion } from './silenced.ts';
import { strategyContradictions, strategyRemarks } from './strategy-checks.ts';

/** Load balancers keep their counts for this long; a look cannot see further back. */
const COUNTS_KEPT_MS = 15 * 60_000;

export interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Parts of a file that are each right and cannot hold together. */
export function contradictions(release: ParsedRelease): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const { watch } = release;
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
  return [
    ...found,
    ...portContradictions(release),
    ...strategyContradictions(release),
    ...metricsContradictions(release),
    ...judgeContradictions(release),
    ...callContradictions(release),
    ...capabilityContradictions(release),
  ];
}

/** Two versions run side by side, also where a rolling update is rolled back later by hand. */
function portContradictions({
  environment,
  strategy,
  baseline,
  steps = [],
}: ParsedRelease): readonly Contradiction[] {
  if (environment.kind !== 'process' || environment.ports === undefined) return [];
  const { instances } = environment;
  const ports = environment.ports.to - environment.ports.from + 1;
  // A baseline has as many instances as the candidate begins with.
  const scales = steps.some(({ scale }) => scale !== undefined);
  const besides = strategy === 'canary' && baseline ? (scales ? 1 : instances) : 0;
  const needed = 2 * instances + besides;
  if (ports >= needed) return [];
  const sides =
    besides === 0
      ? `two versions side by side need ${needed} (2 × ${instances} instances)`
      : `two versions and a baseline need ${needed} (2 × ${instances} instances and ${besides})`;
  return [{ path: ['environment', 'ports'], message: `has ${ports} ports; ${sides}` }];
}

/** What a file says without effect, and what it lacks: allowed, but said aloud. */
export function remarksOn(release: ParsedRelease, written: unknown): readonly string[] {
  const remarks = [...strategyRemarks(release, written), ...judgeRemarks(release, written)];
  for (const source of release.metrics) {
    if (source.kind !== 'prometheus') continue;
    for (const [signal, promql] of Object.entries(source.queries)) {
      if (promql.includes('{version}')) continue;
      remarks.push(`the query for ${signal} has no {version}: it measures all versions together`);
    }
  }
  for (const [at, set] of (release.alerts?.silence ?? []).entries()) {
    if (namesVersion(set)) continue;
    remarks.push(`alerts.silence[${at}] has no {version}: it silences alerts of stable as well`);
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
