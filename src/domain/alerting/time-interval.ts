import { Temporal } from 'temporal-polyfill';
import { whenShown } from '../oncall/zone-clock.ts';
import type { IntervalPart, Range, TimeInterval } from './time-interval.schema.ts';

const DAY_MS = 86_400_000;
/** Further changes are not looked for: it is looked again then. */
const DAYS_AHEAD_MAX = 35;
const STRETCH_DAYS = 5;

/** Alertmanager's meaning: every part that is named must hold, on the clocks of its location. */
export function isIn(interval: TimeInterval, atMs: number): boolean {
  return interval.some((part) => holds(part, atMs));
}

/**
 * When it is next worth asking again after `atMs`: at the first change between in and out, and
 * after 35 days at the latest.
 */
export function changesAt(interval: TimeInterval, atMs: number): number {
  const now = isIn(interval, atMs);
  const horizonMs = atMs + DAYS_AHEAD_MAX * DAY_MS;
  for (let from = 0; from < DAYS_AHEAD_MAX; from += STRETCH_DAYS) {
    const untilMs = Math.min(horizonMs, atMs + (from + STRETCH_DAYS) * DAY_MS);
    // The days of locations overlap: those of two more, so that none of the stretch is missing.
    const days = Array.from({ length: STRETCH_DAYS + 3 }, (_, at) => from - 1 + at);
    const change = days
      .flatMap((day) => edgesOn(interval, atMs, day))
      .toSorted((one, other) => one - other)
      .find((ms) => ms > atMs && ms < untilMs && isIn(interval, ms) !== now);
    if (change !== undefined) return change;
  }
  return horizonMs;
}

/** What the clocks show on a day, so many days on, at which a part may begin or end. */
function edgesOn(interval: TimeInterval, atMs: number, days: number): readonly number[] {
  const edges = interval.flatMap(({ times, location }) => {
    const date = zoned(atMs, location).toPlainDate().add({ days });
    const minutes = new Set([0, ...(times ?? []).flatMap((one) => [one.fromMinute, one.toMinute])]);
    const midnight = date.toZonedDateTime(location);
    const change = midnight.subtract({ seconds: 1 }).getTimeZoneTransition('next');
    const shown = [...minutes].flatMap((minute) => {
      const local = date.toPlainDateTime().add({ minutes: minute });
      return (['first', 'last'] as const).map((showing) => whenShown(local, location, showing));
    });
    // Where clocks are set back or forward, the minutes that they show begin or end with that.
    const changeMs = change?.epochMilliseconds ?? Infinity;
    const isThatDay = changeMs <= midnight.add({ days: 1 }).epochMilliseconds;
    return isThatDay ? [...shown, changeMs] : shown;
  });
  return [...new Set(edges)];
}

function holds(part: IntervalPart, atMs: number): boolean {
  const { times, weekdays, daysOfMonth, months, years, location } = part;
  const shown = zoned(atMs, location);
  const minute = shown.hour * 60 + shown.minute;
  const within = (ranges: readonly Range[] | undefined, value: number): boolean =>
    ranges === undefined || ranges.some(({ from, to }) => from <= value && value <= to);
  return (
    (times === undefined ||
      times.some(({ fromMinute, toMinute }) => fromMinute <= minute && minute < toMinute)) &&
    (daysOfMonth === undefined || daysOfMonth.some((range) => isOnDay(range, shown))) &&
    within(months, shown.month) &&
    within(weekdays, shown.dayOfWeek % 7) &&
    within(years, shown.year)
  );
}

/** A day that a month does not have is cut to its last one; a range that begins after it is none. */
function isOnDay({ from, to }: Range, { day, daysInMonth }: Temporal.ZonedDateTime): boolean {
  const begin = from < 0 ? daysInMonth + from + 1 : from;
  const end = to < 0 ? daysInMonth + to + 1 : to;
  return begin <= day && day <= end;
}

function zoned(atMs: number, location: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(location);
}
