import { Temporal } from 'temporal-polyfill';

/** Of a time that clocks show twice, when they are set back. */
export type Showing = 'first' | 'last';

/**
 * When the clocks of a zone show a local time, in milliseconds. A time that they skip comes at the
 * moment of the change: whoever is to begin or to end between 2:00 and 3:00 does so when 2:00
 * becomes 3:00. Of a time that they show twice, `showing` is taken.
 */
export function whenShown(
  local: Temporal.PlainDateTime,
  timeZone: string,
  showing: Showing,
): number {
  const disambiguation = showing === 'first' ? 'earlier' : 'later';
  const shown = local.toZonedDateTime(timeZone, { disambiguation });
  if (shown.toPlainDateTime().equals(local)) return shown.epochMilliseconds;
  const before = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  return (before.getTimeZoneTransition('next') ?? shown).epochMilliseconds;
}

/** What the clocks of a zone show at a time. */
export function shownAt(atMs: number, timeZone: string): Temporal.PlainDateTime {
  return zoned(atMs, timeZone).toPlainDateTime();
}

/** `2026-01-05T09:00:00+01:00`: a time as the zone's clocks show it, with their offset. */
export function timeText(atMs: number, timeZone: string): string {
  return zoned(atMs, timeZone).toString({ timeZoneName: 'never' });
}

const WITH_OFFSET = /(?:Z|[+-]\d\d:\d\d)$/i;

/**
 * A time as people write it, in milliseconds: RFC 3339, or what the clocks of a zone show, or a day
 * for its midnight. `undefined` for what is none of these.
 */
export function readTime(text: string, timeZone: string, showing: Showing): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/i.test(text)) {
    return undefined;
  }
  try {
    return WITH_OFFSET.test(text)
      ? Temporal.Instant.from(text).epochMilliseconds
      : whenShown(Temporal.PlainDateTime.from(text), timeZone, showing);
  } catch {
    return undefined;
  }
}

function zoned(atMs: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
}
