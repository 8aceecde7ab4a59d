import { Temporal } from 'temporal-polyfill';
import { instantOf } from '../wall-clock.ts';
import type { IcalCalendar, IcalProperty } from './ical-text.ts';
import { zoneOf } from './ical-zone.ts';
import { shownAt } from './zone-clock.ts';

/** A value of DTSTART and the like. */
export interface IcalTime {
  readonly local: Temporal.PlainDateTime;
  readonly timeZone: string;
  /** A day without a time of day; then `local` is its midnight. */
  readonly isDay: boolean;
  /** As RFC 5545 (3.3.5) reads it, where clocks skip a time or show it twice. */
  readonly atMs: number;
}

/** How long an event lasts: on the clock on the wall, and then in elapsed time. */
export interface IcalLength {
  readonly clockMs: number;
  readonly elapsedMs: number;
}

/** Wrong with a part of an event; the message is for whoever wrote the calendar. */
export class IcalFlaw extends Error {
  override readonly name = 'IcalFlaw';
}

const DAY_MS = 86_400_000;
const YEARS = /^20\d\d$/;

/** Every value of a property that is a time. Times without a zone are of `floatingZone`. */
export function timesIn(
  property: IcalProperty,
  calendar: IcalCalendar,
  floatingZone: string,
): readonly IcalTime[] {
  return property.values.map((value) => timeOf(value, property, calendar, floatingZone));
}

/** One value, which may be an end of a period. */
export function timeOf(
  value: string,
  { name, parameters }: IcalProperty,
  calendar: IcalCalendar,
  floatingZone: string,
): IcalTime {
  const what = name.toUpperCase();
  const isDay = !value.includes('T');
  const zone = value.endsWith('Z') ? 'UTC' : namedZone(parameters.tzid, calendar, floatingZone);
  const local = localOf(value);
  if (local === undefined) throw new IcalFlaw(`${what}: ${value} is no time of a calendar`);
  if (!YEARS.test(String(local.year))) {
    throw new IcalFlaw(`${what}: ${value} is not from 2000 to 2099`);
  }
  return { local, timeZone: zone, isDay, atMs: instantOf(local.toString(), zone) };
}

function localOf(value: string): Temporal.PlainDateTime | undefined {
  try {
    return Temporal.PlainDateTime.from(value.replace(/Z$/, ''));
  } catch {
    return undefined;
  }
}

function namedZone(tzid: string | undefined, calendar: IcalCalendar, floatingZone: string): string {
  if (tzid === undefined) return floatingZone;
  const zone = zoneOf(tzid, calendar);
  if (zone !== undefined) return zone;
  throw new IcalFlaw(`TZID=${tzid} names no time zone: write one like Europe/Berlin`);
}

/** What the clocks of a zone show at a time. */
export function shownIn(time: IcalTime, timeZone: string): Temporal.PlainDateTime {
  return time.timeZone === timeZone ? time.local : shownAt(time.atMs, timeZone);
}

/**
 * How long it is from DTSTART to DTEND on the clock on the wall: calendars show an event that
 * recurs from 22:00 to 6:00 as such also in the night that has an hour more.
 */
export function lengthUntil(start: IcalTime, end: IcalTime): IcalLength {
  const local = shownIn(end, start.timeZone);
  return { clockMs: start.local.until(local).total('milliseconds'), elapsedMs: 0 };
}

/** DURATION: weeks and days are of the calendar, what is less is elapsed time (RFC 5545, 3.3.6). */
export function lengthOf(duration: string): IcalLength {
  const parts =
    /^P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?$/;
  const found = parts.exec(duration.replace(/^\+/, ''));
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] =
    found?.slice(1).map((part) => Number(part ?? 0)) ?? [];
  const clockMs = (weeks * 7 + days) * DAY_MS;
  const elapsedMs = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  if (clockMs + elapsedMs > 0) return { clockMs, elapsedMs };
  throw new IcalFlaw(`DURATION: ${duration} is no time that something lasts: write it like PT8H`);
}

/** When what begins at a time and lasts so long is over. */
export function endOf(start: IcalTime, { clockMs, elapsedMs }: IcalLength): number {
  if (clockMs === 0) return start.atMs + elapsedMs;
  const local = start.local.add({ milliseconds: clockMs });
  return instantOf(local.toString(), start.timeZone) + elapsedMs;
}
