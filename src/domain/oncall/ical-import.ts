import type { Problem } from '../document/problem.ts';
import { formatDuration } from '../quantity.ts';
import { type CalendarEvent, type RecurringEvent, firstBeginning } from './calendar-event.ts';
import { ruleFlaw } from './calendar-event.schema.ts';
import { type KnownPerson, namedInEvent } from './ical-person.ts';
import { type IcalCalendar, type IcalComponent, readIcalText } from './ical-text.ts';
import {
  IcalFlaw,
  type IcalLength,
  type IcalTime,
  endOf,
  lengthOf,
  lengthUntil,
  shownIn,
  timeOf,
  timesIn,
} from './ical-time.ts';
import { valueOf, zoneOf } from './ical-zone.ts';
import { EVENTS_MAX, tooManyFlaw } from './layer.schema.ts';

const EXCEPTIONS_MAX = 1000;
const LASTS_MAX_MS = 30 * 86_400_000;
const TOGETHER_MAX = 10;
const RULE_MAX = 500;

export interface CalendarSource {
  readonly text: string;
  /** As the user named it, for the messages. */
  readonly file: string;
  /** Of days and of times without a zone, where the calendar names none itself. */
  readonly timeZone: string;
  readonly people: readonly KnownPerson[];
}

export type ReadCalendar =
  | {
      readonly kind: 'read';
      readonly name: string | undefined;
      readonly timeZone: string;
      readonly events: readonly CalendarEvent[];
      /** What was written otherwise or left out. */
      readonly remarks: readonly string[];
    }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/**
 * Reads a calendar (RFC 5545) as the events of a layer. Edited and cancelled instances, exceptions
 * and additional dates are taken in; all that is not an event is passed over.
 */
export function readIcal(source: CalendarSource): ReadCalendar {
  const { text, file } = source;
  const problemAt = (line: number, message: string): Problem => ({
    ...{ file, line: Math.max(1, line), column: 1, path: '', message },
  });
  const read = readIcalText(text);
  if (read.kind === 'invalid') {
    return { kind: 'invalid', problems: [problemAt(read.line, read.message)] };
  }
  const count = read.calendars.reduce((sum, { events }) => sum + events.length, 0);
  if (count === 0 || count > EVENTS_MAX) {
    const message =
      count === 0 ? 'holds no event' : `holds ${count} events; ${EVENTS_MAX} is the most`;
    return { kind: 'invalid', problems: [problemAt(1, message)] };
  }
  const problems: Problem[] = [];
  const remarks: string[] = [];
  const events = read.calendars.flatMap((calendar) =>
    eventsOf(calendar, source, {
      problem: (line, message) => problems.push(problemAt(line, message)),
      remark: (message) => remarks.push(message),
    }),
  );
  const tooMany = tooManyFlaw(events);
  if (tooMany !== undefined) problems.push(problemAt(1, `its events ${tooMany}`));
  if (problems.length > 0) return { kind: 'invalid', problems };
  const [first] = read.calendars;
  return {
    kind: 'read',
    name: valueOf(first?.properties ?? [], 'x-wr-calname') || undefined,
    timeZone: first === undefined ? source.timeZone : floatingZone(first, source),
    events,
    remarks: [...new Set(remarks)],
  };
}

interface Report {
  problem(line: number, message: string): void;
  remark(message: string): void;
}

function floatingZone(calendar: IcalCalendar, { timeZone }: CalendarSource): string {
  const named = valueOf(calendar.properties, 'x-wr-timezone');
  return (named === undefined ? undefined : zoneOf(named, calendar)) ?? timeZone;
}

function zoneRemark(calendar: IcalCalendar, { timeZone }: CalendarSource): readonly string[] {
  const named = valueOf(calendar.properties, 'x-wr-timezone');
  if (named === undefined || zoneOf(named, calendar) !== undefined) return [];
  return [`X-WR-TIMEZONE "${named}" names no time zone: days are those of ${timeZone}`];
}

function eventsOf(
  calendar: IcalCalendar,
  source: CalendarSource,
  report: Report,
): readonly CalendarEvent[] {
  const zone = floatingZone(calendar, source);
  for (const remark of zoneRemark(calendar, source)) report.remark(remark);
  const latest = latestOf(calendar.events);
  const series = Map.groupBy(latest, ({ properties }) => valueOf(properties, 'uid'));
  return latest.flatMap((component) => {
    try {
      const uid = valueOf(component.properties, 'uid');
      const edits = uid === undefined ? [] : (series.get(uid) ?? []);
      return eventOf({ component, edits, calendar, zone, people: source.people, report });
    } catch (error) {
      if (!(error instanceof IcalFlaw)) throw error;
      report.problem(component.line, `${titleOf(component)}: ${error.message}`);
      return [];
    }
  });
}

/** Of an event, or of one of its instances, that is there more than once the highest SEQUENCE. */
function latestOf(components: readonly IcalComponent[]): readonly IcalComponent[] {
  const latest = new Map<string, IcalComponent>();
  for (const [index, component] of components.entries()) {
    const uid = valueOf(component.properties, 'uid') ?? `without a uid ${index}`;
    const key = `${uid}\n${valueOf(component.properties, 'recurrence-id') ?? ''}`;
    const before = latest.get(key);
    if (before === undefined || sequenceOf(before) <= sequenceOf(component)) {
      latest.set(key, component);
    }
  }
  return [...latest.values()];
}

function sequenceOf({ properties }: IcalComponent): number {
  return Number(valueOf(properties, 'sequence') ?? 0);
}

function titleOf({ properties }: IcalComponent): string {
  return `event "${valueOf(properties, 'summary') ?? valueOf(properties, 'uid') ?? ''}"`;
}

interface Asked {
  readonly component: IcalComponent;
  /** All of its UID: those of single instances have a RECURRENCE-ID. */
  readonly edits: readonly IcalComponent[];
  readonly calendar: IcalCalendar;
  readonly zone: string;
  readonly people: readonly KnownPerson[];
  readonly report: Report;
}

function eventOf(asked: Asked): readonly CalendarEvent[] {
  const { component, calendar, zone, people, report } = asked;
  const { properties } = component;
  refuseUnknown(component);
  if (valueOf(properties, 'status')?.toUpperCase() === 'CANCELLED') return [];
  const start = timeIn('dtstart', component, calendar, zone);
  if (start === undefined) throw new IcalFlaw('has no DTSTART');
  const { persons, priority, renamed } = namedInEvent(component, people);
  if (persons.length === 0) throw new IcalFlaw('names nobody: write a person in SUMMARY');
  if (persons.length > TOGETHER_MAX) {
    throw new IcalFlaw(`names ${persons.length} persons; ${TOGETHER_MAX} are the most`);
  }
  for (const { from, to } of renamed) report.remark(`"${from}" is written ${to}`);
  const end = timeIn('dtend', component, calendar, zone);
  const length = lengthIn(component, start, end);
  const rule = valueOf(properties, 'rrule');
  const exceptLocal = leftOut(asked, start);
  const first: Instance = end === undefined ? start : { ...start, endMs: end.atMs };
  const single = rule === undefined || isBesideRule(start, length, rule) ? [first] : [];
  const once = [...single, ...additional(asked)]
    .filter((time) => {
      const local = shownIn(time, start.timeZone).toString();
      return !exceptLocal.some((exception) => local.startsWith(exception));
    })
    .map((time) => ({ kind: 'once' as const, persons, priority, ...spanFrom(time, length) }));
  if (rule === undefined) return once;
  const event = { ...recurring(start, length, rule), persons, priority, exceptLocal };
  const flaw = ruleFlaw(event);
  if (flaw !== undefined) throw new IcalFlaw(`RRULE: ${flaw}`);
  return [event, ...once];
}

function refuseUnknown({ properties }: IcalComponent): void {
  const edit = properties.find(({ name }) => name === 'recurrence-id');
  if (edit?.parameters.range !== undefined) {
    throw new IcalFlaw(
      'RECURRENCE-ID;RANGE=THISANDFUTURE is not known: end the event with UNTIL, and write another',
    );
  }
  if (properties.some(({ name }) => name === 'exrule')) {
    throw new IcalFlaw('EXRULE is no part of RFC 5545 any more: write EXDATE');
  }
  if (properties.filter(({ name }) => name === 'rrule').length > 1) {
    throw new IcalFlaw('has more than one RRULE: write an event for each');
  }
}

function timeIn(
  wanted: string,
  { properties }: IcalComponent,
  calendar: IcalCalendar,
  zone: string,
): IcalTime | undefined {
  const property = properties.find(({ name }) => name === wanted);
  return property === undefined ? undefined : timesIn(property, calendar, zone)[0];
}

interface Instance extends IcalTime {
  /** Where it says itself when it is over. */
  readonly endMs?: number;
}

function spanFrom(time: Instance, length: IcalLength) {
  const toMs = time.endMs ?? endOf(time, length);
  if (toMs > time.atMs) return { fromMs: time.atMs, toMs };
  throw new IcalFlaw('is over when it begins');
}

function recurring(
  start: IcalTime,
  { clockMs, elapsedMs }: IcalLength,
  rule: string,
): RecurringEvent {
  if (rule.length > RULE_MAX) {
    throw new IcalFlaw(`RRULE has ${rule.length} characters; ${RULE_MAX} is the most`);
  }
  if (clockMs < 0 || clockMs + elapsedMs > LASTS_MAX_MS) {
    throw new IcalFlaw(
      `lasts ${formatDuration(clockMs + elapsedMs)} each time; ${formatDuration(LASTS_MAX_MS)} is the most`,
    );
  }
  return {
    kind: 'recurring',
    persons: [],
    priority: 0,
    rrule: rule.trim().toUpperCase(),
    startsLocal: start.local.toString().replace(/:00$/, ''),
    timeZone: start.timeZone,
    clockMs,
    elapsedMs,
    exceptLocal: [],
  };
}

/** DTSTART is an instance also where the rule does not give it (RFC 5545, 3.8.5.3). */
function isBesideRule(start: IcalTime, length: IcalLength, rule: string): boolean {
  const event = recurring(start, length, rule);
  return ruleFlaw(event) === undefined && firstBeginning(event)?.equals(start.local) === false;
}

function lengthIn(
  { properties }: IcalComponent,
  start: IcalTime,
  end: IcalTime | undefined,
): IcalLength {
  if (end !== undefined) {
    if (end.atMs > start.atMs) return lengthUntil(start, end);
    throw new IcalFlaw('DTEND is not after DTSTART');
  }
  const duration = valueOf(properties, 'duration');
  if (duration !== undefined) return lengthOf(duration);
  if (start.isDay) return { clockMs: 86_400_000, elapsedMs: 0 };
  throw new IcalFlaw('has neither DTEND nor DURATION, so that it lasts no time');
}

/** RDATE: dates, times, or periods that have an end of their own. */
function additional({ component, calendar, zone }: Asked): readonly Instance[] {
  return component.properties
    .filter(({ name }) => name === 'rdate')
    .flatMap((property): readonly Instance[] => {
      if (property.type !== 'period') return timesIn(property, calendar, zone);
      return property.values.map((value) => {
        const [from = '', to = ''] = value.split('/');
        const begins = timeOf(from, property, calendar, zone);
        const endMs = to.startsWith('P')
          ? endOf(begins, lengthOf(to))
          : timeOf(to, property, calendar, zone).atMs;
        return { ...begins, endMs };
      });
    });
}

/** The instances that EXDATE leaves out, and those that were edited, in the zone of the event. */
function leftOut({ component, edits, calendar, zone }: Asked, start: IcalTime): readonly string[] {
  if (component.properties.some(({ name }) => name === 'recurrence-id')) return [];
  const exceptions = component.properties.filter(({ name }) => name === 'exdate');
  const edited = edits.flatMap(({ properties }) =>
    properties.filter(({ name }) => name === 'recurrence-id'),
  );
  const times = [...exceptions, ...edited].flatMap((property) => timesIn(property, calendar, zone));
  if (times.length > EXCEPTIONS_MAX) {
    throw new IcalFlaw(`has ${times.length} exceptions; ${EXCEPTIONS_MAX} is the most`);
  }
  return times.map((time) => {
    const local = shownIn(time, start.timeZone);
    return time.isDay ? local.toPlainDate().toString() : local.toString().slice(0, 16);
  });
}
