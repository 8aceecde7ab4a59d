import { z } from 'zod';
import { nearest } from '../document/nearest.ts';
import { timeZone } from '../release/time-zone.schema.ts';

const PARTS_MAX = 50;

/** In the order of Alertmanager's numbers, from 0. */
const WEEKDAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;

/** From 1. */
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

/** Both ends belong to it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** From the text of one end to its number, or what is wrong with it. */
type ReadEnd = (text: string) => number | string;

function numberIn(from: number, to: number, what: string): ReadEnd {
  return (text) => {
    const number = Number(text);
    return /^-?\d+$/.test(text) && number >= from && number <= to && number !== 0
      ? number
      : `"${text}" is no ${what}: write a number from ${from} to ${to}`;
  };
}

function nameOf(names: readonly string[], base: number, what: string): ReadEnd {
  return (text) => {
    const at = names.indexOf(text.toLowerCase());
    if (at >= 0) return at + base;
    const near = names.find((name) => name.startsWith(text.toLowerCase())) ?? nearest(text, names);
    const instead = near === undefined || text === '' ? `one like ${names[1]}` : near;
    return `"${text}" is no ${what}: write ${instead}`;
  };
}

function eitherOf(number: ReadEnd, name: ReadEnd): ReadEnd {
  return (text) => (/^-?\d/.test(text) ? number(text) : name(text));
}

/** `a` or `a:b`; `isInOrder` may know more than the numbers say. */
function range(read: ReadEnd, isInOrder: (span: Range) => boolean) {
  return z.union([z.string(), z.number()]).transform((written, context): Range => {
    const fail = (message: string): never => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    const ends = String(written).split(':');
    if (ends.length > 2) return fail(`"${written}": a range has two ends, like a:b`);
    const [from, to = from] = ends.map((end) => read(end.trim()));
    if (typeof from === 'string') return fail(from);
    if (typeof to === 'string') return fail(to);
    if (from === undefined || to === undefined) return fail('is empty');
    return isInOrder({ from, to })
      ? { from, to }
      : fail(`"${written}" ends before it begins: write two ranges instead`);
  });
}

const ascending = ({ from, to }: Range): boolean => from <= to;

/** Days below 0 count from the end of a month, -1 being its last; of a long one, to compare them. */
function daysAscend({ from, to }: Range): boolean {
  if (from < 0 && to > 0) return false;
  return (from < 0 ? 32 + from : from) <= (to < 0 ? 32 + to : to);
}

const CLOCK = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;

/** Becomes minutes of the day. */
const clock = z
  .string('a time of day is written like 09:30, in quotes')
  .regex(CLOCK, {
    error: ({ input }) => `"${input}": a time of day is written like 09:30`,
    abort: true,
  })
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const times = z
  .strictObject({ start_time: clock, end_time: clock.describe('24:00 is the end of a day.') })
  .refine((span) => span.start_time < span.end_time, {
    message: 'ends before it begins: for hours over midnight write two, with 24:00 and 00:00',
  })
  .transform(({ start_time: fromMinute, end_time: toMinute }) => ({ fromMinute, toMinute }));

const list = <One extends z.ZodType>(one: One) => z.array(one).min(1).max(PARTS_MAX).optional();

const interval = z
  .strictObject({
    times: list(times),
    weekdays: list(range(nameOf(WEEKDAYS, 0, 'weekday'), ascending)).describe(
      "['monday:friday', 'sunday']; a week begins with sunday.",
    ),
    days_of_month: list(range(numberIn(-31, 31, 'day of a month'), daysAscend)).describe(
      "['1:5', '-3:-1']; -1 is the last day of a month.",
    ),
    months: list(
      range(eitherOf(numberIn(1, 12, 'month'), nameOf(MONTHS, 1, 'month')), ascending),
    ).describe("['january:march', '12']."),
    years: list(range(numberIn(1, 9999, 'year'), ascending)).describe("['2026:2028']."),
    location: timeZone.default('UTC').describe('Whose clocks and calendar are meant.'),
  })
  .transform(({ days_of_month: daysOfMonth, ...rest }) => ({ ...rest, daysOfMonth }));

/** One entry of `time_intervals`: a time is in it that is in any of these, so none is in none. */
export const timeInterval = z.array(interval).max(PARTS_MAX);

export type TimeInterval = z.output<typeof timeInterval>;
export type IntervalPart = TimeInterval[number];
