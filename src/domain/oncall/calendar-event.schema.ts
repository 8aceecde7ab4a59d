import { z } from 'zod';
import { rruleText } from '../release/rrule.schema.ts';
import { positiveDuration } from '../release/quantities.schema.ts';
import { rruleFlaw, untilMs } from '../release/rrule-text.ts';
import { localTime, localTimeOrDate, moment, timeZone } from '../release/time-zone.schema.ts';
import { instantOf } from '../wall-clock.ts';
import {
  type CalendarEvent,
  type OnceEvent,
  type RecurringEvent,
  firstBeginning,
  ruleContradiction,
} from './calendar-event.ts';
import { persons } from './person.schema.ts';
import { readTime } from './zone-clock.ts';

const EXCEPTIONS_MAX = 1000;
export const PRIORITY_MAX = 99;

/** One list of keys for both kinds, so that whoever mixes them is told which belong together. */
export const calendarEvent = z.strictObject({
  persons: persons.describe('Who is on call while it lasts.'),
  priority: z
    .number()
    .int()
    .min(0)
    .max(PRIORITY_MAX)
    .default(0)
    .describe('Of events at one time, those of the highest priority count.'),
  from: moment.optional().describe('Of an event that is there once. Local, or with its offset.'),
  to: moment.optional().describe('When it is over.'),
  starts: localTime.optional().describe('Of one that recurs: the first, local time.'),
  rrule: rruleText,
  for: positiveDuration
    .optional()
    .describe('How long each lasts on the clock on the wall: 24h from 9:00 end at 9:00.'),
  for_elapsed: positiveDuration
    .optional()
    .describe('How long each lasts in elapsed time, whatever clocks do; after `for`.'),
  except: z
    .array(localTimeOrDate)
    .max(EXCEPTIONS_MAX)
    .optional()
    .describe('Beginnings that are left out: days or local times.'),
  time_zone: timeZone.optional().describe("Whose clocks are meant; default: the layer's."),
});

type Written = z.output<typeof calendarEvent>;
type Key = keyof Written;

/** As people write it. */
export type CalendarEventDocument = z.input<typeof calendarEvent>;

/** Reports what is wrong at a path within an event, a layer or a schedule. */
export type Tell = (path: readonly (string | number)[], message: string) => void;

const ONCE: readonly Key[] = ['from', 'to'];
const RECURRING: readonly Key[] = ['starts', 'rrule', 'for', 'for_elapsed', 'except'];

/** The event that is meant; `undefined` after it has told what is wrong. */
export function eventOf(
  written: Written,
  layerZone: string,
  tell: Tell,
): CalendarEvent | undefined {
  const zone = written.time_zone ?? layerZone;
  if (!RECURRING.some((key) => written[key] !== undefined)) return onceOf(written, zone, tell);
  const foreign = ONCE.find((key) => written[key] !== undefined);
  if (foreign === undefined) return recurringOf(written, zone, tell);
  tell([foreign], 'does not go with a rule: write either from and to, or rrule, starts and for');
  return undefined;
}

function onceOf(
  { from, to, persons: who, priority }: Written,
  zone: string,
  tell: Tell,
): OnceEvent | undefined {
  const span = spanOf(from, to, zone, tell);
  return span === undefined ? undefined : { kind: 'once', persons: who, priority, ...span };
}

/** `from` and `to` in milliseconds; `undefined` after it has told what is wrong. */
export function spanOf(
  from: string | undefined,
  to: string | undefined,
  zone: string,
  tell: Tell,
): { readonly fromMs: number; readonly toMs: number } | undefined {
  if (from === undefined) tell(['from'], 'is missing: write from and to');
  if (to === undefined) tell(['to'], 'is missing: write from and to');
  if (from === undefined || to === undefined) return undefined;
  const fromMs = readTime(from, zone, 'first') ?? Number.NaN;
  const toMs = readTime(to, zone, 'last') ?? Number.NaN;
  if (fromMs < toMs) return { fromMs, toMs };
  tell(['to'], `${to} is not after from (${from}): write the later time here`);
  return undefined;
}

function recurringOf(
  { persons: who, priority, starts, rrule, except = [], ...written }: Written,
  zone: string,
  tell: Tell,
): RecurringEvent | undefined {
  const { for: clockMs = 0, for_elapsed: elapsedMs = 0 } = written;
  const missing = 'is missing: an event that recurs has rrule, starts and for';
  if (rrule === undefined) tell(['rrule'], missing);
  if (starts === undefined) tell(['starts'], missing);
  if (clockMs + elapsedMs === 0) tell(['for'], missing);
  if (rrule === undefined || starts === undefined || clockMs + elapsedMs === 0) return undefined;
  const event: RecurringEvent = {
    kind: 'recurring',
    persons: who,
    priority,
    rrule: rrule.toUpperCase(),
    startsLocal: starts,
    timeZone: zone,
    clockMs,
    elapsedMs,
    exceptLocal: except,
  };
  const flaw = ruleFlaw(event);
  if (flaw === undefined) return event;
  tell(['rrule'], flaw);
  return undefined;
}

/** What is wrong with the rule of an event and how to mend it. */
export function ruleFlaw(event: RecurringEvent): string | undefined {
  const { rrule, startsLocal, timeZone: zone } = event;
  const flaw = rruleFlaw(rrule) ?? ruleContradiction(event);
  if (flaw !== undefined) return flaw;
  if (untilMs(rrule, zone) < instantOf(startsLocal, zone)) {
    return `its UNTIL is before starts (${startsLocal}): it would never begin`;
  }
  return firstBeginning(event) === undefined
    ? `does not begin within 10 years from ${startsLocal}: check its BY parts`
    : undefined;
}
