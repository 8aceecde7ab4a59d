import { type Duty, dutiesOf } from './layer-spans.ts';
import type { Override, Schedule, Swap } from './schedule.schema.ts';
import type { Span } from './span.ts';

const DAY_MS = 86_400_000;

/** The longest time that is looked through at once. */
export const LOOK_MAX_MS = 400 * DAY_MS;

const BACK_MS = 40 * DAY_MS;

/** How far to look, one after the other, for the next hand-off. */
const REACHES_MS = [2 * DAY_MS, 40 * DAY_MS, LOOK_MAX_MS];

/** What put people on call: a layer, or what changed its answer last. */
export interface ShiftCause {
  readonly kind: 'layer' | 'swap' | 'override';
  /** Which of them in the schedule, from 0. */
  readonly index: number;
  /** Of the layer below it all; `null` where an override stands alone. */
  readonly layer: string | null;
}

/** A time in which the same persons are on call for the same cause. */
export interface Shift extends Span {
  readonly persons: readonly string[];
  readonly cause: ShiftCause;
}

/** A time in which nobody is on call; `cause` where an override says so. */
export interface Gap extends Span {
  readonly cause: ShiftCause | null;
}

export interface HandOff {
  readonly atMs: number;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Who is on call at a time, in the order of the alphabet: all of them are, none before another. */
export function onCallAt(schedule: Schedule, atMs: number): readonly string[] {
  return piecesOf(schedule, { fromMs: atMs, toMs: atMs + 1 })[0]?.persons ?? [];
}

/**
 * All shifts within a time, in order and without overlap, cut at its ends; together with the gaps
 * they are the whole of it. At most 400 days at once.
 */
export function shiftsBetween(schedule: Schedule, fromMs: number, toMs: number): readonly Shift[] {
  return piecesOf(schedule, { fromMs, toMs }).flatMap(({ cause, ...piece }) =>
    cause !== null && piece.persons.length > 0 ? [{ ...piece, cause }] : [],
  );
}

/**
 * The same, but the first shift from its own beginning on, for whoever asks at another moment again.
 * One that has lasted for more than 40 days by then is cut there.
 */
export function shiftsFromBeginning(
  schedule: Schedule,
  fromMs: number,
  toMs: number,
): readonly Shift[] {
  const backMs = Math.max(0, Math.min(BACK_MS, LOOK_MAX_MS - (toMs - fromMs)));
  const shifts = shiftsBetween(schedule, fromMs - backMs, toMs);
  return shifts.filter((shift) => shift.toMs > fromMs);
}

/** When nobody is on call within a time; at most 400 days at once. */
export function gapsBetween(schedule: Schedule, fromMs: number, toMs: number): readonly Gap[] {
  return piecesOf(schedule, { fromMs, toMs })
    .filter(({ persons }) => persons.length === 0)
    .map((gap) => ({ fromMs: gap.fromMs, toMs: gap.toMs, cause: gap.cause }));
}

/** When other persons are next on call; `null` where that is not within 400 days. */
export function nextHandOff(schedule: Schedule, atMs: number): HandOff | null {
  for (const reachMs of REACHES_MS) {
    const pieces = piecesOf(schedule, { fromMs: atMs, toMs: atMs + reachMs });
    const from = pieces[0]?.persons ?? [];
    const next = pieces.find(({ persons }) => !areSame(persons, from));
    if (next !== undefined) return { atMs: next.fromMs, from, to: next.persons };
  }
  return null;
}

interface Answer {
  readonly persons: readonly string[];
  readonly cause: ShiftCause | null;
}

type Piece = Span & Answer;

/** Every moment of a time, in order: who is on call, and why. */
function piecesOf(schedule: Schedule, asked: Span): readonly Piece[] {
  const { fromMs, toMs } = asked;
  if (!(toMs - fromMs <= LOOK_MAX_MS)) {
    throw new RangeError(`at most ${LOOK_MAX_MS / DAY_MS} days of a schedule at once`);
  }
  const layers = schedule.layers.map((layer) => dutiesOf(layer, asked));
  const swaps = numbered(schedule.swaps, asked);
  const overrides = numbered(schedule.overrides, asked);
  const changes = [...swaps, ...overrides].map(({ item }) => item);
  const edges = [...layers.flat(), ...changes].flatMap((span) => [span.fromMs, span.toMs]);
  const times = [...new Set([fromMs, ...edges.filter((ms) => ms > fromMs && ms < toMs)])];
  const places = layers.map(() => 0);
  const pieces: Piece[] = [];
  for (const [index, atMs] of times.toSorted((one, other) => one - other).entries()) {
    const answer = changedBy(byLayers(schedule, layers, places, atMs), swaps, overrides, atMs);
    const last = pieces.at(-1);
    const piece: Piece = { fromMs: atMs, toMs, ...answer };
    if (index > 0 && last !== undefined) {
      pieces[pieces.length - 1] = { ...last, toMs: atMs };
      if (areSame(last.persons, answer.persons) && isSameCause(last.cause, answer.cause)) {
        pieces[pieces.length - 1] = { ...last, toMs };
        continue;
      }
    }
    pieces.push(piece);
  }
  return fromMs < toMs ? pieces : [];
}

/** `places` says how far each layer has been read; times only grow. */
function byLayers(
  { layers }: Schedule,
  duties: readonly (readonly Duty[])[],
  places: number[],
  atMs: number,
): Answer {
  for (let index = layers.length - 1; index >= 0; index -= 1) {
    const own = duties[index] ?? [];
    let place = places[index] ?? 0;
    while ((own[place]?.toMs ?? Infinity) <= atMs) place += 1;
    places[index] = place;
    const duty = own[place];
    if (duty !== undefined && duty.fromMs <= atMs) {
      const layer = layers[index]?.name ?? null;
      return { persons: duty.persons, cause: { kind: 'layer', index, layer } };
    }
  }
  return { persons: [], cause: null };
}

interface Numbered<Item> {
  readonly item: Item;
  readonly index: number;
}

/** Those that matter within a time, with their place in the schedule. */
function numbered<Item extends Span>(
  items: readonly Item[],
  { fromMs, toMs }: Span,
): readonly Numbered<Item>[] {
  return items
    .map((item, index) => ({ item, index }))
    .filter(({ item }) => item.fromMs < toMs && item.toMs > fromMs);
}

function changedBy(
  answer: Answer,
  swaps: readonly Numbered<Swap>[],
  overrides: readonly Numbered<Override>[],
  atMs: number,
): Answer {
  const layer = answer.cause?.layer ?? null;
  let { persons, cause } = answer;
  const change = (changed: readonly string[], kind: 'swap' | 'override', index: number): void => {
    if (areSame(changed, persons)) return;
    persons = changed;
    cause = { kind, index, layer };
  };
  const isNow = ({ item }: Numbered<Span>): boolean => item.fromMs <= atMs && atMs < item.toMs;
  for (const { item, index } of swaps.filter(isNow)) change(swapped(persons, item), 'swap', index);
  for (const { item, index } of overrides.filter(isNow)) {
    change(overridden(persons, item), 'override', index);
  }
  return { persons: persons.toSorted(), cause };
}

function swapped(persons: readonly string[], { between: [one, other] }: Swap): readonly string[] {
  return persons.map((name) => (name === one ? other : name === other ? one : name));
}

function overridden(persons: readonly string[], override: Override): readonly string[] {
  const { person } = override;
  const put = person === null ? [] : [person];
  switch (override.kind) {
    case 'replace_all':
      return put;
    case 'replace':
      if (!persons.includes(override.replaces)) return persons;
      return [...new Set(persons.flatMap((name) => (name === override.replaces ? put : [name])))];
    case 'add':
      return [...new Set([...persons, override.person])];
    default:
      return override satisfies never;
  }
}

/** Whether they are the same persons, in whatever order they are named. */
function areSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function isSameCause(one: ShiftCause | null, other: ShiftCause | null): boolean {
  return one?.kind === other?.kind && one?.index === other?.index && one?.layer === other?.layer;
}
