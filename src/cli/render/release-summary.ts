import { formatDuration } from '../../domain/quantity.ts';
import type { ReleaseSpec } from '../../domain/release/release-spec.ts';
import { columns } from './style.ts';

/** What a valid file means, with every default filled in. */
export function renderSummary(spec: ReleaseSpec, remarks: readonly string[]): string {
  const { environment, health, warmup, validation, watch, thresholds } = spec;
  const limits = Object.entries(thresholds)
    .filter(([, limit]) => limit !== undefined)
    .map(([name, limit]) => `${name} ${limit}`);
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
