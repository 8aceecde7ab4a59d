import { Temporal } from 'temporal-polyfill';
import { wallClockRule } from '../release/freeze.ts';
import { untilMs } from '../release/rrule-text.ts';
import type { Span } from './span.ts';
import { whenShown } from './zone-clock.ts';

const DAY_MS = 86_400_000;

/** How far to look for a first time; 29 February is 8 years away where a century has none. */
const FIRST_REACHES_MS = [3 * DAY_MS, 400 * DAY_MS, 3660 * DAY_MS];

/** Is there once. */
export interface OnceEvent {
  readonly kind: 'once';
  readonly persons: readonly string[];
  readonly priority: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Begins again and again: RFC 5545, on the clocks of a zone. */
export interface RecurringEvent {
  readonly kind: 'recurring';
  readonly persons: readonly string[];
  readonly priority: number;
  /** Upper case, without DTSTART: that is `startsLocal`. */
  readonly rrule: string;
  /** `2026-01-05T09:00`; nothing begins before it. */
  readonly startsLocal: string;
  readonly timeZone: string;
  /** It lasts so long on the clock on the wall, and then `elapsedMs` of elapsed time. */
  readonly clockMs: number;
  readonly elapsedMs: number;
  /** Beginnings that are left out: local times, or days (`2026-04-03`) with all of theirs. */
  readonly exceptLocal: readonly string[];
}

/** One entry of a calendar; plain JSON. Of those at one time, the highest priority counts. */
export type CalendarEvent = OnceEvent | RecurringEvent;

/** When an event takes place, as far as that is within a time or reaches into it; in order. */
export function timesOf(event: CalendarEvent, fromMs: number, toMs: number): readonly Span[] {
  switch (event.kind) {
    case 'once':
      return overlapping([event], fromMs, toMs);
    case 'recurring':
      return overlapping(recurrences(event, fromMs, toMs), fromMs, toMs);
    default:
      return event satisfies never;
  }
}

/** The first time that a rule gives; `undefined` where there is none within 10 years. */
export function firstBeginning(event: RecurringEvent): Temporal.PlainDateTime | undefined {
  const startMs = wallMs(Temporal.PlainDateTime.from(event.startsLocal));
  for (const reachMs of FIRST_REACHES_MS) {
    const [first] = beginnings(event, startMs, startMs + reachMs);
    if (first !== undefined) return first;
  }
  return undefined;
}

/** Parts of a rule that do not go together, in the words of the library. */
export function ruleContradiction(event: RecurringEvent): string | undefined {
  try {
    wallClockRule(event);
    return undefined;
  } catch (error) {
    return `is no rule of RFC 5545: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function recurrences(event: RecurringEvent, fromMs: number, toMs: number): readonly Span[] {
  const { rrule, timeZone, clockMs, elapsedMs, exceptLocal } = event;
  const lastMs = Math.min(toMs, untilMs(rrule, timeZone));
  // A day more on either side is more than any zone's offset; Samoa has left out a whole day.
  const backMs = clockMs + elapsedMs + 3 * DAY_MS;
  if (lastMs < fromMs - backMs) return [];
  return beginnings(event, fromMs - backMs, lastMs + 2 * DAY_MS)
    .filter((local) => !exceptLocal.some((exception) => local.toString().startsWith(exception)))
    .map((local) => ({
      fromMs: whenShown(local, timeZone, 'first'),
      toMs: endMs(local, event),
    }))
    .filter((span) => span.fromMs <= lastMs && span.fromMs < span.toMs);
}

/** A time that is read from the clock ends with the last of two; so nobody is left without. */
function endMs(
  local: Temporal.PlainDateTime,
  { timeZone, clockMs, elapsedMs }: RecurringEvent,
): number {
  if (clockMs === 0) return whenShown(local, timeZone, 'first') + elapsedMs;
  return whenShown(local.add({ milliseconds: clockMs }), timeZone, 'last') + elapsedMs;
}

/**
 * The rule is followed on the clock on the wall, as if that were UTC, and each time is then looked
 * up in the zone: so no beginning is left out because clocks skip it, and none comes twice.
 */
function beginnings(
  event: RecurringEvent,
  fromWallMs: number,
  toWallMs: number,
): readonly Temporal.PlainDateTime[] {
  return wallClockRule(event)
    .between(new Date(fromWallMs), new Date(toWallMs), true)
    .map(({ epochMilliseconds }) =>
      Temporal.Instant.fromEpochMilliseconds(epochMilliseconds)
        .toZonedDateTimeISO('UTC')
        .toPlainDateTime(),
    );
}

function wallMs(local: Temporal.PlainDateTime): number {
  return local.toZonedDateTime('UTC').epochMilliseconds;
}

function overlapping(spans: readonly Span[], fromMs: number, toMs: number): readonly Span[] {
  return spans.filter((span) => span.fromMs < toMs && span.toMs > fromMs);
}
