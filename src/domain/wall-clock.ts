import { Temporal } from 'temporal-polyfill';

/**
 * When the clocks of a zone show a local time such as `2026-01-02T16:00`, in milliseconds.
 * Special cases, as in RFC 5545 (3.3.5): a time that the clocks skip in spring is taken with the
 * offset before the change, so that 02:30 comes when they show 03:30; of a time that they show
 * twice in autumn, the first is meant.
 */
export function instantOf(local: string, timezone: string): number {
  const time = Temporal.PlainDateTime.from(local);
  return time.toZonedDateTime(timezone, { disambiguation: 'compatible' }).epochMilliseconds;
}

/** Whether there is such a time on such a day; whether a zone's clocks show it is not asked. */
export function isLocalTime(text: string): boolean {
  try {
    Temporal.PlainDateTime.from(text);
    return true;
  } catch {
    return false;
  }
}

/** A name of the IANA database. Offsets such as `+02:00` are none: they know no summer time. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

/** For the suggestion to whoever misspelt one. */
export function timeZones(): readonly string[] {
  return Intl.supportedValuesOf('timeZone');
}
