import { incidentKey } from '../escalation/incident-id.ts';
import type { Page } from '../paging/page.ts';
import { formatDuration } from '../quantity.ts';
import type { OpenAlarm } from './alarms.ts';
import { titleOf } from './observation.ts';

export const WATCHDOG = 'belay watchdog';

/** Which Temporal is watched. */
export interface Watching {
  readonly namespace: string;
  readonly address: string;
}

/**
 * What providers group the pages of an alarm by: condition, namespace and task queue, so that a
 * watchdog that was started again goes on with the same incident. 64 hex digits.
 */
export function alarmKey({ namespace }: Watching, { key }: Pick<OpenAlarm, 'key'>): string {
  return incidentKey(WATCHDOG, JSON.stringify([namespace, key]));
}

/**
 * The page that tells an alarm, or its end. Its own key is of this alarm and this round, as mail
 * and webhooks drop for ever what they have seen once.
 */
export function alarmPage(
  watching: Watching,
  alarm: OpenAlarm,
  { action, maybeRepeated }: Pick<Page, 'maybeRepeated'> & { action: 'trigger' | 'resolve' },
): Page {
  const { condition, queue, round, openedAtMs, sinceMs, pagedAtMs } = alarm;
  const key = alarmKey(watching, alarm);
  const isOver = action === 'resolve';
  const lasts = formatDuration(Math.round((pagedAtMs - sinceMs) / 1000) * 1000);
  return {
    dedupKey: `watchdog/${key.slice(0, 32)}/${openedAtMs}/${isOver ? 'end' : round}`,
    action,
    incident: {
      id: `watchdog/${condition}/${queue}`,
      key,
      title: titleOf(condition, queue),
      text: isOver ? 'It has passed.' : `${alarm.text}\nSeen for ${lasts}.`,
      severity: 'critical',
      status: isOver ? 'resolved' : 'triggered',
      by: isOver ? WATCHDOG : undefined,
      source: WATCHDOG,
      policy: 'last_resort',
      openedAtMs,
      labels: { condition, queue, namespace: watching.namespace, temporal: watching.address },
      links: [],
    },
    to: undefined,
    who: undefined,
    level: 1,
    round,
    maybeRepeated,
  };
}
