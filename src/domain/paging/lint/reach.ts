import { planAssigned } from '../../escalation/plan-level.ts';
import type { Level } from '../../escalation/policy.schema.ts';
import type { Paging } from '../paging-file.ts';
import { rosterOf } from '../roster.ts';
import type { Finding } from './finding.ts';
import { type PersonsBehind, coursesOf } from './levels-of.ts';

/** Levels that reach nobody, and people whom a level is to page and cannot. */
export function lintReach(paging: Paging, behind: PersonsBehind): readonly Finding[] {
  const mute = mutePersons(paging);
  const paged = new Set<string>();
  const found: Finding[] = [];
  for (const { levels, path } of coursesOf(paging)) {
    for (const [index, level] of levels.entries()) {
      const persons = [...new Set(level.targets.flatMap(behind))];
      if (level.channels.length === 0) for (const person of persons) paged.add(person);
      const here = [...path, index];
      found.push(
        ...emptyLevel(level, persons, mute, here),
        ...strangersToChannels(paging, level, persons, here),
      );
    }
  }
  return [...found, ...mutes(paging, mute, paged)];
}

/** A person has no turns. */
const NO_TURN = { first: 0, taken: {} };

/** Whom their own rules do not reach by any contact. */
function mutePersons(paging: Paging): ReadonlySet<string> {
  const roster = rosterOf(paging);
  const isMute = (name: string): boolean =>
    planAssigned(roster, [{ kind: 'person', name }], NO_TURN, 0).pages.length === 0;
  return new Set(Object.keys(paging.people).filter(isMute));
}

function emptyLevel(
  { targets, channels }: Level,
  persons: readonly string[],
  mute: ReadonlySet<string>,
  path: readonly (string | number)[],
): readonly Finding[] {
  if (targets.some(({ kind }) => kind === 'channel')) return [];
  const reached = channels.length > 0 ? persons : persons.filter((one) => !mute.has(one));
  if (reached.length > 0) return [];
  const why = targets.map(({ kind, name }) => {
    if (kind === 'person') return `${name} has no contact`;
    if (kind === 'team') return `nobody in the team ${name} has a contact`;
    return persons.length === 0
      ? `nobody is on call in ${name} within 90 days`
      : `nobody who is on call in ${name} has a contact`;
  });
  return [
    {
      severity: 'error',
      rule: 'empty-level',
      path: [...path, 'targets'],
      message: `pages nobody, and is passed over: ${why.join('; ')}: mend that, or add a target`,
    },
  ];
}

function strangersToChannels(
  { people }: Paging,
  { channels }: Level,
  persons: readonly string[],
  path: readonly (string | number)[],
): readonly Finding[] {
  return channels.flatMap((channel, index): readonly Finding[] => {
    const without = persons.filter((name) => {
      const contacts = Object.values(people[name]?.contacts ?? {});
      return !contacts.some((one) => one.channel === channel);
    });
    if (without.length === 0) return [];
    return [
      {
        severity: 'warning',
        rule: 'no-contact-in-channel',
        path: [...path, 'channels', index],
        message:
          `${listed(without)} no contact in ${channel}, so that only the channel itself is told: ` +
          'add one to their contacts',
      },
    ];
  });
}

const NAMED_MAX = 5;

/** `ada has`, `ada, bob have`. */
function listed(names: readonly string[]): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : '';
  return `${names.slice(0, NAMED_MAX).join(', ')}${more} ${names.length === 1 ? 'has' : 'have'}`;
}

function mutes(
  { people }: Paging,
  mute: ReadonlySet<string>,
  paged: ReadonlySet<string>,
): readonly Finding[] {
  return [...mute].map((name): Finding => {
    const hasContacts = Object.keys(people[name]?.contacts ?? {}).length > 0;
    const why = hasContacts
      ? `notify names none of the contacts of ${name}: name one, or leave notify out`
      : `${name} has no contact: add one under contacts`;
    return {
      severity: paged.has(name) ? 'error' : 'warning',
      rule: 'no-contact',
      path: ['people'],
      key: name,
      message: paged.has(name) ? `${why}, as a policy pages ${name}` : why,
    };
  });
}
