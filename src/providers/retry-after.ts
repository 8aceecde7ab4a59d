/** Whatever a receiver asks for: later than this nobody waits any more. */
const RETRY_AFTER_MAX_MS = 5 * 60_000;
/** Refusals that may pass: request timeout, too early, too many requests. */
const PASSING = new Set([408, 425, 429]);
/** `Sun, 06 Nov 1994 08:49:37 GMT`, or the older form with the whole weekday. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*, \d\d.* GMT$/;

/** Whether a status says that the same request may be taken later. */
export function mayPass(status: number): boolean {
  return status >= 500 || PASSING.has(status);
}

/** `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3); `undefined` for neither. */
export function readRetryAfter(
  header: string | string[] | undefined,
  nowMs: number,
): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return Math.min(RETRY_AFTER_MAX_MS, Number(text) * 1000);
  // `Date.parse` alone would take "in 5" for a day in May 2001.
  const ms = HTTP_DATE.test(text.trim()) ? Date.parse(text) - nowMs : Number.NaN;
  return Number.isFinite(ms) ? Math.min(RETRY_AFTER_MAX_MS, Math.max(0, ms)) : undefined;
}
