import type { Configuration } from './alerting-file.ts';
import { type Destination, type GroupRef, groupRef } from './group-key.ts';
import { type Labels, sortedLabels } from './labels.ts';
import { matchesAll } from './matcher.ts';
import type { Receiver } from './alerting.schema.ts';
import type { Route } from './routes.ts';

/**
 * The routes that take an alert, by their places: of a route's children the first that matches, and
 * those after it as long as each says `continue`; the route itself where none does. As in
 * Alertmanager, the root takes what nobody else takes.
 */
export function routesFor(routes: readonly Route[], labels: Labels): readonly number[] {
  return takenBy(routes, 0, labels);
}

function takenBy(routes: readonly Route[], at: number, labels: Labels): readonly number[] {
  const route = routes[at];
  if (route === undefined || !matchesAll(route.matchers, labels)) return [];
  const taken: number[] = [];
  for (const child of route.children) {
    const below = takenBy(routes, child, labels);
    taken.push(...below);
    if (below.length > 0 && routes[child]?.goesOn !== true) break;
  }
  return taken.length > 0 ? taken : [at];
}

/** Where a receiver pages, one after the other. */
export function destinationsOf({ channels, policy }: Receiver): readonly Destination[] {
  const all = channels.map((name): Destination => ({ kind: 'channel', name }));
  return policy === undefined ? all : [...all, { kind: 'policy', name: policy }];
}

/** The labels that an alert's group is known by. */
export function groupLabels({ groupBy }: Pick<Route, 'groupBy'>, labels: Labels): Labels {
  return Object.fromEntries(
    sortedLabels(labels).filter(([name]) => groupBy === 'all' || groupBy.includes(name)),
  );
}

/**
 * The groups that an alert belongs to: one for each destination and set of group labels, whatever
 * number of routes lead there.
 */
export function groupsFor(configuration: Configuration, labels: Labels): readonly GroupRef[] {
  const found = new Map<string, GroupRef>();
  for (const at of routesFor(configuration.routes, labels)) {
    const route = configuration.routes[at];
    const receiver = route === undefined ? undefined : configuration.receivers[route.receiver];
    if (route === undefined || receiver === undefined) continue;
    for (const destination of destinationsOf(receiver)) {
      const ref = groupRef(destination, groupLabels(route, labels), [at]);
      const before = found.get(ref.key);
      found.set(ref.key, before === undefined ? ref : { ...ref, routes: [...before.routes, at] });
    }
  }
  return [...found.values()];
}
