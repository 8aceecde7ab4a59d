import { instantOf, isLocalTime } from '../wall-clock.ts';

const FREQUENCIES = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY'];
const WEEKDAY = /^(?:MO|TU|WE|TH|FR|SA|SU)$/;
const NTH_WEEKDAY = /^(?:[+-]?(?:[1-9]|[1-4]\d|5[0-3]))?(?:MO|TU|WE|TH|FR|SA|SU)$/;
const UNTIL = /^20\d{6}(?:T\d{6}Z?)?$/;

/** More would let a rule cost minutes to follow. */
const INTERVAL_MAX = 1000;
const COUNT_MAX = 1000;
/** Of one rule, and of all windows of a file together. */
export const WINDOWS_A_DAY_MAX = 24;

interface Range {
  readonly min: number;
  readonly max: number;
  /** Counted from the end as well: -1 is the last. */
  readonly signed: boolean;
}

/** The parts that are lists of numbers. The library leaves out what is outside, without a word. */
const RANGES: Readonly<Record<string, Range>> = {
  BYMONTH: { min: 1, max: 12, signed: false },
  BYMONTHDAY: { min: 1, max: 31, signed: true },
  BYYEARDAY: { min: 1, max: 366, signed: true },
  BYWEEKNO: { min: 1, max: 53, signed: true },
  BYSETPOS: { min: 1, max: 366, signed: true },
  BYHOUR: { min: 0, max: 23, signed: false },
  BYMINUTE: { min: 0, max: 59, signed: false },
  BYSECOND: { min: 0, max: 59, signed: false },
};

const OTHER_PARTS = ['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'BYDAY', 'WKST'];

/** What is wrong with a rule in upper case and how to mend it, as far as its text alone tells. */
export function rruleFlaw(rrule: string): string | undefined {
  if (/^RRULE:|DTSTART|EXDATE|\s/.test(rrule)) {
    return (
      'write the rule alone, like FREQ=WEEKLY;BYDAY=FR, without "RRULE:" and spaces: ' +
      '`starts` takes the place of DTSTART, `except` that of EXDATE'
    );
  }
  const parts = new Map<string, string>();
  for (const text of rrule.split(';')) {
    const [key = '', value] = text.split('=');
    if (value === undefined || value === '') return `"${text}" is not written like FREQ=WEEKLY`;
    if (parts.has(key)) return `${key} stands twice: write it once`;
    const flaw = partFlaw(key, value);
    if (flaw !== undefined) return flaw;
    parts.set(key, value);
  }
  if (!parts.has('FREQ')) return `has no FREQ: begin with one of ${FREQUENCIES.join(', ')}`;
  if (parts.has('COUNT') && parts.has('UNTIL')) return 'has COUNT and UNTIL: write one of them';
  const days = dayPartsFlaw(parts);
  if (days !== undefined) return days;
  const windows = windowsADay(rrule);
  return windows > WINDOWS_A_DAY_MAX
    ? `begins ${windows} windows a day; ${WINDOWS_A_DAY_MAX} is the most: write a longer \`for\``
    : undefined;
}

function partFlaw(key: string, value: string): string | undefined {
  switch (key) {
    case 'FREQ':
      return frequencyFlaw(value);
    case 'INTERVAL':
      return countFlaw(key, value, INTERVAL_MAX, 'a greater FREQ');
    case 'COUNT':
      return countFlaw(key, value, COUNT_MAX, 'UNTIL');
    case 'UNTIL':
      return UNTIL.test(value) && isLocalTime(readable(value))
        ? undefined
        : `UNTIL=${value} is not a time: write it like 20261231T225959Z`;
    case 'WKST':
      return WEEKDAY.test(value) ? undefined : `WKST=${value}: write one day, like MO`;
    case 'BYDAY':
      return value.split(',').every((day) => NTH_WEEKDAY.test(day))
        ? undefined
        : `BYDAY=${value}: write days like MO,FR, or like 1MO and -1FR within a month or year`;
    default:
      return numbersFlaw(key, value);
  }
}

function frequencyFlaw(value: string): string | undefined {
  if (FREQUENCIES.includes(value)) return undefined;
  return value === 'MINUTELY' || value === 'SECONDLY'
    ? `FREQ=${value} begins too often: write a longer \`for\` and FREQ=DAILY`
    : `FREQ=${value} is not one of ${FREQUENCIES.join(', ')}`;
}

function countFlaw(key: string, value: string, max: number, other: string): string | undefined {
  const isGood = /^[1-9]\d{0,5}$/.test(value) && Number(value) <= max;
  return isGood ? undefined : `${key}=${value}: write 1 to ${max}, or else ${other}`;
}

function numbersFlaw(key: string, value: string): string | undefined {
  const range = RANGES[key];
  if (range === undefined) {
    const known = [...OTHER_PARTS, ...Object.keys(RANGES)].join(', ');
    return `${key} is no part of a rule; known are ${known}`;
  }
  const { min, max, signed } = range;
  const isGood = value.split(',').every((text) => {
    if (!/^[+-]?\d{1,3}$/.test(text)) return false;
    const number = Number(text);
    const size = signed ? Math.abs(number) : number;
    return size >= min && size <= max;
  });
  if (isGood) return undefined;
  return `${key}=${value}: write ${min} to ${max}${signed ? `, or -${max} to -${min}` : ''}`;
}

/** Programs that know RFC 5545 read these differently, our library among them. */
function dayPartsFlaw(parts: ReadonlyMap<string, string>): string | undefined {
  const other = ['BYMONTHDAY', 'BYWEEKNO', 'BYDAY'].find((key) => parts.has(key));
  if (parts.has('BYYEARDAY') && other !== undefined) {
    return `BYYEARDAY with ${other} is read in more than one way: write one of them`;
  }
  return parts.has('BYMONTHDAY') && /\d/.test(parts.get('BYDAY') ?? '')
    ? 'BYMONTHDAY with a numbered BYDAY is read in more than one way: write one of them'
    : undefined;
}

/** An upper bound: days on which nothing begins are not left out. */
export function windowsADay(rrule: string): number {
  const listed = (key: string): number => {
    const value = new RegExp(`(?:^|;)${key}=([^;]+)`).exec(rrule)?.[1];
    return value === undefined ? 0 : new Set(value.split(',')).size;
  };
  const every = Number(/(?:^|;)INTERVAL=(\d+)/.exec(rrule)?.[1] ?? 1);
  const hours = listed('BYHOUR') || (rrule.includes('FREQ=HOURLY') ? Math.ceil(24 / every) : 1);
  return hours * Math.max(1, listed('BYMINUTE')) * Math.max(1, listed('BYSECOND'));
}

/** The rule without its UNTIL, which is a time of the world, not one of the zone's clocks. */
export function withoutUntil(rrule: string): string {
  return rrule
    .split(';')
    .filter((part) => !part.startsWith('UNTIL='))
    .join(';');
}

/** The last time at which a window may begin; a day counts to its end. Without UNTIL: Infinity. */
export function untilMs(rrule: string, timezone: string): number {
  const value = /(?:^|;)UNTIL=([^;]+)/.exec(rrule)?.[1];
  if (value === undefined) return Infinity;
  const text = readable(value);
  if (value.endsWith('Z')) return Date.parse(`${text}Z`);
  return instantOf(text, timezone);
}

/** `20261231T225959Z` is 2026-12-31T22:59:59, without its zone; a day is its last second. */
function readable(until: string): string {
  const [, year, month, day, hour = '23', minute = '59', second = '59'] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?$/.exec(until) ?? [];
  return `${year}-${month}-${day}T${hour}:${minute}:${second}`;
}
