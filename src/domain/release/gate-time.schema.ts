import { z } from 'zod';
import { timeZone } from './time-zone.schema.ts';

/** Monday first, as ISO 8601 counts them. */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const BETWEEN = /^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;

/** `time` of a gate: the hours of a day within which it is open. */
export const gateTime = z
  .strictObject({
    between: z
      .string('hours are written like 09:00-17:00')
      .regex(BETWEEN, {
        error: ({ input }) => `"${input}": hours are written like 09:00-17:00`,
        abort: true,
      })
      .refine((text) => text.slice(0, 5) !== text.slice(6), {
        error: 'ends when it begins: write 00:00-24:00 for the whole day',
      })
      .describe('Local time. 22:00-04:00 goes past midnight and belongs to the day it begins on.'),
    timezone: timeZone.describe('Whose clocks are meant, like Europe/Berlin.'),
    days: z
      .array(z.enum(DAYS))
      .min(1, 'name at least one day')
      .max(DAYS.length)
      .default([...DAYS])
      .describe('On which it opens.'),
  })
  .transform(({ between, timezone, days }) => ({
    fromMinuteOfDay: minuteOfDay(between.slice(0, 5)),
    /** Less than `fromMinuteOfDay` when the hours go past midnight; 1440 is the end of the day. */
    toMinuteOfDay: minuteOfDay(between.slice(6)),
    timezone,
    days: DAYS.filter((day) => days.includes(day)),
  }));

export type TimeOfDay = z.output<typeof gateTime>;
export type Weekday = (typeof DAYS)[number];

function minuteOfDay(text: string): number {
  const [hours, minutes] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}
