import { z } from 'zod';
import type { AlertCalls } from '../client/client.ts';
import { type Matcher, matchesAll } from '../domain/alerting/matcher.ts';
import { type Silence, stateOf } from '../domain/alerting/silence.ts';
import { Failure } from '../domain/failure.ts';
import { type Handle, Refused, jsonOf } from './http.ts';
import { filterOf, isSet } from './list-alerts.ts';
import { problemsOf } from './read-alerts.ts';
import { readTime, writeTime } from './time.ts';

const matcherSchema = z.object({
  name: z.string(),
  value: z.string(),
  isRegex: z.boolean(),
  isEqual: z.boolean().nullish(),
});

const time = z.string().transform((text, context) => {
  const ms = readTime(text);
  if (ms !== null && ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'is no time like 2026-01-05T08:00:00Z' });
  return z.NEVER;
});

/** As amtool, Grafana and karma send it. */
const silenceSchema = z.object({
  id: z.string().nullish(),
  matchers: z.array(matcherSchema),
  startsAt: time,
  endsAt: time,
  createdBy: z.string(),
  comment: z.string(),
});

/** `POST /api/v2/silences`: a new one, or a change of the one with `id`. */
export function postSilence(calls: AlertCalls): Handle {
  return async ({ body }) => {
    const read = silenceSchema.safeParse(jsonOf(body));
    if (!read.success) throw new Refused(400, problemsOf(read.error));
    const { id, matchers, startsAt, endsAt, createdBy, comment } = read.data;
    const silence = {
      id: id === undefined || id === '' ? null : id,
      matcherSets: [matchers.map(matcherOf)],
      startsAtMs: startsAt,
      endsAtMs: endsAt,
      ...{ createdBy, comment },
    };
    const { id: silenceID } = await calls.silence({ who: createdBy, why: comment, silence });
    return { status: 200, json: { silenceID } };
  };
}

/** `GET /api/v2/silences`; what is over stays listed for a while. */
export function listSilences(calls: AlertCalls, nowMs: () => number): Handle {
  return async ({ query }) => {
    const states = (['active', 'pending', 'expired'] as const).filter((one) => isSet(query, one));
    const filter = filterOf(query);
    const { silences } = await calls.show();
    const json = silences
      .filter((silence) => states.includes(stateOf(silence, nowMs())))
      .filter((silence) => silence.matcherSets.some((set) => isAbout(set, filter)))
      .map((silence) => shownSilence(silence, nowMs()));
    return { status: 200, json };
  };
}

/** `GET /api/v2/silence/{id}`. */
export function showSilence(calls: AlertCalls, nowMs: () => number): Handle {
  return async ({ name }) => {
    const { silences } = await calls.show();
    const silence = silences.find(({ id }) => id === name);
    if (silence === undefined) throw new Failure('NotFound', `there is no silence ${name}`);
    return { status: 200, json: shownSilence(silence, nowMs()) };
  };
}

/** `DELETE /api/v2/silence/{id}`: it ends now. */
export function deleteSilence(calls: AlertCalls): Handle {
  return async ({ name, from }) => {
    await calls.expire(name, { who: `somebody at ${from}`, why: `DELETE of silence ${name}` });
    return { status: 200 };
  };
}

function matcherOf({ name, value, isRegex, isEqual }: z.infer<typeof matcherSchema>): Matcher {
  const isPositive = isEqual ?? true;
  if (isRegex) return { name, value, operator: isPositive ? '=~' : '!~' };
  return { name, value, operator: isPositive ? '=' : '!=' };
}

/** As Alertmanager filters: what the matchers of the silence are for counts as labels. */
function isAbout(set: readonly Matcher[], filter: readonly Matcher[]): boolean {
  return matchesAll(filter, Object.fromEntries(set.map(({ name, value }) => [name, value])));
}

function shownSilence(silence: Silence, nowMs: number) {
  const { id, matcherSets, createdBy, comment } = silence;
  const sets = matcherSets.map((set) => set.map(shownMatcher));
  return {
    ...{ id, createdBy, comment },
    status: { state: stateOf(silence, nowMs) },
    startsAt: writeTime(silence.startsAtMs),
    endsAt: writeTime(silence.endsAtMs),
    updatedAt: writeTime(silence.updatedAtMs),
    matchers: sets[0] ?? [],
    // Alertmanager's API has a place for one set only.
    ...(sets.length > 1 ? { belayMatcherSets: sets } : {}),
  };
}

function shownMatcher({ name, operator, value }: Matcher) {
  return {
    ...{ name, value },
    isRegex: operator === '=~' || operator === '!~',
    isEqual: operator === '=' || operator === '=~',
  };
}
