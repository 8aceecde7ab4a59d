import type { PagedAlert, PagedAlerts } from '../paging/page.ts';
import type { Alert } from './alert.ts';
import type { GroupPage, ShardState } from './shard-state.ts';

/** A page goes through a history: some 100 alerts, all the others are counted. */
const CHARACTERS_MAX = 20_000;
/** Of an alert's frame, at most. */
const FRAME_CHARACTERS = 200;

/**
 * The alerts of a page one by one, for receivers that take them so: those that fire first. To be
 * asked for before the page is told of.
 */
export function pagedAlerts(state: ShardState, page: GroupPage): PagedAlerts {
  const alerts: PagedAlert[] = [];
  let room = CHARACTERS_MAX;
  let truncated = 0;
  for (const [keys, isFiring] of [[page.firing, true] as const, [page.resolved, false] as const]) {
    for (const key of keys) {
      const alert = state.alerts.get(key)?.alert;
      if (alert === undefined) continue;
      // When it has run out, the others are only counted.
      if (room >= 0) room -= charactersOf(alert);
      if (room < 0) truncated += 1;
      else alerts.push(pagedAlert(alert, isFiring));
    }
  }
  return { groupLabels: state.groups.get(page.group)?.labels ?? {}, alerts, truncated };
}

/** So many characters go through a history, at most. */
export function charactersOfPaged({ alerts }: PagedAlerts): number {
  return alerts.reduce((sum, one) => sum + charactersOf(one), 0);
}

function pagedAlert(alert: Alert, isFiring: boolean): PagedAlert {
  const { labels, annotations, generatorUrl, startsAtMs, endsAtMs } = alert;
  return { isFiring, labels, annotations, generatorUrl, startsAtMs, endsAtMs };
}

function charactersOf({
  labels,
  annotations,
  generatorUrl,
}: Pick<Alert, 'labels' | 'annotations' | 'generatorUrl'>): number {
  let characters = FRAME_CHARACTERS + (generatorUrl?.length ?? 0);
  for (const pairs of [labels, annotations]) {
    for (const [name, value] of Object.entries(pairs)) characters += name.length + value.length + 6;
  }
  return characters;
}
