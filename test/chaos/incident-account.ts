import type { LedgerEntry } from '../../src/domain/escalation/ledger.ts';
import type { Arrival } from '../support/page-arrivals.ts';
import type { Lived, Told } from './incident-crowd.ts';
import type { KillAt } from './incident-kills.ts';
import { PAGER_PAGE, pagesOfNever } from './incident-plan.ts';

/** What became of a run, each thing that is wrong as a sentence. */
export interface Account {
  readonly lostIncidents: readonly string[];
  readonly lostAcks: readonly string[];
  readonly pagesAfterAck: readonly string[];
  readonly duplicates: readonly Duplicate[];
}

/** The same page once more. */
export interface Duplicate {
  readonly text: string;
  /** Null: nothing that is known explains it. */
  readonly explained: 'worker killed' | 'server killed' | null;
}

/** What came may be read a moment after whoever sent it was killed. */
const READ_LATE_MS = 1000;
export const ID_PREFIX = 'incident/';
/** Of an incident's key, at the beginning of the key of each of its pages. */
export const STEM_DIGITS = 16;

/** By the stem of their keys: the pages of each incident, in the order in which they came. */
export function byIncident(arrivals: readonly Arrival[]): ReadonlyMap<string, readonly Arrival[]> {
  const sorted = arrivals.toSorted((one, other) => one.atMs - other.atMs);
  return Map.groupBy(sorted, ({ key }) => key.slice(0, STEM_DIGITS));
}

export function pagesOf(
  pages: ReadonlyMap<string, readonly Arrival[]>,
  { id }: Pick<Lived, 'id'>,
): readonly Arrival[] {
  const at = ID_PREFIX.length;
  return pages.get(id.slice(at, at + STEM_DIGITS)) ?? [];
}

/** Whose ledger is needed: of what came twice, or has failed. */
export function isOdd({ end }: Lived, pages: readonly Arrival[]): boolean {
  const hasFailed = end.kind === 'resolved' && end.report.pages.failed > 0;
  return hasFailed || new Set(pages.map(pageOf)).size < pages.length;
}

/** `ledgers`: of the odd incidents, by id. */
export function account(
  lived: readonly Lived[],
  arrivals: readonly Arrival[],
  kills: readonly KillAt[],
  ledgers: ReadonlyMap<string, readonly LedgerEntry[]>,
): Account {
  const pages = byIncident(arrivals);
  return {
    lostIncidents: lived.flatMap((one) =>
      lostOf(one, pagesOf(pages, one), ledgers.get(one.id) ?? []),
    ),
    lostAcks: lived.flatMap(lostAcksOf),
    pagesAfterAck: lived.flatMap((one) => pagesAfterAckOf(one, pagesOf(pages, one))),
    duplicates: lived.flatMap((one) =>
      duplicatesOf(pagesOf(pages, one), kills, ledgers.get(one.id) ?? []),
    ),
  };
}

/** Which page it is: PagerDuty is told of an incident under one key, and paged by one level. */
function pageOf({ channel, key }: Arrival): string {
  return channel === 'pager' ? PAGER_PAGE : key.slice(key.indexOf('/') + 1);
}

function lostOf(
  { plan, end, told }: Lived,
  pages: readonly Arrival[],
  ledger: readonly LedgerEntry[],
): readonly string[] {
  const named = (why: string): readonly string[] => [`${plan.key}: ${why}`];
  const came = new Set(pages.map(pageOf));
  const stems = pages.flatMap(({ channel, key }) => (channel === 'hook' ? key.split('/')[0] : []));
  if (new Set(stems).size > 1) return named('it was opened more than once');
  switch (end.kind) {
    case 'lost':
      return named(end.why);
    case 'never acknowledged': {
      // Whoever came too late was told so.
      if (told.some(({ durableAtMs }) => durableAtMs !== null)) return [];
      const missing = pagesOfNever(plan).filter((suffix) => !came.has(suffix));
      return missing.length === 0 ? [] : named(`nobody was paged by ${missing.join(', ')}`);
    }
    case 'resolved': {
      if (plan.people.length === 0) return named('resolved by nobody');
      const { accepted, failed, called_off: calledOff } = end.report.pages;
      const failures = ledger.filter(({ state }) => state === 'failed');
      if (failed > 0) return named(`${failed} pages have failed: ${JSON.stringify(failures)}`);
      if (accepted > came.size) return named(`${accepted} pages accepted, ${came.size} came`);
      const hasLevel = (level: number): boolean => came.has(`c1-r1-l${level}/hook`);
      return calledOff === 0 && hasLevel(2) && !hasLevel(1) ? named('a level was skipped') : [];
    }
    default:
      return end satisfies never;
  }
}

/** A durable answer that did not count, or two that were both told to be the first. */
function lostAcksOf({ plan, end, told }: Lived): readonly string[] {
  const acks = told.filter(
    ({ verb, durableAtMs }) => verb === 'acknowledge' && durableAtMs !== null,
  );
  const durable = told.filter(({ durableAtMs }) => durableAtMs !== null);
  if (durable.length === 0 || end.kind === 'lost') return [];
  if (end.kind === 'never acknowledged') {
    return durable.map(({ who, verb }) => `${plan.key}: ${verb} of ${who}: never acknowledged`);
  }
  const by = end.report.acknowledgedBy?.by;
  if (acks.length > 0 && !acks.some(({ who }) => who === by)) {
    return [`${plan.key}: acknowledged by ${by ?? 'nobody'} in the end`];
  }
  return acks
    .filter(({ appliedAtMs, who }) => appliedAtMs !== null && who !== by)
    .map(({ who }) => `${plan.key}: ${who} was told to be the first, but ${by} was`);
}

/** Sends that began after somebody had been told that none would. */
function pagesAfterAckOf({ plan, told }: Lived, pages: readonly Arrival[]): readonly string[] {
  const applied = told.filter((one) => one.appliedAtMs !== null);
  const [first] = applied.toSorted((a, b) => atOf(a) - atOf(b));
  if (first === undefined) return [];
  const after = pages.filter(({ atMs }) => atMs > atOf(first));
  return after
    .filter((page, at) => {
      const isNamed = first.inFlight.includes(page.channel);
      return !isNamed || after.findIndex((one) => pageOf(one) === pageOf(page)) < at;
    })
    .map((page) => [pageOf(page), page.atMs] as const)
    .map(([page, atMs]) => `${plan.key}: ${page} came ${atMs - atOf(first)} ms after the answer`);
}

function atOf({ appliedAtMs }: Told): number {
  return appliedAtMs ?? Number.POSITIVE_INFINITY;
}

function duplicatesOf(
  pages: readonly Arrival[],
  kills: readonly KillAt[],
  ledger: readonly LedgerEntry[],
): readonly Duplicate[] {
  return pages.flatMap((page, at): readonly Duplicate[] => {
    const before = pages.slice(0, at).filter((one) => pageOf(one) === pageOf(page));
    const last = before.at(-1);
    if (last === undefined) return [];
    const attempts = ledger.find(({ key }) => key.endsWith(`/${pageOf(page)}`))?.attempts ?? [];
    const unknown = attempts.filter(({ outcome }) => outcome === 'unknown').length;
    const between = kills.filter(
      ({ atMs }) => atMs >= last.atMs - READ_LATE_MS && atMs <= page.atMs,
    );
    const isOwned = unknown >= before.length && (page.channel === 'pager' || page.saysRepeated);
    const cause = between.find(({ what }) => what === 'worker') ?? between[0];
    const text =
      `${page.key} came again after ${page.atMs - last.atMs} ms; ` +
      `it says so: ${page.saysRepeated}; unknown attempts in its ledger: ${unknown}; ` +
      `killed in between: ${between.map(({ what }) => what).join(', ') || 'nothing'}`;
    if (!isOwned || cause === undefined) return [{ text, explained: null }];
    return [{ text, explained: cause.what === 'worker' ? 'worker killed' : 'server killed' }];
  });
}
