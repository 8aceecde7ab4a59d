import { z } from 'zod';
import {
  DURATION_PATTERN,
  PERCENT_PATTERN,
  RATE_PATTERN,
  SIZE_PATTERN,
  durationMs,
  ratePerSecond,
  ratioOfPercent,
  sizeBytes,
} from '../quantity.ts';

const MAX_DURATION_MS = 30 * 86_400_000;
const RATE_MAX = 1_000_000_000;

/** Becomes milliseconds; at most 30 days. */
export const duration = z
  .string({
    error: (issue) =>
      `a duration is written with its unit, like 90s, 10m or 1h30m${
        typeof issue.input === 'number' ? `: did you mean ${issue.input}s?` : ''
      }`,
  })
  .regex(DURATION_PATTERN, {
    error: (issue) =>
      `"${issue.input}" is not a duration: write it like 90s, 10m or 1h30m${
        /^\d+$/.test(issue.input ?? '') ? `, for example ${issue.input}s` : ''
      }`,
    abort: true,
  })
  .transform((text, context) => {
    const ms = durationMs(text);
    if (ms !== undefined && ms <= MAX_DURATION_MS) return ms;
    context.addIssue({
      code: 'custom',
      message: `${text} is longer than 30d, the most that is taken`,
    });
    return z.NEVER;
  });

/** A duration above zero. */
export const positiveDuration = duration.refine((ms) => ms > 0, 'must be longer than 0s');

const DAY_MS = 86_400_000;

/** Of what a worker itself waits for. Its timers end at 24 days: more would be no time at all. */
export const waitingTime = positiveDuration.refine((ms) => ms <= DAY_MS, 'must be at most 1d');

/** Becomes bytes. */
export const size = z
  .string('a size is written with its unit, like 512MiB or 1GB')
  .regex(SIZE_PATTERN, {
    error: (issue) => `"${issue.input}" is not a size: write it like 512MiB or 1GB`,
    abort: true,
  })
  .transform((text) => sizeBytes(text) ?? 0)
  .refine((bytes) => bytes > 0, 'must be more than 0')
  .refine((bytes) => Number.isSafeInteger(bytes), 'is more than any machine has');

/** `1%` or `0.01`; becomes 0–1. A bare number above 1 is refused, as it could mean either. */
export const ratio = z
  .union(
    [z.number().min(0), textLike(PERCENT_PATTERN, 'a share is written like 1% or 0.01')],
    'a share is written like 1% or 0.01',
  )
  .transform((written, context) => {
    const value = typeof written === 'number' ? written : (ratioOfPercent(written) ?? 0);
    if (value <= 1) return value;
    context.addIssue({
      code: 'custom',
      message:
        typeof written === 'number'
          ? `${written} is above 1: write ${written}% if you mean percent`
          : `${written} is more than 100%`,
    });
    return z.NEVER;
  });

const GROWTH_MAX = 10;

/**
 * `50%`, `200%` or `0.5`; becomes a factor to add (0.5). Percents may exceed 100; a bare number
 * above 1 is refused, as it could mean either.
 */
export const growth = z
  .union(
    [
      z
        .number()
        .min(0)
        .max(1, {
          error: ({ input }) => `${input} is above 1: write ${input}% if you mean percent`,
        }),
      textLike(PERCENT_PATTERN, 'growth is written like 50% or 0.5'),
    ],
    'growth is written like 50% or 0.5',
  )
  .transform((written) => (typeof written === 'number' ? written : (ratioOfPercent(written) ?? 0)))
  .refine((factor) => factor <= GROWTH_MAX, `is more than ${GROWTH_MAX * 100}%`);

/** `20/s`, `600/m`, or a bare number that means requests a second; becomes requests a second. */
export const rate = z
  .union(
    [z.number().min(0), textLike(RATE_PATTERN, 'a rate is written like 20/s or 600/m')],
    'a rate is written like 20/s or 600/m (a bare number means requests a second)',
  )
  .transform((written) => (typeof written === 'number' ? written : (ratePerSecond(written) ?? 0)))
  .refine((perSecond) => perSecond <= RATE_MAX, `is more than ${RATE_MAX}/s`);

/** A whole number of percents from 0 to 100: `10`, or `10%`. */
export const wholePercent = z
  .union(
    [
      z.number().int().min(0).max(100),
      textLike(/^(100|\d{1,2})%$/, 'a whole number of percents is written like 10 or 10%'),
    ],
    'a whole number of percents is written like 10 or 10%',
  )
  .transform((written) => (typeof written === 'number' ? written : Number(written.slice(0, -1))));

/** Text of a form; wrong text is repeated beside what is right. */
function textLike(pattern: RegExp, right: string) {
  return z.string().regex(pattern, { error: ({ input }) => `"${input}": ${right}` });
}
