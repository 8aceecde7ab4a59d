import { randomUUID } from 'node:crypto';
import type { Instance } from '../domain/release/instance.ts';
import { affinityId, userSlot, routeOfSlot } from '../providers/traffic/affinity.ts';
import type { Affinity, Match, Route, TrafficState } from '../providers/traffic/router.ts';
import { type RawHeaders, cookieOf, lastHeader } from './request-headers.ts';

/** Where a live request goes, and why. */
export interface Choice {
  readonly route: Route | undefined;
  /** Whom an affinity has assigned to the route. */
  readonly assigned?: { readonly affinity: string; readonly user: string };
  /** For a user who came without one. */
  readonly setCookie?: string;
}

/** By the first match, else by affinity, else by weight. */
export function chooseRoute(state: TrafficState, raw: RawHeaders, random: () => number): Choice {
  const { routes, matches, affinity } = state;
  const matched = matches === undefined ? undefined : routeOfMatches(routes, matches, raw);
  if (matched !== undefined) return { route: matched };
  if (affinity !== undefined) return chooseByUser(routes, affinity, raw);
  return { route: routeOfSlot(routes, Math.floor(random() * 100)) };
}

function chooseByUser(routes: readonly Route[], affinity: Affinity, raw: RawHeaders): Choice {
  const { cookie, maxAgeS, salt } = affinity;
  const known = cookieOf(raw, cookie);
  const name = known === undefined || known === '' ? randomUUID() : known;
  const { slot, user } = userSlot(salt, Buffer.from(name, 'latin1'));
  return {
    route: routeOfSlot(routes, slot),
    assigned: { affinity: affinityId(salt, routes), user },
    ...(name === known
      ? {}
      : {
          setCookie: `${cookie}=${name}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax`,
        }),
  };
}

function routeOfMatches(
  routes: readonly Route[],
  matches: readonly Match[],
  raw: RawHeaders,
): Route | undefined {
  for (const match of matches) {
    const route = routes.find(({ version }) => version === match.version);
    if (route !== undefined && route.instances.length > 0 && fits(match, raw)) return route;
  }
  return undefined;
}

function fits(match: Match, raw: RawHeaders): boolean {
  const read = match.in === 'header' ? lastHeader : cookieOf;
  const value = read(raw, match.name);
  // Headers come as bytes; the value of a release file is text.
  const wanted = Buffer.from(match.value).toString('latin1');
  switch (match.how) {
    case 'exact':
      return value === wanted;
    case 'prefix':
      return value?.startsWith(wanted) === true;
    case 'present':
      return value !== undefined;
    default:
      return match.how satisfies never;
  }
}

/** The instances of a version in turn. */
export function createTurns() {
  const turns = new Map<string, number>();
  /** Every instance once, beginning with the one whose turn it is. */
  return (service: string, route: Route): readonly Instance[] => {
    const { length } = route.instances;
    if (length === 0) return [];
    const key = `${service}/${route.version}`;
    const turn = ((turns.get(key) ?? -1) + 1) % length;
    turns.set(key, turn);
    return [...route.instances.slice(turn), ...route.instances.slice(0, turn)];
  };
}
