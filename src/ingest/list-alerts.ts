import type { AlertCalls } from '../client/client.ts';
import { type Matcher, matchesAll } from '../domain/alerting/matcher.ts';
import { readMatchers } from '../domain/alerting/read-matchers.ts';
import { fullMatch, regexProblem } from '../domain/alerting/regex.ts';
import { type Handle, Refused } from './http.ts';
import { type ShownAlert, type ShownGroup, alertsIn, shownOf } from './show-alerts.ts';

/** Of groups, and of alerts of each, that a shard is asked for. */
const LIMIT = 1000;

/** `GET /api/v2/alerts`. */
export function listAlerts(calls: AlertCalls, nowMs: () => number): Handle {
  return async ({ query }) => {
    const isWanted = wanted(query);
    const { groups, more } = await shown(calls, nowMs());
    return { status: 200, json: alertsIn(groups).filter(isWanted), headers: cutAt(more) };
  };
}

/** `GET /api/v2/alerts/groups`: a group that pages two channels is there twice. */
export function listGroups(calls: AlertCalls, nowMs: () => number): Handle {
  return async ({ query }) => {
    const isWanted = wanted(query);
    const { groups, more } = await shown(calls, nowMs());
    const json = groups
      .map((group): ShownGroup => ({ ...group, alerts: group.alerts.filter(isWanted) }))
      .filter(({ alerts }) => alerts.length > 0);
    return { status: 200, json, headers: cutAt(more) };
  };
}

/** `GET /api/v2/receivers`. */
export function listReceivers(calls: AlertCalls): Handle {
  return async () => {
    const { configuration } = await calls.show();
    const names = Object.keys(configuration?.receivers ?? {});
    return { status: 200, json: names.map((name) => ({ name })) };
  };
}

async function shown(calls: AlertCalls, nowMs: number) {
  const [view, shards] = await Promise.all([calls.show(), calls.shards({ limit: LIMIT })]);
  return shownOf(view, shards, nowMs);
}

/** Nothing is left out without a word. */
function cutAt(more: number): Record<string, string> {
  return more === 0 ? {} : { 'x-belay-alerts-not-listed': String(more) };
}

/** By the parameters of the query; throws `Refused`. */
function wanted(query: URLSearchParams): (alert: ShownAlert) => boolean {
  const matchers = filterOf(query);
  const receiver = query.get('receiver') ?? '';
  const problem = regexProblem(receiver);
  if (problem !== null) throw new Refused(400, `receiver: ${problem}`);
  const [active, silenced, inhibited, muted] = ['active', 'silenced', 'inhibited', 'muted'].map(
    (name) => isSet(query, name),
  );
  return ({ status, labels, receivers }) =>
    matchesAll(matchers, labels) &&
    (active === true || status.state !== 'active') &&
    (silenced === true || status.silencedBy.length === 0) &&
    (inhibited === true || status.inhibitedBy.length === 0) &&
    (muted === true || status.mutedBy.length === 0) &&
    (receiver === '' || receivers.some(({ name }) => fullMatch(receiver, name)));
}

/** The matchers of all `filter`; throws `Refused`. */
export function filterOf(query: URLSearchParams): readonly Matcher[] {
  return query.getAll('filter').flatMap((text) => {
    const read = readMatchers(text);
    if (read.kind === 'invalid') throw new Refused(400, `filter: ${read.message}`);
    return read.matchers;
  });
}

/** True unless it is said to be false; throws `Refused`. */
export function isSet(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? 'true';
  if (text !== 'true' && text !== 'false') throw new Refused(400, `${name} is true or false`);
  return text === 'true';
}
