import { inhibitedBy } from './inhibition.ts';
import type { Labels } from './labels.ts';
import type { Route } from './routes.ts';
import { type Draft, inhibitors } from './shard-draft.ts';
import type { HeldBy } from './shard-state.ts';
import { silences } from './silence.ts';

/** What holds the pages of an alert back now; null, nothing. */
export function heldBack(draft: Draft, labels: Labels, routes: readonly number[]): HeldBy | null {
  if (inhibitedBy(inhibitors(draft), labels) !== null) return 'inhibition';
  if (areMuted(draft, routes)) return 'mute';
  for (const silence of draft.silences.values()) {
    if (silences(silence, labels, draft.nowMs)) return 'silence';
  }
  return null;
}

/** A moment, as clocks show it where a configuration says. */
export type Moment = Pick<Draft, 'clocks' | 'configuration' | 'nowMs'>;

/** Whether the time of day holds back what all of these routes lead to. */
export function areMuted(moment: Moment, routes: readonly number[]): boolean {
  return (
    routes.length > 0 && routes.every((at) => isMuted(moment, moment.configuration.routes[at]))
  );
}

function isMuted({ clocks, configuration, nowMs }: Moment, route: Route | undefined): boolean {
  if (route === undefined) return false;
  const isNow = (name: string): boolean => {
    const interval = configuration.timeIntervals[name];
    return interval !== undefined && clocks.isIn(interval, nowMs);
  };
  const isActive = route.activeIn.length === 0 || route.activeIn.some(isNow);
  return !isActive || route.mutedIn.some(isNow);
}

/** When the mute times of these routes may have ended. */
export function mutedUntil(moment: Moment, routes: readonly number[]): number {
  const { clocks, configuration, nowMs } = moment;
  const names = routes.flatMap((at) => {
    const route = configuration.routes[at];
    return route === undefined ? [] : [...route.mutedIn, ...route.activeIn];
  });
  const changes = [...new Set(names)].map((name) => {
    const interval = configuration.timeIntervals[name];
    return interval === undefined ? Infinity : clocks.changesAt(interval, nowMs);
  });
  return Math.min(...changes);
}
