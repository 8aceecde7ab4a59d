import type { ScheduleDocument } from '../../../src/domain/oncall/schedule.schema.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

type LayerDocument = ScheduleDocument['layers'][number];

/** A wall clock as a number: the milliseconds that it would have in UTC. */
type WallMs = number;

const wallMs = (local: string): WallMs => Date.parse(`${local.slice(0, 16)}Z`);

function formatOf(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
}

/** What a zone's clocks show in every minute of some weeks, by `Intl` alone. */
export interface ShownMinutes {
  readonly zone: string;
  readonly fromMs: number;
  readonly walls: readonly WallMs[];
  /** What was looked up before. */
  readonly firsts: Map<WallMs, number>;
}

export function shownMinutes(zone: string, fromMs: number, days: number): ShownMinutes {
  const format = formatOf(zone);
  const walls = Array.from({ length: days * 1440 }, (_, minute) =>
    wallMs(format.format(fromMs + minute * MINUTE_MS).replace(' ', 'T')),
  );
  return { zone, fromMs, walls, firsts: new Map() };
}

/** The first minute in which clocks have come to a time, or have skipped it. */
function firstAt({ fromMs, walls, firsts }: ShownMinutes, wall: WallMs): number {
  if (wall < (walls[0] ?? 0)) return -Infinity;
  const known = firsts.get(wall);
  if (known !== undefined) return known;
  const minute = walls.findIndex((shown) => shown >= wall);
  const first = minute === -1 ? Infinity : fromMs + minute * MINUTE_MS;
  firsts.set(wall, first);
  return first;
}

function lastAt(shown: ShownMinutes, wall: WallMs): number {
  const minute = shown.walls.lastIndexOf(wall);
  return minute === -1 ? firstAt(shown, wall) : shown.fromMs + minute * MINUTE_MS;
}

/**
 * Who is on call, the slow way: every hand-off is counted from the start on, every hour of every
 * day looked up minute by minute. Knows rotations, restrictions, swaps and overrides.
 */
export function naiveOnCall(
  written: ScheduleDocument,
  shown: ShownMinutes,
  atMs: number,
): readonly string[] {
  let persons: readonly string[] = [];
  for (const layer of written.layers) {
    const own = byLayer(layer, shown, atMs);
    if (own.length > 0) persons = own;
  }
  const isNow = ({ from, to }: { from: string; to: string }) =>
    Date.parse(from) <= atMs && atMs < Date.parse(to);
  for (const { between } of (written.swaps ?? []).filter(isNow)) {
    const [one, other] = between;
    persons = persons.map((name) =>
      name === one ? String(other) : name === other ? String(one) : name,
    );
  }
  for (const { person, replaces } of (written.overrides ?? []).filter(isNow)) {
    if (replaces === undefined) persons = [person];
    else if (replaces === 'nobody') persons = [...persons, person];
    else persons = persons.map((name) => (name === replaces ? person : name));
    persons = [...new Set(persons)].filter((name) => name !== 'nobody');
  }
  return persons.toSorted();
}

function byLayer(layer: LayerDocument, shown: ShownMinutes, atMs: number): readonly string[] {
  if (layer.rotation === undefined || layer.members === undefined) return [];
  if (layer.from !== undefined && atMs < Date.parse(layer.from)) return [];
  if (layer.until !== undefined && atMs >= Date.parse(layer.until)) return [];
  if (layer.restrictions !== undefined && !isOpen(layer.restrictions, shown, atMs)) return [];
  let turn = -1;
  while (handOff(layer.rotation, shown, turn + 1) <= atMs) turn += 1;
  const persons = turn < 0 ? [] : layer.members[turn % layer.members.length];
  return [persons ?? []].flat();
}

function handOff(
  { every, length = 1, starts }: NonNullable<LayerDocument['rotation']>,
  shown: ShownMinutes,
  turn: number,
): number {
  if (every === 'hourly') return firstAt(shown, wallMs(starts)) + turn * length * 3_600_000;
  if (every === 'daily') return firstAt(shown, wallMs(starts) + turn * length * DAY_MS);
  if (every === 'weekly') return firstAt(shown, wallMs(starts) + turn * length * 7 * DAY_MS);
  const start = new Date(wallMs(starts));
  const month = start.getUTCMonth() + turn * length;
  const lastDay = new Date(Date.UTC(start.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const day = Math.min(start.getUTCDate(), lastDay);
  const midnight = Date.UTC(start.getUTCFullYear(), month, day);
  return firstAt(shown, midnight + (wallMs(starts) % DAY_MS));
}

function isOpen(
  restrictions: NonNullable<LayerDocument['restrictions']>,
  shown: ShownMinutes,
  atMs: number,
): boolean {
  const today = Math.floor(atMs / DAY_MS) * DAY_MS;
  return restrictions.some(({ between, days, from, to }) => {
    for (let day = today - 9 * DAY_MS; day <= today + 2 * DAY_MS; day += DAY_MS) {
      const name = DAYS[(new Date(day).getUTCDay() + 6) % 7] ?? '';
      const hours = between === undefined ? weekly(name, from, to) : daily(between, name, days);
      if (hours === undefined) continue;
      const begins = firstAt(shown, day + hours.begins);
      if (begins <= atMs && atMs < lastAt(shown, day + hours.ends)) return true;
    }
    return false;
  });
}

const clockMs = (text: string): number =>
  Number(text.slice(0, 2)) * 3_600_000 + Number(text.slice(3)) * MINUTE_MS;

function daily(between: string, name: string, days: readonly string[] = DAYS) {
  if (!days.includes(name)) return undefined;
  const [begins, ends] = [clockMs(between.slice(0, 5)), clockMs(between.slice(6))];
  return { begins, ends: ends > begins ? ends : ends + DAY_MS };
}

function weekly(name: string, from = '', to = '') {
  if (!from.startsWith(name)) return undefined;
  const begins = clockMs(from.slice(4));
  const days = (DAYS.indexOf(to.slice(0, 3)) - DAYS.indexOf(name) + 7) % 7;
  const ends = days * DAY_MS + clockMs(to.slice(4));
  return { begins, ends: ends > begins ? ends : ends + 7 * DAY_MS };
}
