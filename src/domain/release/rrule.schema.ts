import { z } from 'zod';

/** The text of a recurrence rule; what it may hold is checked by whoever reads it. */
export const rruleText = z
  .string('a rule is written like FREQ=WEEKLY;BYDAY=FR')
  .min(1)
  .max(500)
  .optional()
  .describe('When it begins, again and again: a recurrence rule of RFC 5545.');
