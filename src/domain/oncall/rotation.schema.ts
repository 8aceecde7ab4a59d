import { z } from 'zod';
import { localTime } from '../release/time-zone.schema.ts';

const LENGTH_MAX = 9000;

/** Turns of equal length on the clocks of a zone, one after the other. */
export const rotation = z
  .strictObject({
    every: z
      .enum(['hourly', 'daily', 'weekly', 'monthly'])
      .describe(
        'The unit of a turn. Hours are elapsed time; the others are read from the calendar.',
      ),
    length: z
      .number()
      .int()
      .min(1, 'a turn lasts at least 1')
      .max(LENGTH_MAX, `a turn lasts at most ${LENGTH_MAX}`)
      .default(1)
      .describe('How many of these units a turn lasts.'),
    starts: localTime.describe(
      'The first hand-off, local time. Its time of day, its weekday or its day of the month is ' +
        'that of all others; nobody is on call before.',
    ),
  })
  .transform(({ every, length, starts }) => ({ every, length, startsLocal: starts }));

export type Rotation = z.output<typeof rotation>;
