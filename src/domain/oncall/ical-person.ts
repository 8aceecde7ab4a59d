import type { IcalComponent } from './ical-text.ts';
import { valueOf } from './ical-zone.ts';
import { NOBODY, PERSON_PATTERN } from './person.schema.ts';

/** A person of a paging file, and what else a calendar may call them. */
export interface KnownPerson {
  readonly person: string;
  /** Names and e-mail addresses. */
  readonly aliases: readonly string[];
}

export interface NamedInEvent {
  readonly persons: readonly string[];
  readonly priority: number;
  /** Names of the calendar that nobody is known by, and that had to be written otherwise. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

const PRIORITY = /^\s*\[L(\d{1,2})\]\s*/i;

/**
 * Who is on call by an event, by the convention of Grafana OnCall: SUMMARY is a name, or several
 * with commas or @ between them, after a priority such as `[L1]`. Without SUMMARY the e-mail
 * addresses of ATTENDEE are taken.
 */
export function namedInEvent(
  { properties }: IcalComponent,
  people: readonly KnownPerson[],
): NamedInEvent {
  const summary = valueOf(properties, 'summary') ?? '';
  const level = PRIORITY.exec(summary)?.[1] ?? '0';
  const bySummary = summary.replace(PRIORITY, '').split(/,|\s+(?=@)/);
  const byAttendee = properties
    .filter(({ name }) => name === 'attendee')
    .flatMap(({ values }) => values)
    .map((value) => value.replace(/^mailto:/i, ''));
  const texts = [bySummary, byAttendee]
    .map((list) => list.map((text) => text.trim().replace(/^@/, '')).filter((text) => text !== ''))
    .find((list) => list.length > 0);
  const named = (texts ?? []).map((from) => ({ from, to: personFor(from, people) }));
  const known = new Set(people.map(({ person }) => person));
  return {
    persons: [...new Set(named.map(({ to }) => to).filter((to) => to !== ''))],
    priority: Number(level),
    renamed: named.filter(({ from, to }) => to !== '' && from !== to && !known.has(to)),
  };
}

/** Empty where the text has no letter or digit to make a name of. */
function personFor(text: string, people: readonly KnownPerson[]): string {
  const wanted = text.toLowerCase();
  const known = people.find(
    ({ person, aliases }) =>
      person.toLowerCase() === wanted || aliases.some((alias) => alias.toLowerCase() === wanted),
  );
  if (known !== undefined) return known.person;
  if (PERSON_PATTERN.test(text) && text !== NOBODY) return text;
  const written = text
    .normalize('NFKD')
    .replaceAll(/\p{Mn}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._@+-]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return written === NOBODY ? '' : written;
}
