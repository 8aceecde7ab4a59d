import { destinationText } from '../../domain/alerting/group-key.ts';
import { type Labels, formatLabels, labelOf } from '../../domain/alerting/labels.ts';
import { formatMatchers } from '../../domain/alerting/matcher.ts';
import type { Route } from '../../domain/alerting/routes.ts';
import type { GroupAnswer, WhereTo } from '../../domain/alerting/where-to.ts';
import { formatDuration } from '../../domain/quantity.ts';
import { columns } from './style.ts';

/** A time that was asked for, and the groups that are muted then, by their keys. */
export interface Then {
  readonly atMs: number;
  readonly muted: ReadonlyMap<string, { readonly untilMs: number }>;
}

/** Receivers first, then the routes that took the alert, then the groups that it is in. */
export function renderWhereTo(labels: Labels, found: WhereTo, then: Then | null): string {
  const { heartbeats, receivers, routes, groups } = found;
  const of = formatLabels(labels);
  if (heartbeats.length > 0) {
    return `${of} is a signal of the heartbeat ${heartbeats.join(', ')}, and no alert\n`;
  }
  const rows = [
    ['receivers', receivers.join(', ')],
    ...routes.flatMap((route) => [
      ['route', `${route.path} ${matchersText(route)}`],
      ...effectsOf(route, labels).map((text) => ['', text]),
    ]),
    ...groups.flatMap((group) => [
      ['group', `${destinationText(group.ref.destination)} ${formatLabels(group.ref.labels)}`],
      ['', timesText(group)],
      ...(then === null ? [] : [['', thenText(group, then)]]),
    ]),
    ...(groups.length === 0 ? [['group', 'none: nobody is paged']] : []),
  ];
  return `${of}\n${columns(rows)}\n`;
}

function thenText({ ref }: GroupAnswer, { atMs, muted }: Then): string {
  const found = muted.get(ref.key);
  const at = new Date(atMs).toISOString();
  if (found === undefined) return `not muted at ${at}`;
  const isForEver = found.untilMs === Infinity;
  const until = isForEver ? '' : `, until ${new Date(found.untilMs).toISOString()} at least`;
  return `muted at ${at}${until}`;
}

function timesText(times: GroupAnswer): string {
  const { groupWaitMs, groupIntervalMs, repeatIntervalMs } = times;
  const [wait, interval, repeat] = [groupWaitMs, groupIntervalMs, repeatIntervalMs].map(
    formatDuration,
  );
  return `first page after ${wait}, changes after ${interval}, repeated after ${repeat}`;
}

function effectsOf({ mutedIn, activeIn, storm, onAlert, serviceLabel }: Route, labels: Labels) {
  const texts: string[] = [];
  if (mutedIn.length > 0) texts.push(`muted in ${mutedIn.join(', ')}`);
  if (activeIn.length > 0) texts.push(`muted but in ${activeIn.join(', ')}`);
  if (storm !== null) {
    const within = formatDuration(storm.withinMs);
    texts.push(`more than ${storm.above} new groups within ${within} become one page`);
  }
  if (onAlert !== null) {
    const service = labelOf(labels, serviceLabel);
    const does = onAlert === 'pause' ? 'pauses' : 'rolls back';
    texts.push(
      service === ''
        ? `does nothing to a release: the alert has no label ${serviceLabel}`
        : `${does} a running release of ${service}`,
    );
  }
  return texts;
}

/** One line a route, with what it does not have from its parent. */
export function renderTree(routes: readonly Route[]): string {
  const lines: string[] = [];
  const add = (at: number, parent: Route | undefined, first: string, rest: string): void => {
    const route = routes[at];
    if (route === undefined) return;
    lines.push(`${first}${routeLine(route, parent)}`);
    for (const [index, child] of route.children.entries()) {
      const isLast = index === route.children.length - 1;
      add(child, route, `${rest}${isLast ? '└─ ' : '├─ '}`, `${rest}${isLast ? '   ' : '│  '}`);
    }
  };
  add(0, undefined, '', '');
  return `${lines.join('\n')}\n`;
}

function routeLine(route: Route, parent: Route | undefined): string {
  const own = ownSettings(route, parent);
  return `${matchersText(route)} → ${route.receiver}${own.length === 0 ? '' : `  (${own.join('; ')})`}`;
}

function matchersText({ matchers }: Route): string {
  return matchers.length === 0 ? 'all alerts' : formatMatchers(matchers);
}

const TIMES = [
  ['wait', 'groupWaitMs'],
  ['interval', 'groupIntervalMs'],
  ['repeat', 'repeatIntervalMs'],
] as const;

function ownSettings(route: Route, parent: Route | undefined): readonly string[] {
  const texts: string[] = [];
  if (route.goesOn) texts.push('continues');
  if (JSON.stringify(route.groupBy) !== JSON.stringify(parent?.groupBy))
    texts.push(groupText(route));
  for (const [word, key] of TIMES) {
    if (route[key] !== parent?.[key]) texts.push(`${word} ${formatDuration(route[key])}`);
  }
  if (route.mutedIn.length > 0) texts.push(`muted in ${route.mutedIn.join(', ')}`);
  if (route.activeIn.length > 0) texts.push(`muted but in ${route.activeIn.join(', ')}`);
  const { storm, onAlert } = route;
  if (storm !== null && storm.of !== parent?.storm?.of) {
    texts.push(`storm above ${storm.above} in ${formatDuration(storm.withinMs)}`);
  }
  if (onAlert !== null && onAlert !== parent?.onAlert) texts.push(`on alert: ${onAlert}`);
  return texts;
}

function groupText({ groupBy }: Route): string {
  if (groupBy === 'all') return 'by every label';
  return groupBy.length === 0 ? 'one group' : `by ${groupBy.join(', ')}`;
}
