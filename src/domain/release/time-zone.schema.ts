import { z } from 'zod';
import { nearest } from '../document/nearest.ts';
import { isLocalTime, isTimeZone, timeZones } from '../wall-clock.ts';

const LOCAL = /^20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d(?::[0-5]\d)?$/;
const LOCAL_OR_DATE = /^20\d\d-[01]\d-[0-3]\d(?:T[0-2]\d:[0-5]\d)?$/;
const MOMENT = /^20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d(?::[0-5]\d)?(?:Z|[+-][01]\d:[0-5]\d)?$/;

/** A zone of the IANA database. */
export const timeZone = z
  .string('a time zone is written like Europe/Berlin or UTC')
  .max(64)
  .refine(isTimeZone, {
    error: ({ input }) => `"${String(input)}" is no time zone${instead(String(input))}`,
  });

/** A time on the clocks of a zone that stands elsewhere. */
export const localTime = timeLike(LOCAL, 'a local time is written like 2026-01-02T16:00');

/** A local time, or all times of a day. */
export const localTimeOrDate = timeLike(
  LOCAL_OR_DATE,
  'a day or a local time is written like 2026-01-02 or 2026-01-02T16:00',
);

/** A local time, or one that names its own offset. */
export const moment = timeLike(
  MOMENT,
  'a time is written like 2026-12-20T00:00, or with its offset like 2026-12-20T00:00+01:00',
);

function timeLike(pattern: RegExp, right: string) {
  return z
    .string(right)
    .regex(pattern, { error: ({ input }) => `"${input}": ${right}`, abort: true })
    .refine((text) => isLocalTime(text.replace(/(?:Z|[+-]\d\d:\d\d)$/, '')), {
      error: ({ input }) => `${String(input)} is in no calendar: check the day and the hour`,
    });
}

/** Who writes a city or a zone that is misspelt is told the zone. */
function instead(name: string): string {
  const zones = timeZones();
  const city = `/${name.replaceAll(' ', '_')}`.toLowerCase();
  const found =
    zones.find((zone) => zone.toLowerCase().endsWith(city)) ??
    (name.includes('/') ? nearest(name, zones) : undefined);
  return found === undefined ? ': write one like Europe/Berlin or UTC' : `: did you mean ${found}?`;
}
