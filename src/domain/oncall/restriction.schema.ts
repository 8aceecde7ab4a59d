import { z } from 'zod';
import { DAYS } from '../release/gate-time.schema.ts';

const BETWEEN = /^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;
const OF_WEEK = /^(?:mon|tue|wed|thu|fri|sat|sun) (?:[01]\d|2[0-3]):[0-5]\d$/;

const DAY_MINUTES = 1440;
const WEEK_MINUTES = 7 * DAY_MINUTES;

const timeOfWeek = z
  .string('a time of the week is written like fri 17:00')
  .regex(OF_WEEK, { error: ({ input }) => `"${input}": a time of the week is like fri 17:00` });

/** A stretch of every week: when a layer is on call at all. */
export interface WeeklyHours {
  readonly fromMinuteOfWeek: number;
  /** As the clocks count them: 24 h of a day that has 25. */
  readonly clockMinutes: number;
}

/** One list of keys for both forms, so that whoever mixes them is told which belong together. */
export const restriction = z
  .strictObject({
    between: z
      .string('hours are written like 09:00-17:00')
      .regex(BETWEEN, { error: ({ input }) => `"${input}": hours are written like 09:00-17:00` })
      .optional()
      .describe('Hours of a day. 22:00-06:00 goes past midnight and belongs to the day it begins.'),
    days: z
      .array(z.enum(DAYS))
      .min(1, 'name at least one day')
      .max(DAYS.length)
      .optional()
      .describe('On which these hours begin; default: all.'),
    from: timeOfWeek.optional().describe('Once a week, like fri 17:00.'),
    to: timeOfWeek.optional().describe('When that is over, like mon 09:00.'),
  })
  .transform(({ between, days, from, to }, context): readonly WeeklyHours[] => {
    const tell = (path: string, message: string): typeof z.NEVER => {
      context.addIssue({ code: 'custom', path: [path], message });
      return z.NEVER;
    };
    if (between !== undefined) {
      const foreign = from !== undefined ? 'from' : to !== undefined ? 'to' : undefined;
      if (foreign !== undefined) {
        return tell(foreign, 'does not go with between: write between and days, or from and to');
      }
      const [begins, ends] = [minuteOfDay(between.slice(0, 5)), minuteOfDay(between.slice(6))];
      if (begins === ends) {
        return tell('between', 'ends when it begins: write 00:00-24:00, or from and to');
      }
      const clockMinutes = (ends - begins + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
      return DAYS.flatMap((day, index) =>
        days === undefined || days.includes(day)
          ? [{ fromMinuteOfWeek: index * DAY_MINUTES + begins, clockMinutes }]
          : [],
      );
    }
    if (from === undefined || to === undefined) {
      const missing = from !== undefined ? 'to' : to !== undefined ? 'from' : 'between';
      return tell(missing, 'is missing: write between (and days), or from and to');
    }
    if (days !== undefined) return tell('days', 'goes with between: from and to name their days');
    const clockMinutes = (minuteOfWeek(to) - minuteOfWeek(from) + WEEK_MINUTES) % WEEK_MINUTES;
    if (clockMinutes === 0) {
      return tell(
        'to',
        'ends when it begins, a week later: that restricts nothing, so leave it out',
      );
    }
    return [{ fromMinuteOfWeek: minuteOfWeek(from), clockMinutes }];
  });

function minuteOfWeek(text: string): number {
  const day = DAYS.findIndex((name) => text.startsWith(name));
  return day * DAY_MINUTES + minuteOfDay(text.slice(4));
}

function minuteOfDay(text: string): number {
  const [hours, minutes] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}
