import { z } from 'zod';
import { rruleFlaw, windowsADay } from '../release/rrule-text.ts';
import { moment, timeZone } from '../release/time-zone.schema.ts';
import type { CalendarEvent } from './calendar-event.ts';
import { type Tell, calendarEvent, eventOf } from './calendar-event.schema.ts';
import { persons } from './person.schema.ts';
import { restriction } from './restriction.schema.ts';
import { rotation } from './rotation.schema.ts';
import { readTime, timeText } from './zone-clock.ts';

const MEMBERS_MAX = 100;
export const EVENTS_MAX = 2000;
/** Of all rules of one layer together; more would make a page wait for its calendar. */
export const EVENTS_A_DAY_MAX = 200;
const RESTRICTIONS_MAX = 20;

/** One list of keys for every kind, so that whoever mixes them is told which belong together. */
export const layerDocument = z.strictObject({
  name: z.string().min(1).max(64).optional().describe('Said with every shift of the layer.'),
  rotation: rotation.optional().describe('Members take turns.'),
  members: z
    .array(persons)
    .min(1, 'is empty: name at least one person')
    .max(MEMBERS_MAX, `at most ${MEMBERS_MAX} turns`)
    .optional()
    .describe('Whose turns, in order; a turn may be of several persons.'),
  events: z
    .array(calendarEvent)
    .min(1, 'is empty: write at least one event')
    .max(EVENTS_MAX, `at most ${EVENTS_MAX} events`)
    .optional()
    .describe('A calendar, written here.'),
  ical: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe('A calendar in a file of its own (RFC 5545), seen from the folder of this one.'),
  restrictions: z
    .array(restriction)
    .min(1, 'is empty: leave it out, or name the hours')
    .max(RESTRICTIONS_MAX)
    .optional()
    .describe('The hours in which the layer is on call at all; default: always.'),
  from: moment.optional().describe('The layer is on call from then on. Local, or with its offset.'),
  until: moment.optional().describe('The layer is on call no longer.'),
  time_zone: timeZone.optional().describe("Whose clocks are meant; default: the schedule's."),
});

type Written = z.output<typeof layerDocument>;

interface Shared {
  readonly name: string;
  readonly timeZone: string;
  /** `null`: from the beginning of time. */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  /** None: always. */
  readonly hours: z.output<typeof restriction>;
}

/** Members take turns. */
export interface RotationLayer extends Shared {
  readonly kind: 'rotation';
  readonly rotation: z.output<typeof rotation>;
  readonly turns: readonly (readonly string[])[];
}

/** A calendar says who is on call. */
export interface EventsLayer extends Shared {
  readonly kind: 'events';
  readonly events: readonly CalendarEvent[];
}

/** A calendar in a file, before that is read. */
export interface IcalLayer extends Shared {
  readonly kind: 'ical';
  readonly path: string;
}

export type Layer = RotationLayer | EventsLayer;

/** The layer that is meant; `undefined` after it has told what is wrong. */
export function layerOf(
  written: Written,
  index: number,
  scheduleZone: string,
  tell: Tell,
): Layer | IcalLayer | undefined {
  const zone = written.time_zone ?? scheduleZone;
  const shared: Shared = {
    name: written.name ?? `layer ${index + 1}`,
    timeZone: zone,
    fromMs: momentMs(written.from, zone, 'first'),
    untilMs: momentMs(written.until, zone, 'last'),
    hours: written.restrictions?.flat() ?? [],
  };
  if (shared.untilMs !== null && shared.untilMs <= (shared.fromMs ?? -Infinity)) {
    tell(['until'], `${written.until} is not after from (${written.from}): write the later time`);
    return undefined;
  }
  const kinds = (['rotation', 'events', 'ical'] as const).filter(
    (key) => written[key] !== undefined,
  );
  const [kind, other] = kinds;
  if (kind === undefined) {
    tell([], 'has nobody: write rotation and members, or events, or ical');
    return undefined;
  }
  if (other !== undefined) {
    tell([other], `does not go with ${kind}: write a layer for each`);
    return undefined;
  }
  if (kind !== 'rotation' && written.members !== undefined) {
    tell(['members'], 'goes with rotation: events name their persons themselves');
    return undefined;
  }
  if (written.events !== undefined) return eventsLayer(written.events, shared, tell);
  if (written.ical !== undefined) return { kind: 'ical', ...shared, path: written.ical };
  return rotationLayer(written, shared, tell);
}

function rotationLayer(
  { rotation: turning, members }: Written,
  shared: Shared,
  tell: Tell,
): RotationLayer | undefined {
  if (members === undefined) tell(['members'], 'is missing: who takes turns?');
  if (members === undefined || turning === undefined) return undefined;
  const startMs = momentMs(turning.startsLocal, shared.timeZone, 'first') ?? 0;
  if (shared.fromMs !== null && shared.fromMs < startMs) {
    const from = timeText(shared.fromMs, shared.timeZone);
    const message = `${from} is before the rotation starts (${turning.startsLocal}), so that nobody`;
    tell(['from'], `${message} would be on call: leave it out, or write an earlier starts`);
    return undefined;
  }
  if (shared.untilMs !== null && shared.untilMs <= startMs) {
    tell(['until'], `is not after the rotation starts (${turning.startsLocal})`);
    return undefined;
  }
  return { kind: 'rotation', ...shared, rotation: turning, turns: members };
}

function eventsLayer(
  written: NonNullable<Written['events']>,
  shared: Shared,
  tell: Tell,
): EventsLayer | undefined {
  const events = written.flatMap((event, index) => {
    const read = eventOf(event, shared.timeZone, (path, message) => {
      tell(['events', index, ...path], message);
    });
    return read === undefined ? [] : [read];
  });
  const flaw = tooManyFlaw(events);
  if (flaw !== undefined) tell(['events'], flaw);
  return { kind: 'events', ...shared, events };
}

/** What is wrong with events that are each right. */
export function tooManyFlaw(events: readonly CalendarEvent[]): string | undefined {
  const aDay = events
    .flatMap((event) => (event.kind === 'recurring' ? [event.rrule] : []))
    .filter((rrule) => rruleFlaw(rrule) === undefined)
    .reduce((sum, rrule) => sum + windowsADay(rrule), 0);
  return aDay > EVENTS_A_DAY_MAX
    ? `may begin ${aDay} times a day together; ${EVENTS_A_DAY_MAX} is the most: leave out those ` +
        'that are over, or write two layers'
    : undefined;
}

function momentMs(
  text: string | undefined,
  zone: string,
  showing: 'first' | 'last',
): number | null {
  return text === undefined ? null : (readTime(text, zone, showing) ?? null);
}
