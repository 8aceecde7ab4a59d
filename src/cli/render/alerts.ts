import { destinationText } from '../../domain/alerting/group-key.ts';
import { type Labels, formatLabels } from '../../domain/alerting/labels.ts';
import type {
  AlertState,
  Listed,
  ListedAlert,
  ListedGroup,
} from '../../domain/alerting/listed-alerts.ts';
import { cut, onOneLine } from '../../domain/paging/page-words.ts';
import { fitted } from './fitted.ts';
import { type Style, span } from './style.ts';

const KEY_LENGTH = 8;
const DESTINATION_MAX = 40;
/** Whoever reads a line of labels reads no more of them; `--json` has all. */
const LABELS_MAX = 4000;
const NOTES_MAX = 20;

/** One line an alert and group. Texts of others can do nothing to the terminal. */
export function renderAlerts(listed: Listed, nowMs: number, style: Style, width?: number): string {
  const groups = new Map(listed.groups.map((group) => [group.key, group]));
  const rows = listed.alerts.map((alert) => {
    const group = groups.get(alert.group);
    return [
      alert.state,
      sinceOf(alert, nowMs),
      group === undefined ? '-' : toOf(group),
      group === undefined ? '-' : pagedOf(alert.hasBeenPaged ? group.lastPagedAtMs : null, nowMs),
      group === undefined ? '-' : lookOf(group, nowMs),
      alert.group.slice(0, KEY_LENGTH),
      labelsText(alert.labels),
    ];
  });
  const titles = ['state', 'since', 'to', 'paged', 'next look', 'group', 'alert'];
  const table = rows.length === 0 ? [] : [fitted([titles, ...rows], width)];
  return [...table, ...endOf(listed, style), ''].join('\n');
}

/** The same under each group, which is paged as one. */
export function renderGroups(listed: Listed, nowMs: number, style: Style, width?: number): string {
  const within = new Map<string, ListedAlert[]>();
  for (const alert of listed.alerts) {
    const before = within.get(alert.group);
    if (before === undefined) within.set(alert.group, [alert]);
    else before.push(alert);
  }
  const parts = listed.groups.map((group) => {
    const rows = (within.get(group.key) ?? []).map((alert) => [
      `  ${alert.state}`,
      sinceOf(alert, nowMs),
      pagedOf(alert.hasBeenPaged ? group.lastPagedAtMs : null, nowMs),
      labelsText(alert.labels),
    ]);
    const table = rows.length === 0 ? [] : [fitted(rows, width)];
    const more = group.more === 0 ? [] : [`  … and ${group.more} that are not listed`];
    return [groupLine(group, nowMs, style, width), ...table, ...more, ''].join('\n');
  });
  return [...parts, ...endOf(listed, style), ''].join('\n');
}

function groupLine(group: ListedGroup, nowMs: number, style: Style, width?: number): string {
  const what = group.isStorm ? 'a storm: all its new groups' : labelsText(group.labels);
  const paged = `paged ${pagedOf(group.lastPagedAtMs, nowMs)}`;
  const facts = [group.key.slice(0, KEY_LENGTH), toOf(group), paged, lookText(group, nowMs)];
  return style.strong(fitted([[...facts, what]], width));
}

function toOf({ destination }: ListedGroup): string {
  return cut(onOneLine(destinationText(destination)), DESTINATION_MAX);
}

function sinceOf({ state, startsAtMs, endsAtMs }: ListedAlert, nowMs: number): string {
  return `${span(nowMs - (state === 'ended' ? endsAtMs : startsAtMs))} ago`;
}

function pagedOf(atMs: number | null, nowMs: number): string {
  return atMs === null ? 'not yet' : `${span(nowMs - atMs)} ago`;
}

function lookOf({ nextFlushAtMs, isUnderWay }: ListedGroup, nowMs: number): string {
  if (isUnderWay) return 'now';
  if (nextFlushAtMs === null) return '-';
  return nextFlushAtMs <= nowMs ? 'now' : `in ${span(nextFlushAtMs - nowMs)}`;
}

function lookText(group: ListedGroup, nowMs: number): string {
  const look = lookOf(group, nowMs);
  return look === '-' ? 'no next look' : `next look ${look}`;
}

function labelsText(labels: Labels): string {
  return onOneLine(cut(formatLabels(labels), LABELS_MAX));
}

const STATES: readonly AlertState[] = ['firing', 'silenced', 'inhibited', 'muted', 'ended'];

/** How many, and what is not among them. */
function endOf(listed: Listed, style: Style): readonly string[] {
  const { alerts, isWhole, moreGroups, moreAlerts, notes } = listed;
  const counts = STATES.flatMap((state) => {
    const count = alerts.filter((alert) => alert.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  const within = new Set(alerts.map(({ group }) => group)).size;
  const title =
    alerts.length === 0
      ? 'no such alert'
      : `${counts.join(', ')}, in ${within} group${within === 1 ? '' : 's'}`;
  const missing = `${moreGroups} groups, and ${moreAlerts} alerts of groups above`;
  return [
    title,
    ...(isWhole ? [] : [style.bad(`not all are listed: ${missing}, are not; see --limit`)]),
    ...notes.slice(0, NOTES_MAX).map((note) => `note: ${onOneLine(note)}`),
    ...(notes.length > NOTES_MAX ? [`note: and ${notes.length - NOTES_MAX} more`] : []),
  ];
}
