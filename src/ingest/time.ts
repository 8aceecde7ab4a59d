const WRITTEN =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,12})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Of Go: nobody has set it. */
const ZERO_MS = Date.parse('0001-01-01T00:00:00Z');

/**
 * A time as RFC 3339 writes it, to the millisecond: `undefined` where it is not given, which an
 * empty text and Go's zero time say too; null where it is no such time.
 */
export function readTime(text: string | undefined): number | undefined | null {
  if (text === undefined || text === '') return undefined;
  const [, year, month, day] = WRITTEN.exec(text) ?? [];
  const ms = Date.parse(text);
  if (day === undefined || Number.isNaN(ms)) return null;
  // A day that its month does not have would be one of the next month.
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  if (midnight.getUTCDate() !== Number(day)) return null;
  return ms === ZERO_MS ? undefined : ms;
}

const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** As RFC 3339 writes it, which knows no year after 9999 and none before 1. */
export function writeTime(ms: number): string {
  return new Date(Math.min(Math.max(ms, ZERO_MS), LAST_MS)).toISOString();
}
