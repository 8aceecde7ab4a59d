import type { Found } from '../document/issues.ts';
import type { Configuration } from './alerting-file.ts';
import { formatMatcher } from './matcher.ts';
import { destinationsOf } from './routing.ts';
import type { Route } from './routes.ts';

/** What a valid file says that is hardly meant. */
export function remarksOnAlerting(configuration: Configuration): readonly Found[] {
  return [
    ...unreached(configuration.routes),
    ...receiversOf(configuration),
    ...intervalsOf(configuration),
  ];
}

/** The names of a paging file that an alerting file may use. */
export interface PagingNames {
  readonly channels: readonly string[];
  readonly policies: readonly string[];
}

/** Channels and policies that the paging file does not have. */
export function missingInPaging(
  { receivers }: Configuration,
  { channels, policies }: PagingNames,
): readonly Found[] {
  return Object.entries(receivers).flatMap(([name, receiver]) => {
    const missing = (path: Found['path'], what: string): Found => ({
      path: ['receivers', name, ...path],
      message: `the paging file has no ${what}`,
    });
    const { policy } = receiver;
    return [
      ...receiver.channels.flatMap((channel, at) =>
        channels.includes(channel) ? [] : [missing(['channels', at], `channel ${channel}`)],
      ),
      ...(policy === undefined || policies.includes(policy)
        ? []
        : [missing(['policy'], `policy ${policy}`)]),
    ];
  });
}

/** Where a route before takes whatever matches, as it asks for less and does not go on. */
function unreached(routes: readonly Route[]): readonly Found[] {
  return routes.flatMap(({ children }) => {
    const siblings = children.flatMap((at) => routes[at] ?? []);
    return siblings.flatMap((route, index): readonly Found[] => {
      const own = new Set(route.matchers.map(formatMatcher));
      const before = siblings
        .slice(0, index)
        .find(
          ({ goesOn, matchers }) => !goesOn && matchers.every((one) => own.has(formatMatcher(one))),
        );
      if (before === undefined) return [];
      const message = `no alert gets here: ${before.path} takes all of them, and does not continue`;
      return [{ path: pathOf(route), message }];
    });
  });
}

function receiversOf({ routes, receivers }: Configuration): readonly Found[] {
  const used = new Set(routes.map(({ receiver }) => receiver));
  return Object.entries(receivers).flatMap(([name, receiver]): readonly Found[] => {
    const path = ['receivers', name];
    if (!used.has(name)) return [{ path, message: 'no route names it' }];
    return destinationsOf(receiver).length > 0
      ? []
      : [{ path, message: 'has neither channels nor a policy: what it gets pages nobody' }];
  });
}

function intervalsOf({ routes, timeIntervals }: Configuration): readonly Found[] {
  const used = new Set(routes.flatMap(({ mutedIn, activeIn }) => [...mutedIn, ...activeIn]));
  return Object.entries(timeIntervals).flatMap(([name, parts]): readonly Found[] => {
    const path = ['time_intervals', name];
    if (!used.has(name)) return [{ path, message: 'no route names it' }];
    return parts.length > 0 ? [] : [{ path, message: 'has no entries: it never is' }];
  });
}

function pathOf({ path }: Route): Found['path'] {
  return path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
