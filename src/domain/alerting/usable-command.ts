import type { Configuration } from './alerting-file.ts';
import { isRecord } from './is-record.ts';
import { type Matcher, OPERATORS } from './matcher.ts';
import { regexProblem } from './regex.ts';
import type { Route } from './routes.ts';
import type { SilenceRequest } from './silence.ts';

/**
 * What is wrong with what the coordinator of alerts is told, or null. The client reads files and
 * matchers itself; anybody else may send anything, and a shard that goes by it would stop for good.
 */
export function configurationFault(sent: unknown): string | null {
  if (!isRecord(sent) || !Array.isArray(sent.routes) || sent.routes.length === 0) {
    return 'the configuration has no routes: send what readAlerting makes of a file';
  }
  const { resolveTimeoutMs, receivers, timeIntervals, inhibitRules, heartbeats } = sent;
  if (!isTime(resolveTimeoutMs)) return 'resolveTimeoutMs is no number of milliseconds';
  const maps = { receivers, timeIntervals, heartbeats };
  for (const [name, map] of Object.entries(maps)) {
    if (!isRecord(map) || !Object.values(map).every(isThing)) return `${name} is no map`;
  }
  if (!Array.isArray(inhibitRules)) return 'inhibitRules is no list';
  for (const [at, rule] of (inhibitRules as readonly unknown[]).entries()) {
    const isRule =
      isRecord(rule) && isMatchers(rule.source) && isMatchers(rule.target) && isTexts(rule.equal);
    if (!isRule) return `inhibitRules[${at}] has no source, target and equal`;
  }
  for (const [name, beat] of Object.entries(heartbeats as Configuration['heartbeats'])) {
    const isBeat =
      isTime(beat.withinMs) &&
      isRecord(beat.labels) &&
      (beat.matchers === undefined || isMatchers(beat.matchers));
    if (!isBeat) return `heartbeats.${name} has no withinMs, labels and matchers`;
  }
  return routesFault(sent.routes as readonly unknown[], sent as unknown as Configuration);
}

function routesFault(routes: readonly unknown[], { receivers }: Configuration): string | null {
  for (const [at, one] of routes.entries()) {
    if (!isRecord(one)) return `routes[${at}] is no route`;
    const route = one as unknown as Route;
    const { groupWaitMs, groupIntervalMs, repeatIntervalMs } = route;
    const isWhole =
      isMatchers(route.matchers) &&
      [groupWaitMs, groupIntervalMs, repeatIntervalMs].every(isTime) &&
      (route.groupBy === 'all' || isTexts(route.groupBy)) &&
      [route.mutedIn, route.activeIn].every(isTexts) &&
      [route.path, route.receiver, route.serviceLabel].every((text) => typeof text === 'string') &&
      isStorm(route.storm, routes.length) &&
      [null, 'pause', 'rollback'].includes(route.onAlert);
    if (!isWhole) return `routes[${at}] is not whole: send what readAlerting makes of a file`;
    // A route that leads back up would be followed for ever.
    const leadsDown =
      Array.isArray(route.children) &&
      route.children.every((to) => Number.isSafeInteger(to) && to > at && to < routes.length);
    if (!leadsDown) return `routes[${at}].children are not places after it`;
    if (!Object.hasOwn(receivers, route.receiver)) {
      return `routes[${at}] has the receiver ${route.receiver}, which is not there`;
    }
  }
  return null;
}

export function silenceFault(sent: unknown): string | null {
  if (!isRecord(sent)) return 'it has no silence';
  const { id, matcherSets, startsAtMs, endsAtMs, createdBy, comment } =
    sent as unknown as SilenceRequest;
  if (id !== null && typeof id !== 'string') return 'the id of the silence is no text';
  if (!Array.isArray(matcherSets) || !matcherSets.every(isMatchers)) {
    return 'matcherSets is no list of lists of matchers';
  }
  if (![startsAtMs, endsAtMs].every((ms) => Number.isSafeInteger(ms))) {
    return 'startsAtMs and endsAtMs are not milliseconds since 1970';
  }
  if ([createdBy, comment].every((text) => typeof text === 'string')) return null;
  return 'createdBy and comment are no texts';
}

function isStorm(storm: unknown, routes: number): boolean {
  if (storm === null) return true;
  if (!isRecord(storm) || !isTime(storm.withinMs)) return false;
  const { above, of } = storm as { readonly above: number; readonly of: number };
  return Number.isSafeInteger(above) && above > 0 && Number.isSafeInteger(of) && of < routes;
}

function isMatchers(value: unknown): value is readonly Matcher[] {
  return Array.isArray(value) && value.every(isMatcher);
}

function isMatcher(value: unknown): value is Matcher {
  if (!isRecord(value)) return false;
  const { name, operator, value: text } = value;
  if (typeof name !== 'string' || typeof text !== 'string') return false;
  if (!(OPERATORS as readonly unknown[]).includes(operator)) return false;
  return operator === '=' || operator === '!=' || regexProblem(text) === null;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isTime(ms: unknown): boolean {
  return typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0;
}

function isThing(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
