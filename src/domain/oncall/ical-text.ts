import ICAL from 'ical.js';

/** The most that a calendar may hold; the shifts of years take less. */
const CHARACTERS_MAX = 1024 * 1024;
/** Of one line when it is unfolded: the parser takes quadratic time for its parameters. */
const LINE_MAX = 64 * 1024;

/** A property of a calendar: `DTSTART;TZID=Europe/Berlin:20260105T090000`. */
export interface IcalProperty {
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** `date`, `date-time`, `period`, `text` and so on. */
  readonly type: string;
  /** Dates and times as in ISO 8601; a period is its two ends with a slash between them. */
  readonly values: readonly string[];
}

export interface IcalComponent {
  /** Lower case: `vevent`. */
  readonly name: string;
  /** Where it begins in the text, from 1; 0 where that is not known. */
  readonly line: number;
  readonly properties: readonly IcalProperty[];
}

export interface IcalCalendar {
  readonly properties: readonly IcalProperty[];
  readonly events: readonly IcalComponent[];
  readonly zones: readonly IcalComponent[];
}

export type IcalText =
  | { readonly kind: 'read'; readonly calendars: readonly IcalCalendar[] }
  | { readonly kind: 'invalid'; readonly line: number; readonly message: string };

interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/** Reads iCalendar text (RFC 5545) into its parts, whatever they mean. */
export function readIcalText(text: string): IcalText {
  if (text.length > CHARACTERS_MAX) {
    const message = `the calendar has ${text.length} characters; ${CHARACTERS_MAX} is the most`;
    return { kind: 'invalid', line: 1, message };
  }
  const lines = unfolded(text);
  const long = lines.find((line) => line.text.length > LINE_MAX);
  if (long !== undefined) {
    const message = `a line of ${long.text.length} characters; ${LINE_MAX} is the most`;
    return { kind: 'invalid', line: long.number, message };
  }
  try {
    // The library would read a rule into a form of its own; it is wanted as it was written.
    const parsed: unknown = ICAL.parse(lines.map((line) => ruleAsText(line.text)).join('\r\n'));
    const calendars = calendarsIn(parsed, lines);
    if (calendars.length > 0) return { kind: 'read', calendars };
    return { kind: 'invalid', line: 1, message: 'is no calendar: it begins with BEGIN:VCALENDAR' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'invalid', line: lineAtFault(lines), message: `is no iCalendar: ${message}` };
  }
}

function unfolded(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const last = lines.at(-1);
    const isFolded = /^[ \t]/.test(line) && last !== undefined;
    if (isFolded) lines[lines.length - 1] = { ...last, text: last.text + line.slice(1) };
    else if (line !== '') lines.push({ text: line, number: index + 1 });
  }
  return lines;
}

const RULE = 'x-rrule';

function ruleAsText(line: string): string {
  return /^RRULE[;:]/i.test(line) ? `X-${line}` : line;
}

/** The first line that cannot be read alone; the first of all where the fault is not in one. */
function lineAtFault(lines: readonly Line[]): number {
  const fault = lines.find(({ text }) => {
    try {
      if (!/^(?:BEGIN|END):/i.test(text)) ICAL.parse.property(ruleAsText(text));
      return false;
    } catch {
      return true;
    }
  });
  return fault?.number ?? 1;
}

/** jCal (RFC 7265): `[name, properties, components]`, or a list of these. */
function calendarsIn(parsed: unknown, lines: readonly Line[]): readonly IcalCalendar[] {
  const all = asList(parsed);
  const components = typeof all[0] === 'string' ? [all] : all.map(asList);
  const begins = lines.filter(({ text }) => /^BEGIN:VEVENT\s*$/i.test(text));
  let event = 0;
  return components
    .filter(([name]) => name === 'vcalendar')
    .map(([, properties, children]) => {
      const inner = asList(children).map(asList);
      const events = inner.filter(([name]) => name === 'vevent');
      return {
        properties: propertiesIn(properties),
        events: events.map((child) => {
          const line = begins[event]?.number ?? 0;
          event += 1;
          return { name: 'vevent', line, properties: propertiesIn(child[1]) };
        }),
        zones: inner
          .filter(([name]) => name === 'vtimezone')
          .map((child) => ({ name: 'vtimezone', line: 0, properties: propertiesIn(child[1]) })),
      };
    });
}

function propertiesIn(properties: unknown): readonly IcalProperty[] {
  return asList(properties).map((property) => {
    const [name, parameters, type, ...values] = asList(property);
    return {
      name: name === RULE ? 'rrule' : String(name),
      parameters: asRecord(parameters),
      type: String(type),
      values: values.map(valueText),
    };
  });
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.join('/');
  // Such as EXRULE: nothing is read of it but that it is there.
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asRecord(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, String(one)]));
}
