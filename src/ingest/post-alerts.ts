import type { AlertCalls } from '../client/client.ts';
import { FAILURES } from '../domain/failure.ts';
import type { Handle, Reply } from './http.ts';
import { readAlerts } from './read-alerts.ts';

/** Of reasons in an answer. */
const REASONS_MAX = 20;
const RETRY_AFTER = { 'retry-after': '5' } as const;

/** How many alerts of a request have come to which end. */
export interface Taken {
  readonly news: number;
  readonly resent: number;
  readonly invalid: number;
  readonly full: number;
}

/**
 * `POST /api/v2/alerts`: 200 without a body when all of them are kept. 400 where some can never be,
 * 503 where there was no room for some, each with the reasons; the others are kept all the same.
 */
export function postAlerts(calls: AlertCalls, counted: (taken: Taken) => void): Handle {
  return async ({ body }) => {
    const read = readAlerts(body);
    const { news, accepted, refused } = await calls.post(read.alerts);
    const all = [
      ...read.wrong.map((one) => ({ ...one, code: 'AlertInvalid' as const })),
      ...refused.map((one) => ({ ...one, at: read.places[one.at] ?? one.at })),
    ].toSorted((one, other) => one.at - other.at);
    const full = all.filter(({ code }) => code === 'AlertingFull').length;
    counted({ news, resent: accepted - news, invalid: all.length - full, full });
    return all.length === 0 ? { status: 200 } : refusal(all, full, read.count);
  };
}

function refusal(
  all: readonly { readonly at: number; readonly why: string }[],
  full: number,
  count: number,
): Reply {
  const { httpStatus: status } = FAILURES[full > 0 ? 'AlertingFull' : 'AlertInvalid'];
  const shown = all
    .slice(0, REASONS_MAX)
    .map(({ at, why }) => `alert ${at + 1} of ${count}: ${why}`)
    .join('; ');
  const more = all.length > REASONS_MAX ? `; and ${all.length - REASONS_MAX} more` : '';
  return { status, json: shown + more, ...(full > 0 ? { headers: RETRY_AFTER } : {}) };
}
