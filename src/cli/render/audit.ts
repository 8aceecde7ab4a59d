import type { AuditEntry } from '../../domain/release/progress.ts';
import { columns, moment } from './style.ts';

/** What people asked of a run, oldest first; undefined where nobody asked anything. */
export function renderAudit(
  audit: readonly AuditEntry[],
  entriesMax = Infinity,
): string | undefined {
  if (audit.length === 0) return undefined;
  const shown = audit.slice(-Math.min(entriesMax, audit.length));
  const rows = shown.map(({ atMs, verb, who, why, step, requestId }) => [
    `  ${moment(atMs)}`,
    verb.replaceAll('_', '-'),
    step === undefined ? '' : `at ${step}`,
    `by ${who}: ${why}`,
    `request ${requestId}`,
  ]);
  const hidden = audit.length - shown.length;
  const more = hidden === 0 ? [] : [`  … ${hidden} before`];
  return ['asked by people', ...more, columns(rows)].join('\n');
}
