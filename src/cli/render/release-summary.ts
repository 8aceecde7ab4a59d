import { formatBytes, formatDuration } from '../../domain/quantity.ts';
import type { ReleaseSpec } from '../../domain/release/release-spec.ts';
import { columns } from './style.ts';

/** What a valid file means, with every default filled in. */
export function renderSummary(spec: ReleaseSpec, remarks: readonly string[]): string {
  const { environment, health, warmup, validation, watch, thresholds } = spec;
  const limits = limitsOf(thresholds);
  const rows = [
    ['release', `${spec.service} ${spec.version}, ${spec.strategy}`],
    ['environment', `${environment.kind}, ${environment.instances} instance(s)`],
    ['traffic', spec.traffic.kind],
    [
      'checks',
      `${health.checks.map((check) => check.name ?? check.kind).join(', ')}; ` +
        `at most ${formatDuration(health.deadlineMs)}, warm-up ${formatDuration(warmup.durationMs)}`,
    ],
    ['validation', `${formatDuration(validation.windowMs)} of probe load`],
    ['watch', `${formatDuration(watch.forMs)}, a look every ${formatDuration(watch.intervalMs)}`],
    ['limits', limits.length === 0 ? 'none: judged against stable only' : limits.join(', ')],
    ['rollback', spec.autoRollback ? 'by itself' : 'never by itself: holds and waits for a person'],
    ['clean-up', `${formatDuration(spec.cleanupDelayMs)} after the watch`],
    ['told', spec.notifications.map(({ kind }) => kind).join(', ')],
  ];
  const notes = remarks.map((remark) => `note: ${remark}`);
  return `${[columns(rows), ...notes].join('\n')}\n`;
}

/** By their keys in the file, so that a reader finds them there. */
function limitsOf(thresholds: ReleaseSpec['thresholds']): readonly string[] {
  const { latencyP95MaxMs, throughputMinPerSecond, errorRateMax } = thresholds;
  const { memoryMaxBytes, cpuMaxCores } = thresholds;
  const rows = [
    ['max_latency_p95', latencyP95MaxMs, formatDuration],
    ['min_throughput', throughputMinPerSecond, (limit: number) => `${limit}/s`],
    ['max_error_rate', errorRateMax, percent],
    ['max_memory_usage', memoryMaxBytes, formatBytes],
    ['max_cpu_usage', cpuMaxCores, (limit: number) => `${percent(limit)} of a core`],
  ] as const;
  return rows.flatMap(([key, limit, show]) =>
    limit === undefined ? [] : [`${key} ${show(limit)}`],
  );
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}
