import { z } from 'zod';

export const SCHEDULE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

const FORM = 'a schedule is named by letters, digits and . _ -, at most 64';

/** A key of `schedules`, wherever it is named. */
export const scheduleName = z
  .string(FORM)
  .regex(SCHEDULE_NAME, { error: ({ input }) => `"${input}": ${FORM}` });
