import type { Configuration } from './alerting-file.ts';
import type { Route } from './routes.ts';
import type { Draft } from './shard-draft.ts';
import { change } from './shard-draft.ts';
import type { Group } from './shard-state.ts';

export interface Timing {
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly sendResolved: boolean;
}

/** Of all routes that lead to a group the shortest times; where none does any more, the root's. */
export function timingOf(configuration: Configuration, { members }: Group): Timing {
  const places = new Set([...members.values()].flatMap(({ routes }) => routes));
  const found = [...places].map((at) => configuration.routes[at]).filter(isThere);
  const routes = found.length > 0 ? found : configuration.routes.slice(0, 1);
  const least = (time: (route: Route) => number): number => Math.min(...routes.map(time));
  return {
    groupWaitMs: least((route) => route.groupWaitMs),
    groupIntervalMs: least((route) => route.groupIntervalMs),
    repeatIntervalMs: least((route) => route.repeatIntervalMs),
    sendResolved: routes.some(
      ({ receiver }) => configuration.receivers[receiver]?.sendResolved !== false,
    ),
  };
}

function isThere<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}

/** How long an alert waits for others. */
export interface Waiting {
  /** What has been firing for longer than anybody would wait does not wait again. */
  readonly sinceMs: number;
  /** When it was accepted, by the clock of whoever did. */
  readonly receivedAtMs?: number | undefined;
  /** It may have been paged elsewhere, which is known by then. */
  readonly notBeforeMs?: number | undefined;
  /** It was to be paged by then, elsewhere. */
  readonly dueAtMs?: number | undefined;
}

/**
 * The wait begins when an alert is accepted, though it is some time on its way. Clocks may differ: no more
 * of the wait is taken for that than this, and half of it.
 */
const ON_ITS_WAY_MAX_MS = 2000;

/** An alert has come into a group that has not been looked at yet. */
export function flushFirst(
  draft: Draft,
  key: string,
  routes: readonly number[],
  { sinceMs, receivedAtMs = Infinity, notBeforeMs = 0, dueAtMs = Infinity }: Waiting,
): void {
  const group = draft.groups.get(key);
  if (group === undefined || group.flushedAtMs !== null) return;
  const { nowMs, configuration } = draft;
  const waits = routes.map((at) => configuration.routes[at]?.groupWaitMs ?? 0);
  const groupWaitMs = Math.min(...waits);
  const lateMs = Math.max(0, Math.min(nowMs - receivedAtMs, ON_ITS_WAY_MAX_MS, groupWaitMs / 2));
  const waitMs = sinceMs + groupWaitMs < nowMs ? 0 : groupWaitMs - Math.floor(lateMs);
  const wanted = Math.max(Math.min(nowMs + waitMs, dueAtMs), notBeforeMs, nowMs);
  change(draft, key, { flushAtMs: Math.min(group.flushAtMs ?? Infinity, wanted) });
}

/** Something has changed: the group is looked at when its interval allows. */
export function flushSoon(draft: Draft, key: string): void {
  const group = draft.groups.get(key);
  if (group === undefined || group.flushedAtMs === null) return;
  const { groupIntervalMs } = timingOf(draft.configuration, group);
  const next = tickFrom(group.flushedAtMs, groupIntervalMs, draft.nowMs);
  change(draft, key, { flushAtMs: Math.min(group.flushAtMs ?? Infinity, next) });
}

/** What held alerts back has ended: the group is looked at now. */
export function flushNow(draft: Draft, key: string): void {
  if (draft.groups.get(key)?.flushedAtMs !== null) change(draft, key, { flushAtMs: draft.nowMs });
}

/** Looks again when the last page is to be repeated, and not before. */
export function flushForRepeat(draft: Draft, key: string): void {
  const group = draft.groups.get(key);
  if (group === undefined || group.flushedAtMs === null || group.log === null) return;
  if (group.log.firing.length === 0) return;
  if ([...group.members.values()].every(({ routes }) => routes.length === 0)) return;
  const { groupIntervalMs, repeatIntervalMs } = timingOf(draft.configuration, group);
  const next = tickFrom(group.flushedAtMs, groupIntervalMs, group.log.atMs + repeatIntervalMs + 1);
  change(draft, key, { flushAtMs: Math.min(group.flushAtMs ?? Infinity, next) });
}

/** The first multiple of an interval after `anchorMs` that is not before `fromMs`. */
export function tickFrom(anchorMs: number, intervalMs: number, fromMs: number): number {
  const ticks = Math.max(1, Math.ceil((fromMs - anchorMs) / intervalMs));
  return anchorMs + ticks * intervalMs;
}
