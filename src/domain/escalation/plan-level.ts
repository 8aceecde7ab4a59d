import type { TimeOfDay } from '../release/gate-time.schema.ts';
import type { PagePurpose } from './ledger.ts';
import type { Override, Target } from './policy.schema.ts';
import type { Severity } from './severity.ts';
import type { PolicySnapshot } from './snapshot.ts';

/** One page that is to be sent: where, to whom, and how long after the level has begun. */
export interface PlannedPage {
  readonly channel: string;
  readonly person: string | null;
  /** One of the person's contacts; null, the channel's own address. */
  readonly contact: string | null;
  readonly afterMs: number;
  /** Channels that take it where this one does not, the first first. */
  readonly fallbacks: readonly string[];
  readonly purpose: Extract<PagePurpose, 'level' | 'assigned'>;
  /** Tells two pages of a level apart: `ops-slack`, `mail/ada.phone`, `mail/ada.phone+300s`. */
  readonly place: string;
}

/** What a level is planned by: how people are reached, and who is on call. */
export interface Roster {
  readonly people: Readonly<Record<string, Person>>;
  readonly teams: Readonly<Record<string, { readonly members: readonly string[] }>>;
  readonly channels: Readonly<Record<string, { readonly fallback?: string | undefined }>>;
  readonly businessHours: readonly TimeOfDay[];
  /** Of a policy that has hours of its own. */
  hoursOf(policy: string): readonly TimeOfDay[] | undefined;
  /** Null, there is no such schedule. */
  onCall(schedule: string, atMs: number): readonly string[] | null;
  /** When hours are open next; `atMs` itself where they are open then. */
  opensAt(hours: TimeOfDay, atMs: number): number;
}

export interface Person {
  readonly contacts: Readonly<Record<string, { readonly channel: string }>>;
  /** Their own rules: by which contact, how long after a level has begun. */
  readonly notify: readonly { readonly contact: string; readonly afterMs: number }[];
}

export interface LevelRequest {
  readonly policy: PolicySnapshot;
  readonly severity: Severity;
  readonly round: number;
  readonly level: number;
  /** What the round goes by; looked for anew where it begins. */
  readonly override: number | null;
  readonly turn: Turn;
  /** A person wants it now: no business hours hold it back. */
  readonly isAskedFor?: boolean;
}

/** Whose turn it is in a team: each page to one is for its next member, whatever else is paged. */
export interface Turn {
  /** Which member of any team is the first, counted from 0 and round and round. */
  readonly first: number;
  /** How often each team has been paged since. */
  readonly taken: Readonly<Record<string, number>>;
}

export type PlannedLevel =
  | {
      readonly kind: 'level';
      readonly pages: readonly PlannedPage[];
      /** Who or what should have been paged and could not be; one sentence each. */
      readonly missing: readonly string[];
      /** Those of which it was a member's turn. */
      readonly teams: readonly string[];
      readonly waitMs: number;
      readonly override: number | null;
      readonly levels: number;
      readonly rounds: number;
    }
  | { readonly kind: 'deferred'; readonly untilMs: number };

/** So many pages a level has at most; what is more is named as missing. */
const PAGES_MAX = 100;

/** Who is paged by a level that begins at `atMs`, and by which ways. */
export function planLevel(roster: Roster, request: LevelRequest, atMs: number): PlannedLevel {
  const { policy, round, level } = request;
  const begins = level === 1 ? roundBegins(roster, request, atMs) : request;
  if ('untilMs' in begins) return { kind: 'deferred', untilMs: begins.untilMs };
  const { override } = begins;
  const by: Override | undefined = override === null ? undefined : policy.overrides[override];
  const levels = by?.levels ?? policy.levels;
  const own = levels[level - 1];
  if (own === undefined) throw new RangeError(`round ${round} has no level ${level}`);
  const planned = pagesOf(roster, own, request.turn, atMs);
  const teams = own.targets.flatMap(({ kind, name }) => (kind === 'team' ? [name] : []));
  return {
    kind: 'level',
    ...planned,
    teams: [...new Set(teams)],
    waitMs: own.waitMs,
    override,
    levels: levels.length,
    rounds: 1 + (by?.repeat ?? policy.repeat),
  };
}

/** Who is paged because somebody has assigned it to them. */
export function planAssigned(
  roster: Roster,
  targets: readonly Target[],
  turn: Turn,
  atMs: number,
): { readonly pages: readonly PlannedPage[]; readonly missing: readonly string[] } {
  const { pages, missing } = pagesOf(roster, { targets, channels: [] }, turn, atMs);
  return { pages: pages.map((page) => ({ ...page, purpose: 'assigned' })), missing };
}

/**
 * What a round goes by that is to begin at `atMs`, or until when it is held back. One that a person
 * asks for begins all the same, as it would then.
 */
function roundBegins(
  roster: Roster,
  request: LevelRequest,
  atMs: number,
): { readonly override: number | null } | { readonly untilMs: number } {
  const { policy, isAskedFor = false } = request;
  const override = overrideAt(roster, request, atMs);
  if (override === null || policy.overrides[override]?.waitFor === undefined) return { override };
  const untilMs = businessHoursBegin(roster, policy.name, atMs);
  if (untilMs <= atMs) return { override };
  return isAskedFor ? { override: overrideAt(roster, request, untilMs) } : { untilMs };
}

/** The first override whose conditions hold. */
function overrideAt(
  roster: Roster,
  { policy, severity }: LevelRequest,
  atMs: number,
): number | null {
  const index = policy.overrides.findIndex((one) => {
    if (one.severity !== undefined && !one.severity.includes(severity)) return false;
    if (one.hours === undefined) return true;
    const isInside = businessHoursBegin(roster, policy.name, atMs) === atMs;
    return isInside === (one.hours === 'inside');
  });
  return index === -1 ? null : index;
}

/** When any of the business hours are open next; without any it is always business. */
function businessHoursBegin(roster: Roster, policy: string, atMs: number): number {
  const hours = roster.hoursOf(policy) ?? roster.businessHours;
  if (hours.length === 0) return atMs;
  return Math.min(...hours.map((one) => roster.opensAt(one, atMs)));
}

type Way = Pick<PlannedPage, 'channel' | 'person' | 'contact' | 'afterMs'>;

function pagesOf(
  roster: Roster,
  level: { readonly targets: readonly Target[]; readonly channels: readonly string[] },
  turn: Turn,
  atMs: number,
) {
  const missing: string[] = [];
  const pages = new Map<string, PlannedPage>();
  const add = (way: Way): void => {
    const { channel, person, contact } = way;
    if (!Object.hasOwn(roster.channels, channel)) {
      missing.push(`there is no channel ${channel}`);
      return;
    }
    const own = person === null ? channel : `${channel}/${person}.${contact ?? ''}`;
    // Somebody's own rules may use a contact more than once.
    const place = way.afterMs === 0 ? own : `${own}+${way.afterMs / 1000}s`;
    if (pages.has(place)) return;
    pages.set(place, { ...way, fallbacks: fallbacksOf(roster, channel), purpose: 'level', place });
  };
  for (const target of level.targets) {
    if (target.kind === 'channel') {
      add({ channel: target.name, person: null, contact: null, afterMs: 0 });
      continue;
    }
    for (const name of personsOf(roster, target, turn, atMs, missing)) {
      for (const way of waysTo(roster, name, level.channels, missing)) add(way);
    }
  }
  const all = [...pages.values()];
  if (all.length > PAGES_MAX) missing.push(`${all.length - PAGES_MAX} more pages than a level has`);
  return { pages: atMost(PAGES_MAX, all), missing: [...new Set(missing)] };
}

/** What is too much are further ways to the same people, not further people. */
function atMost(max: number, pages: readonly PlannedPage[]): readonly PlannedPage[] {
  if (pages.length <= max) return pages;
  const ways = new Map<string | null, number>();
  const ranked = pages.map((page) => {
    const rank = page.person === null ? 0 : (ways.get(page.person) ?? 0);
    ways.set(page.person, rank + 1);
    return { page, rank };
  });
  return ranked
    .toSorted((one, other) => one.rank - other.rank)
    .slice(0, max)
    .map(({ page }) => page);
}

function personsOf(
  { teams, onCall }: Roster,
  target: Target,
  { first, taken }: Turn,
  atMs: number,
  missing: string[],
): readonly string[] {
  switch (target.kind) {
    case 'person':
      return [target.name];
    case 'schedule': {
      const persons = onCall(target.name, atMs);
      if (persons === null) missing.push(`there is no schedule ${target.name}`);
      else if (persons.length === 0) missing.push(`nobody is on call in ${target.name}`);
      return persons ?? [];
    }
    case 'team': {
      const members = (Object.hasOwn(teams, target.name) && teams[target.name]?.members) || [];
      const before = (Object.hasOwn(taken, target.name) && taken[target.name]) || 0;
      const member = members[(first + before) % Math.max(1, members.length)];
      if (member === undefined) missing.push(`there is nobody in the team ${target.name}`);
      return member === undefined ? [] : [member];
    }
    case 'channel':
      return [];
    default:
      return target.kind satisfies never;
  }
}

/** By the channels of the level, at once; without any by the person's own rules. */
function waysTo(
  { people }: Roster,
  name: string,
  channels: readonly string[],
  missing: string[],
): readonly Way[] {
  const person = Object.hasOwn(people, name) ? people[name] : undefined;
  if (person === undefined) {
    missing.push(`there is no person ${name}`);
    return channels.map((channel) => ({ channel, person: null, contact: null, afterMs: 0 }));
  }
  if (channels.length === 0) {
    const ways = person.notify.flatMap(({ contact, afterMs }) => {
      const channel = person.contacts[contact]?.channel;
      return channel === undefined ? [] : [{ channel, person: name, contact, afterMs }];
    });
    if (ways.length === 0) missing.push(`${name} has no way to be paged`);
    return ways;
  }
  return channels.map((channel) => {
    const contact = Object.entries(person.contacts).find(([, one]) => one.channel === channel);
    // The channel itself is still told: somebody there may know who it is for.
    if (contact === undefined) missing.push(`${name} has no contact in ${channel}`);
    return { channel, person: name, contact: contact?.[0] ?? null, afterMs: 0 };
  });
}

/** Who takes what a channel does not. The file was checked: none leads back. A limit all the same. */
export function fallbacksOf(
  { channels }: Pick<Roster, 'channels'>,
  channel: string,
): readonly string[] {
  const found: string[] = [];
  let next = channels[channel]?.fallback;
  while (next !== undefined && !found.includes(next) && found.length < FALLBACKS_MAX) {
    found.push(next);
    next = channels[next]?.fallback;
  }
  return found;
}

const FALLBACKS_MAX = 5;
