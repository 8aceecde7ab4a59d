import { z } from 'zod';
import type { Found } from '../document/issues.ts';
import { type Problem, formatProblem } from '../document/problem.ts';
import { type DocumentForm, type DocumentSource, readDocument } from '../document/read-document.ts';
import { suggestFrom } from '../document/suggestion.ts';
import { Failure } from '../failure.ts';
import { type ReadCalendar, readIcal } from './ical-import.ts';
import type { KnownPerson } from './ical-person.ts';
import type { EventsLayer, IcalLayer, Layer } from './layer.schema.ts';
import { person } from './person.schema.ts';
import { namedIn } from './persons-of.ts';
import { scheduleName } from './schedule-name.schema.ts';
import { type Schedule, type WrittenSchedule, schedule } from './schedule.schema.ts';

/** The parts of a paging file that schedules need; all others are passed over. */
const pagingPart = z.object({
  people: z.record(person, z.looseObject({})).optional().describe('Who there is.'),
  schedules: z.record(scheduleName, schedule).describe('Who is on call when.'),
});

type PagingPart = z.output<typeof pagingPart>;

const PAGING_FILE: DocumentForm<typeof pagingPart> = {
  schema: pagingPart,
  name: 'a paging file',
  holds: 'one set of people and schedules',
  example: 'schedules: {}',
  charactersMax: 1024 * 1024,
  suggest: suggestFrom(() => ({ ...z.toJSONSchema(pagingPart, { io: 'input' }) })),
};

/** Reads a calendar that is named from the folder of the paging file; throws where it cannot. */
export type ReadFile = (path: string) => string;

export interface Schedules {
  readonly schedules: Readonly<Record<string, Schedule>>;
  readonly people: readonly KnownPerson[];
  /** What calendars say otherwise than they were read. */
  readonly remarks: readonly string[];
}

export type ReadSchedules =
  | ({ readonly kind: 'valid' } & Schedules)
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/**
 * The schedules of a paging file, with their calendars read, and who there is. Every problem is
 * reported at once; also a person whom a schedule names and `people` does not have.
 */
export function readSchedules(source: DocumentSource, readFile: ReadFile): ReadSchedules {
  const read = readDocument(source, PAGING_FILE, (parsed) => finished(parsed, readFile));
  return read.kind === 'invalid' ? read : { kind: 'valid', ...read.value };
}

/** The schedules, or one `PagingFileInvalid` that lists every problem. */
export function requireSchedules(source: DocumentSource, readFile: ReadFile): Schedules {
  const read = readSchedules(source, readFile);
  if (read.kind === 'valid') return read;
  throw new Failure('PagingFileInvalid', read.problems.map(formatProblem).join('\n'));
}

function finished(parsed: PagingPart, readFile: ReadFile) {
  const people = peopleOf(parsed.people ?? {});
  const { schedules, found, remarks } = withCalendars(parsed.schedules, people, readFile);
  const strangers =
    parsed.people === undefined
      ? []
      : Object.entries(schedules).flatMap(([name, whole]) => strangersIn(name, whole, people));
  const all = [...found, ...strangers];
  if (all.length > 0) return { kind: 'found' as const, found: all };
  return { kind: 'valid' as const, value: { schedules, people, remarks } };
}

/** Written schedules with the calendars that they name; what cannot be read is found. */
export function withCalendars(
  written: Readonly<Record<string, WrittenSchedule>>,
  people: readonly KnownPerson[],
  readFile: ReadFile,
): Pick<Schedules, 'schedules' | 'remarks'> & { readonly found: readonly Found[] } {
  const found: Found[] = [];
  const remarks: string[] = [];
  const entries = Object.entries(written).map(([name, { layers, ...rest }]) => {
    const ready = layers.flatMap((layer, index): readonly Layer[] => {
      if (layer.kind !== 'ical') return [layer];
      const calendar = calendarOf(layer, people, readFile);
      if (calendar.kind === 'invalid') {
        const path = ['schedules', name, 'layers', index, 'ical'];
        found.push(...calendar.messages.map((message) => ({ path, message })));
        return [];
      }
      remarks.push(...calendar.remarks.map((remark) => `${layer.path}: ${remark}`));
      return [calendar.layer];
    });
    return [name, { ...rest, layers: ready }] as const;
  });
  return { schedules: Object.fromEntries(entries), found, remarks };
}

/** Whom a schedule names and nobody knows. */
export function strangersIn(
  name: string,
  whole: Schedule,
  people: readonly KnownPerson[],
): readonly Found[] {
  const known = new Set(people.map(({ person: one }) => one));
  return namedIn(whole)
    .filter((named) => !known.has(named.person))
    .map(({ person: one, path }) => ({
      path: ['schedules', name, ...path],
      message: `${one} is not among people: add ${one} there, or write who is meant`,
    }));
}

/** Who there is, with what calendars may call them. */
export function peopleOf(
  people: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): readonly KnownPerson[] {
  return Object.entries(people).map(([key, written]) => ({
    person: key,
    aliases: aliasesIn(written),
  }));
}

/** The name of a person, and the e-mail addresses of their contacts. */
function aliasesIn({ name, contacts }: Readonly<Record<string, unknown>>): readonly string[] {
  const values = typeof contacts === 'object' && contacts !== null ? Object.values(contacts) : [];
  const addresses = values.map((contact: unknown) =>
    typeof contact === 'object' && contact !== null && 'to' in contact ? contact.to : undefined,
  );
  return [name, ...addresses.filter((to) => String(to).includes('@'))].filter(
    (alias): alias is string => typeof alias === 'string',
  );
}

type LayerOfCalendar =
  | { readonly kind: 'read'; readonly layer: EventsLayer; readonly remarks: readonly string[] }
  | { readonly kind: 'invalid'; readonly messages: readonly string[] };

function calendarOf(
  { path, ...layer }: IcalLayer,
  people: readonly KnownPerson[],
  readFile: ReadFile,
): LayerOfCalendar {
  let read: ReadCalendar;
  try {
    read = readIcal({ text: readFile(path), file: path, timeZone: layer.timeZone, people });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'invalid', messages: [`${path} cannot be read: ${why}`] };
  }
  if (read.kind === 'invalid') {
    return { kind: 'invalid', messages: read.problems.map(formatProblem) };
  }
  const { events, remarks } = read;
  return { kind: 'read', layer: { ...layer, kind: 'events', events }, remarks };
}
