import type { Configuration } from './alerting-file.ts';
import type { GroupRef } from './group-key.ts';
import { beatsOf } from './heartbeat.ts';
import { type Moment, areMuted, mutedUntil } from './held-back.ts';
import type { Labels } from './labels.ts';
import type { Route } from './routes.ts';
import { groupsFor, routesFor } from './routing.ts';

/** A group that an alert would be in, with the times that its own routes give it. */
export interface GroupAnswer extends Pick<
  Route,
  'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs'
> {
  readonly ref: GroupRef;
  readonly routes: readonly Route[];
}

/** What becomes of an alert with such labels. */
export interface WhereTo {
  /** It is a signal of these, and no alert, where there are any. */
  readonly heartbeats: readonly string[];
  readonly routes: readonly Route[];
  /** Each once, in the order of the routes. */
  readonly receivers: readonly string[];
  readonly groups: readonly GroupAnswer[];
}

/** Of the groups of an answer those that no page is sent for at a time, and when that may end. */
export function mutedAt(
  { groups }: WhereTo,
  moment: Moment,
): ReadonlyMap<string, { readonly untilMs: number }> {
  const muted = groups.filter(({ ref }) => areMuted(moment, ref.routes));
  return new Map(
    muted.map(({ ref }) => [ref.key, { untilMs: mutedUntil(moment, ref.routes) }] as const),
  );
}

/** Where an alert goes, silences, inhibition and the time of day aside. */
export function whereTo(configuration: Configuration, labels: Labels): WhereTo {
  const heartbeats = beatsOf(configuration.heartbeats, labels);
  if (heartbeats.length > 0) return { heartbeats, routes: [], receivers: [], groups: [] };
  const routesAt = (places: readonly number[]): readonly Route[] =>
    places.flatMap((at) => configuration.routes[at] ?? []);
  const routes = routesAt(routesFor(configuration.routes, labels));
  const groups = groupsFor(configuration, labels).map((ref): GroupAnswer => {
    const leading = routesAt(ref.routes);
    const least = (time: (route: Route) => number): number => Math.min(...leading.map(time));
    return {
      ref,
      routes: leading,
      groupWaitMs: least((route) => route.groupWaitMs),
      groupIntervalMs: least((route) => route.groupIntervalMs),
      repeatIntervalMs: least((route) => route.repeatIntervalMs),
    };
  });
  const receivers = [...new Set(routes.map(({ receiver }) => receiver))];
  return { heartbeats, routes, receivers, groups };
}
