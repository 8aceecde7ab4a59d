import type { IncidentView } from '../../client/client.ts';
import { formatMatcher } from '../../domain/alerting/matcher.ts';
import { ALERTS_SOURCE } from '../../domain/alerting/page-report.ts';
import { groupLabelsOf } from '../../domain/alerting/steered-release.ts';
import { onOneLine } from '../../domain/paging/page-words.ts';

/** What to type about the alerts of an incident that they have opened; of any other, nothing. */
export function alertCommands(
  view: Pick<IncidentView, 'source' | 'status' | 'labels'>,
): readonly string[] {
  const isOpen = view.status === 'triggered' || view.status === 'acknowledged';
  if (view.source !== ALERTS_SOURCE || !isOpen) return [];
  const matchers = Object.entries(groupLabelsOf(view.labels)).map(typed).join(' ');
  // Nothing can be silenced without saying what.
  if (matchers === '') return ['alert list'];
  return [`alert list ${matchers}`, `silence add ${matchers} --for 2h --comment "…"`];
}

/** Labels are of others: in a shell each is one word, and nothing else. */
function typed([name, value]: readonly [string, string]): string {
  if (/^[A-Za-z_]\w*$/.test(name) && /^[\w.:/-]+$/.test(value)) return `${name}=${value}`;
  const text = onOneLine(formatMatcher({ name, operator: '=', value }));
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
