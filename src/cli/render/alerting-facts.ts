import { destinationText } from '../../domain/alerting/group-key.ts';
import { formatMatcher } from '../../domain/alerting/matcher.ts';
import type { Route } from '../../domain/alerting/routes.ts';
import type { GroupAnswer } from '../../domain/alerting/where-to.ts';
import { formatDuration } from '../../domain/quantity.ts';
import type { Then } from './alerting-routes.ts';

type Times = Pick<Route, 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs'>;

/** A route for `--json`, as the file would write it with all that it inherits. */
export function routeFacts(route: Route) {
  const { path, matchers, receiver, groupBy, storm, onAlert } = route;
  return {
    path,
    matchers: matchers.map(formatMatcher),
    continue: route.goesOn,
    receiver,
    groupBy: groupBy === 'all' ? ['...'] : groupBy,
    ...timeFacts(route),
    muteTimeIntervals: route.mutedIn,
    activeTimeIntervals: route.activeIn,
    storm: storm === null ? null : { above: storm.above, within: formatDuration(storm.withinMs) },
    onAlert,
    serviceLabel: onAlert === null ? null : route.serviceLabel,
  };
}

export function groupFacts({ ref, routes, ...times }: GroupAnswer) {
  return {
    to: destinationText(ref.destination),
    labels: ref.labels,
    key: ref.key,
    routes: routes.map(({ path }) => path),
    ...timeFacts(times),
  };
}

/** Whether a group is muted at the time that was asked for, and when it may not be any more. */
export function mutedFacts({ ref }: GroupAnswer, then: Then | null) {
  if (then === null) return {};
  const untilMs = then.muted.get(ref.key)?.untilMs;
  const mutedUntil =
    untilMs === undefined || untilMs === Infinity ? null : new Date(untilMs).toISOString();
  return { at: new Date(then.atMs).toISOString(), isMuted: untilMs !== undefined, mutedUntil };
}

interface TreeFacts extends ReturnType<typeof routeFacts> {
  readonly routes: readonly TreeFacts[];
}

/** The whole tree; null where there is no route at that place. */
export function routeTree(routes: readonly Route[], at = 0): TreeFacts | null {
  const route = routes[at];
  if (route === undefined) return null;
  const below = route.children.flatMap((child) => routeTree(routes, child) ?? []);
  return { ...routeFacts(route), routes: below };
}

function timeFacts({ groupWaitMs, groupIntervalMs, repeatIntervalMs }: Times) {
  return {
    groupWait: formatDuration(groupWaitMs),
    groupInterval: formatDuration(groupIntervalMs),
    repeatInterval: formatDuration(repeatIntervalMs),
  };
}
