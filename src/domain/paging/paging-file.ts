import type { Found } from '../document/issues.ts';
import { type Problem, formatProblem } from '../document/problem.ts';
import { type DocumentForm, readDocument } from '../document/read-document.ts';
import { suggestFrom } from '../document/suggestion.ts';
import { Failure } from '../failure.ts';
import { type ReadFile, peopleOf, strangersIn, withCalendars } from '../oncall/read-schedules.ts';
import type { Schedule } from '../oncall/schedule.schema.ts';
import { wrongAddresses } from './address-checks.ts';
import { danglingNames } from './dangling-names.ts';
import { pagingJsonSchema } from './json-schema.schema.ts';
import { type ParsedPaging, pagingSchema } from './paging.schema.ts';

/** Who can be paged, how, and after whom: a paging file that has been read. */
export interface Paging {
  readonly people: Readonly<Record<string, Person>>;
  readonly teams: ParsedPaging['teams'];
  readonly channels: ParsedPaging['channels'];
  readonly schedules: Readonly<Record<string, Schedule>>;
  readonly policies: ParsedPaging['policies'];
  readonly lastResort: readonly string[];
  readonly businessHours: ParsedPaging['business_hours'];
}

export interface Person {
  readonly name: string | undefined;
  readonly contacts: ParsedPaging['people'][string]['contacts'];
  readonly notify: readonly { readonly contact: string; readonly afterMs: number }[];
}

export interface PagingSource {
  readonly text: string;
  /** As the user named it, for the messages. */
  readonly file: string;
  /** A calendar, by its path within the folder of the paging file; throws where it cannot. */
  readonly readFile: ReadFile;
  /** Channels of `type: memory` are taken: they page nobody. */
  readonly forTests?: boolean;
}

export type PagingFile =
  | { readonly kind: 'valid'; readonly paging: Paging }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

const PAGING_FILE: DocumentForm<typeof pagingSchema> = {
  schema: pagingSchema,
  name: 'a paging file',
  holds: 'all that belongs to paging',
  example: 'policies: {…}',
  // People, schedules and their overrides of a large company; a larger one is something else.
  charactersMax: 2 * 1024 * 1024,
  suggest: suggestFrom(pagingJsonSchema),
};

/** Reads a paging file, YAML or JSON. Nothing is guessed: every problem is reported at once. */
export function readPaging(source: PagingSource): PagingFile {
  const read = readDocument(source, PAGING_FILE, (parsed) => {
    const people = peopleOf(parsed.people);
    const { schedules, found: unread } = withCalendars(parsed.schedules, people, source.readFile);
    const found: readonly Found[] = [
      ...unread,
      ...danglingNames(parsed),
      ...wrongAddresses(parsed),
      ...Object.entries(schedules).flatMap(([name, whole]) => strangersIn(name, whole, people)),
      ...(source.forTests === true ? [] : channelsOfTests(parsed)),
    ];
    return found.length > 0
      ? { kind: 'found', found }
      : { kind: 'valid', value: toPaging(parsed, schedules) };
  });
  return read.kind === 'invalid' ? read : { kind: 'valid', paging: read.value };
}

/** The file, or one `PagingFileInvalid` that lists every problem. */
export function requirePaging(source: PagingSource): Paging {
  const read = readPaging(source);
  if (read.kind === 'valid') return read.paging;
  throw new Failure('PagingFileInvalid', read.problems.map(formatProblem).join('\n'));
}

function toPaging(parsed: ParsedPaging, schedules: Paging['schedules']): Paging {
  return {
    people: Object.fromEntries(
      Object.entries(parsed.people).map(([key, { name, contacts, notify }]) => {
        const everyWay = Object.keys(contacts).map((contact) => ({ contact, afterMs: 0 }));
        return [key, { name, contacts, notify: notify ?? everyWay }];
      }),
    ),
    teams: parsed.teams,
    channels: parsed.channels,
    schedules,
    policies: parsed.policies,
    lastResort: parsed.last_resort,
    businessHours: parsed.business_hours,
  };
}

function channelsOfTests({ channels }: ParsedPaging): readonly Found[] {
  return Object.entries(channels).flatMap(([name, { type }]) =>
    type === 'memory'
      ? [{ path: ['channels', name, 'type'], message: 'memory pages nobody: it is for tests' }]
      : [],
  );
}
