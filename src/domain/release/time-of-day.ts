import { Temporal } from 'temporal-polyfill';
import type { TimeOfDay, Weekday } from './gate-time.schema.ts';

/** Clocks skip the hours of a gate on one day of a year; more than a month is never needed. */
const DAYS_AHEAD_MAX = 31;

/**
 * When the gate is next open: `atMs` itself where it is open then, else its next opening.
 *
 * It is open while the clocks of its zone show one of its hours. So where they skip the time that
 * it opens at, it opens with the change; where they skip all of its hours, not on that day; and
 * what they show twice is open twice.
 */
export function opensAt(spec: TimeOfDay, atMs: number): number {
  if (isOpen(spec, atMs)) return atMs;
  const today = zoned(spec, atMs).toPlainDate();
  for (let days = 0; days <= DAYS_AHEAD_MAX; days += 1) {
    const opening = candidatesOn(spec, today.add({ days })).find(
      (ms) => ms > atMs && isOpen(spec, ms),
    );
    if (opening !== undefined) return opening;
  }
  throw new RangeError(`the gate does not open within ${DAYS_AHEAD_MAX} days from ${atMs}`);
}

function isOpen(spec: TimeOfDay, atMs: number): boolean {
  const { fromMinuteOfDay: from, toMinuteOfDay: to } = spec;
  const now = zoned(spec, atMs);
  const minute = now.hour * 60 + now.minute;
  const today = now.toPlainDate();
  if (from < to) return from <= minute && minute < to && opensOn(spec, today);
  if (minute >= from) return opensOn(spec, today);
  return minute < to && opensOn(spec, today.subtract({ days: 1 }));
}

function opensOn({ days }: TimeOfDay, date: Temporal.PlainDate): boolean {
  const names: Readonly<Record<number, Weekday>> = {
    1: 'mon',
    2: 'tue',
    3: 'wed',
    4: 'thu',
    5: 'fri',
    6: 'sat',
    7: 'sun',
  };
  const name = names[date.dayOfWeek];
  return name !== undefined && days.includes(name);
}

/** All times of a day at which a shut gate can open, in order: its hour, or a change of clocks. */
function candidatesOn(spec: TimeOfDay, date: Temporal.PlainDate): readonly number[] {
  const hour = Math.floor(spec.fromMinuteOfDay / 60);
  const opening = date.toPlainDateTime({ hour, minute: spec.fromMinuteOfDay % 60 });
  const candidates = (['earlier', 'later'] as const).map(
    (disambiguation) =>
      opening.toZonedDateTime(spec.timezone, { disambiguation }).epochMilliseconds,
  );
  const midnight = date.toZonedDateTime(spec.timezone);
  const change = midnight.subtract({ seconds: 1 }).getTimeZoneTransition('next');
  if (change !== null && change.epochMilliseconds <= midnight.add({ days: 1 }).epochMilliseconds) {
    candidates.push(change.epochMilliseconds);
  }
  return candidates.toSorted((one, other) => one - other);
}

function zoned({ timezone }: TimeOfDay, atMs: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timezone);
}
