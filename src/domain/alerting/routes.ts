import type { ParsedAlerting } from './alerting.schema.ts';
import type { Matcher } from './matcher.ts';
import type { OnAlert, StormLimit, WrittenRoute } from './route.schema.ts';

/** One route with all that it inherits. Plain JSON. */
export interface Route {
  /** Keys with dots, for people: `route.routes.0`. */
  readonly path: string;
  readonly matchers: readonly Matcher[];
  readonly goesOn: boolean;
  /** Places in the list of all routes. */
  readonly children: readonly number[];
  readonly receiver: string;
  readonly groupBy: 'all' | readonly string[];
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  /** Not inherited. */
  readonly mutedIn: readonly string[];
  readonly activeIn: readonly string[];
  /** `of`: the place of the route that sets it, as all routes below it count together. */
  readonly storm: (StormLimit & { readonly of: number }) | null;
  readonly onAlert: OnAlert | null;
  readonly serviceLabel: string;
}

const MINUTE_MS = 60_000;

/** Alertmanager's. */
const DEFAULTS = {
  receiver: '',
  groupBy: [],
  groupWaitMs: MINUTE_MS / 2,
  groupIntervalMs: 5 * MINUTE_MS,
  repeatIntervalMs: 240 * MINUTE_MS,
  storm: null,
  onAlert: null,
  serviceLabel: 'service',
} as const;

type Inherited = Pick<
  Route,
  | 'receiver'
  | 'groupBy'
  | 'groupWaitMs'
  | 'groupIntervalMs'
  | 'repeatIntervalMs'
  | 'storm'
  | 'onAlert'
  | 'serviceLabel'
>;

/** The tree as a list: its root is the first, each with what it has from its parents. */
export function routesOf(root: ParsedAlerting['route']): readonly Route[] {
  const routes: Route[] = [];
  const add = (written: WrittenRoute, from: Inherited, path: string): number => {
    const at = routes.length;
    const own: Inherited = {
      receiver: written.receiver ?? from.receiver,
      groupBy: written.group_by ?? from.groupBy,
      groupWaitMs: written.group_wait ?? from.groupWaitMs,
      groupIntervalMs: written.group_interval ?? from.groupIntervalMs,
      repeatIntervalMs: written.repeat_interval ?? from.repeatIntervalMs,
      storm: written.storm === undefined ? from.storm : { ...written.storm, of: at },
      onAlert: written.on_alert ?? from.onAlert,
      serviceLabel: written.service_label ?? from.serviceLabel,
    };
    const children: number[] = [];
    routes.push({
      ...own,
      path,
      matchers: written.matchers,
      goesOn: written.continue,
      children,
      mutedIn: written.mute_time_intervals,
      activeIn: written.active_time_intervals,
    });
    for (const [index, child] of written.routes.entries()) {
      children.push(add(child, own, `${path}.routes.${index}`));
    }
    return at;
  };
  add(root, DEFAULTS, 'route');
  return routes;
}
