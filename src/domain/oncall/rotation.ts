import { Temporal } from 'temporal-polyfill';
import type { Rotation } from './rotation.schema.ts';
import { shownAt, whenShown } from './zone-clock.ts';

const HOUR_MS = 3_600_000;

/**
 * When turn number `turn` begins, counted from 0; negative before the start. It is found from the
 * start alone, never from the turn before, so that the 31st is back after a shorter month and 2:30
 * after the night that skips it. A month without the day has its hand-off on its last day.
 */
export function handOffMs(rotation: Rotation, timeZone: string, turn: number): number {
  const starts = Temporal.PlainDateTime.from(rotation.startsLocal);
  const units = turn * rotation.length;
  switch (rotation.every) {
    case 'hourly':
      return whenShown(starts, timeZone, 'first') + units * HOUR_MS;
    case 'daily':
      return whenShown(starts.add({ days: units }), timeZone, 'first');
    case 'weekly':
      return whenShown(starts.add({ weeks: units }), timeZone, 'first');
    case 'monthly':
      return whenShown(starts.add({ months: units }), timeZone, 'first');
    default:
      return rotation.every satisfies never;
  }
}

/**
 * The turn that a time is in: the last whose hand-off is not after it. The clock on the wall gives
 * it but for one or two turns, so that it costs the same years after the start.
 */
export function turnAt(rotation: Rotation, timeZone: string, atMs: number): number {
  let turn = Math.floor(unitsUntil(rotation, timeZone, atMs) / rotation.length);
  while (handOffMs(rotation, timeZone, turn) > atMs) turn -= 1;
  while (handOffMs(rotation, timeZone, turn + 1) <= atMs) turn += 1;
  return turn;
}

/** Whole units from the start, give or take one. */
function unitsUntil({ every, startsLocal }: Rotation, timeZone: string, atMs: number): number {
  const starts = Temporal.PlainDateTime.from(startsLocal);
  const now = shownAt(atMs, timeZone);
  switch (every) {
    case 'hourly':
      return Math.floor((atMs - whenShown(starts, timeZone, 'first')) / HOUR_MS);
    case 'daily':
      return starts.until(now, { largestUnit: 'days' }).days;
    case 'weekly':
      return starts.until(now, { largestUnit: 'weeks' }).weeks;
    case 'monthly':
      return (now.year - starts.year) * 12 + now.month - starts.month;
    default:
      return every satisfies never;
  }
}
