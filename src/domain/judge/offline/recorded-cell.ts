/** A cell as the file has it: text of CSV and Prometheus, a number or null of JSON. */
export type RawCell = unknown;

interface Flawed {
  readonly why: string;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;
const NAME_MAX = 200;

/** Nothing, `NaN` or null: there is no value, and it is not zero. */
export function isMissing(cell: RawCell): boolean {
  return cell === null || (typeof cell === 'string' && /^\s*(?:nan)?\s*$/i.test(cell));
}

/** A finite number; anything else is a flaw that says how to write it. */
export function numberOf(cell: RawCell): number | Flawed {
  if (typeof cell === 'number') {
    return Number.isFinite(cell) ? cell : { why: `${cell} is no measurement: leave it empty` };
  }
  if (typeof cell !== 'string') return { why: `${quoted(cell)} is not a number` };
  const text = cell.trim();
  if (/^[+-]?inf(?:inity)?$/i.test(text)) {
    return { why: `${text} is no measurement: leave it empty where it is missing` };
  }
  if (!NUMBER.test(text)) {
    const hint = /^\d+,\d+$/.test(text) ? ': write the decimal point as a dot' : '';
    const why = `${quoted(text)} is not a number${hint}`;
    return { why: `${why}${hint === '' ? '; a missing value is an empty cell' : ''}` };
  }
  const value = Number(text);
  return Number.isFinite(value) ? value : { why: `${quoted(text)} is too large` };
}

/** Why a text cannot name a column; undefined where it can. */
export function nameFlaw(name: string): string | undefined {
  if (name === '') return 'a column has no name';
  if (name === 'time') return 'the column time is there twice';
  if (name.length > NAME_MAX) return `a name of ${name.length} characters, ${NAME_MAX} is the most`;
  return name.search(UNPRINTABLE) === -1 ? undefined : `${quoted(name)} is no name of a column`;
}

/** Text of a file for a message: short, in one line, and harmless in a terminal. */
export function quoted(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = String(value);
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return `"${short.replaceAll(UNPRINTABLE, '?')}"`;
}

export type ReadTime =
  { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'bad'; readonly why: string };

type Unit = 'ISO 8601' | 'epoch seconds' | 'epoch milliseconds';

/** Seconds up to the year 5138 are below this, milliseconds since March 1973 above it. */
const MILLISECONDS_FROM = 1e11;
const LATEST_MS = 8.64e15;

/**
 * Reads the times of one file, in its order: one unit throughout, never back; `once`: never twice
 * the same.
 */
export function beginTimes(repeated: 'once' | 'may repeat'): (cell: RawCell) => ReadTime {
  let unit: Unit | undefined;
  let before = -Infinity;
  return (cell) => {
    if (isMissing(cell)) return bad('a row has no time');
    const read = timeOf(cell);
    if ('why' in read) return bad(read.why);
    const { ms } = read;
    if (unit !== undefined && read.unit !== unit) {
      return bad(`${quoted(cell)} is ${read.unit}, the rows before are ${unit}`);
    }
    unit = read.unit;
    if (ms < before) return bad(`${quoted(cell)} is before the row above: sort the rows by time`);
    if (ms === before && repeated === 'once') {
      return bad(`${quoted(cell)} is there twice: a time has one row`);
    }
    before = ms;
    return { kind: 'time', ms };
  };
}

function bad(why: string): ReadTime {
  return { kind: 'bad', why };
}

function timeOf(cell: RawCell): { readonly ms: number; readonly unit: Unit } | Flawed {
  const text = typeof cell === 'string' ? cell.trim() : cell;
  if (typeof text === 'number' || (typeof text === 'string' && NUMBER.test(text))) {
    const number = Number(text);
    const unit = number >= MILLISECONDS_FROM ? 'epoch milliseconds' : 'epoch seconds';
    const ms = unit === 'epoch seconds' ? Math.round(number * 1000) : number;
    return ms > 0 && ms <= LATEST_MS ? { ms, unit } : { why: `${quoted(cell)} is no time` };
  }
  const ms = typeof text === 'string' ? isoMs(text) : undefined;
  if (ms !== undefined) return { ms, unit: 'ISO 8601' };
  const hint =
    typeof text === 'string' && /^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(text)
      ? 'has no time zone: write Z or +02:00 behind it'
      : 'is no time: write 2026-03-01T10:00:00Z, or seconds or milliseconds since 1970';
  return { why: `${quoted(cell)} ${hint}` };
}

const ISO =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):?(\d\d))$/;

function isoMs(text: string): number | undefined {
  const [whole, day, minute, second = '00', fraction = '', sign, hours, minutes] =
    ISO.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const clock = `${day}T${minute}:${second}`;
  const utc = Date.parse(`${clock}Z`);
  // A day that a month does not have would be one of the next.
  if (Number.isNaN(utc) || new Date(utc).toISOString().slice(0, 19) !== clock) return undefined;
  const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * 60_000;
  const ms = Math.floor(Number(`0.${fraction === '' ? '0' : fraction}`) * 1000 + 1e-6);
  return utc + ms - (sign === '-' ? -offset : offset);
}
