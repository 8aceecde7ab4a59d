import { type Gap, gapsBetween, shiftsBetween } from './on-call.ts';
import type { Schedule } from './schedule.schema.ts';
import type { Span } from './span.ts';

const DAY_MS = 86_400_000;

/** How far a schedule is looked through for what nobody wants. */
export const REMARKS_AHEAD_MS = 90 * DAY_MS;

/** What is not wrong with a schedule, but hardly meant. */
export type ScheduleRemark =
  | { readonly kind: 'gaps'; readonly gaps: readonly Gap[]; readonly totalMs: number }
  /** Nobody is on call by this layer, because others win or because it is over. */
  | { readonly kind: 'idle_layer'; readonly index: number; readonly layer: string }
  /** Swaps and overrides that change nobody's duty. */
  | { readonly kind: 'idle_change'; readonly path: 'swaps' | 'overrides'; readonly index: number };

/** What a schedule does within the next 90 days that somebody should look at. */
export function remarksOnSchedule(schedule: Schedule, nowMs: number): readonly ScheduleRemark[] {
  const ahead = { fromMs: nowMs, toMs: nowMs + REMARKS_AHEAD_MS };
  const gaps = gapsBetween(schedule, ahead.fromMs, ahead.toMs);
  const totalMs = gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return [
    ...(gaps.length === 0 ? [] : [{ kind: 'gaps' as const, gaps, totalMs }]),
    ...idleLayers(schedule, ahead),
    ...idleChanges(schedule, ahead),
  ];
}

/** Without swaps and overrides, which may hide a layer for a while that is meant to be there. */
function idleLayers(schedule: Schedule, ahead: Span): readonly ScheduleRemark[] {
  const bare = { ...schedule, swaps: [], overrides: [] };
  const seen = new Set(
    shiftsBetween(bare, ahead.fromMs, ahead.toMs).map(({ cause }) => cause.index),
  );
  return schedule.layers.flatMap(({ name }, index) =>
    seen.has(index) ? [] : [{ kind: 'idle_layer' as const, index, layer: name }],
  );
}

function idleChanges(schedule: Schedule, ahead: Span): readonly ScheduleRemark[] {
  const remarks = (path: 'swaps' | 'overrides'): readonly ScheduleRemark[] =>
    schedule[path].flatMap(({ fromMs, toMs }, index) => {
      if (fromMs < ahead.fromMs || toMs > ahead.toMs) return [];
      const without = { ...schedule, [path]: schedule[path].filter((_, at) => at !== index) };
      const isSame = dutyText(schedule, fromMs, toMs) === dutyText(without, fromMs, toMs);
      return isSame ? [{ kind: 'idle_change' as const, path, index }] : [];
    });
  return [...remarks('swaps'), ...remarks('overrides')];
}

function dutyText(schedule: Schedule, fromMs: number, toMs: number): string {
  const duties = shiftsBetween(schedule, fromMs, toMs);
  return JSON.stringify(duties.map((shift) => [shift.fromMs, shift.toMs, shift.persons]));
}
