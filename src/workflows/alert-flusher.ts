import { CancellationScope, log, metricMeter } from '@temporalio/workflow';
import {
  type AlertLedger,
  type PageOutcome,
  withOutcomes,
  withPages,
} from '../domain/alerting/alert-ledger.ts';
import {
  BATCH_PAGES_MAX,
  type FlushEnd,
  type FlushPage,
  type IncidentPage,
} from '../domain/alerting/flush.ts';
import { destinationText } from '../domain/alerting/group-key.ts';
import { charactersOfPaged } from '../domain/alerting/paged-alerts.ts';
import type { GroupPage, PageEnd } from '../domain/alerting/shard-state.ts';
import { type ToldPage, channelPage, incidentPage } from '../domain/alerting/told-pages.ts';
import { mayHaveArrived } from '../domain/escalation/ledger.ts';
import type { alertActivitiesFor } from './alert-activities.ts';
import { failureOf, isCalledOff } from './failure.ts';

/** What a batch carries at most; a page is some 2 KB of text. */
const BATCH_CHARACTERS_MAX = 200_000;

interface Flight {
  readonly scope: CancellationScope;
  readonly pages: readonly ToldPage[];
  readonly over: Promise<void>;
}

/** What the flusher needs of its shard. */
export interface FlusherShard {
  readonly id: string;
  readonly act: ReturnType<typeof alertActivitiesFor>;
  /** Of the run before. */
  readonly ledger: AlertLedger;
  /** Each page has its end, once. */
  paged(ends: readonly PageEnd[]): void;
  warn(why: string): void;
}

export type Flusher = ReturnType<typeof createFlusher>;

/** Hands pages out: one activity for each channel, or policy, and batch of them. */
export function createFlusher(shard: FlusherShard) {
  const flights = new Set<Flight>();
  let { ledger } = shard;

  function take(pages: readonly ToldPage[]): void {
    ledger = withPages(
      ledger,
      pages.map(({ page }) => ({
        ...{ key: page.key, group: page.group, destination: page.destination, reason: page.reason },
        ...{ firing: page.firing.length, resolved: page.resolved.length, sinceMs: Date.now() },
        ...{ state: 'sending', attempts: [], receipt: null },
      })),
    );
    for (const batch of inFlights(pages)) fly(batch);
  }

  function fly(pages: readonly ToldPage[]): void {
    const scope = new CancellationScope({ cancellable: true });
    const over = send(scope, pages).finally(() => flights.delete(flight));
    const flight = { scope, pages, over };
    flights.add(flight);
  }

  async function send(scope: CancellationScope, pages: readonly ToldPage[]): Promise<void> {
    const [first] = pages;
    if (first === undefined) return;
    const { destination } = first.page;
    if (destination.kind === 'policy') return tell(scope, destination.name, pages);
    const dueMs = Date.now();
    const asked = pages.map((told) => channelPage(told, shard.id, dueMs));
    const left = await flush(scope, destination.name, asked);
    ended(left);
  }

  /** Through a channel, and what it does not take through its fallback; never twice through one. */
  async function flush(
    scope: CancellationScope,
    first: string,
    asked: readonly FlushPage[],
  ): Promise<readonly FlushEnd[]> {
    const ends: FlushEnd[] = [];
    let channel: string | null = first;
    let pages = asked;
    const tried = new Set<string>();
    while (pages.length > 0) {
      tried.add(channel);
      const done = await orEnds(pages, () =>
        scope.run(() => shard.act.flushPages({ channel: channel ?? first, pages })),
      );
      const isFinal = ({ state }: FlushEnd): boolean =>
        state === 'arrived' || state === 'called_off';
      ends.push(...done.ends.filter(isFinal));
      count(channel, done.ends);
      const later = done.ends.filter(({ state }) => state === 'later');
      const inVain = done.ends.filter((end) => !isFinal(end) && end.state !== 'later');
      for (const { attempts } of inVain.slice(0, 1)) {
        shard.warn(`${channel} took ${inVain.length} page(s) not: ${attempts.at(-1)?.text ?? ''}`);
      }
      const next = done.fallback !== null && !tried.has(done.fallback) ? done.fallback : null;
      if (next === null) ends.push(...inVain);
      else if (inVain.length > 0) {
        const rest = await flush(scope, next, again(pages, inVain, Date.now()));
        ends.push(...rest);
      }
      pages = again(pages, later);
    }
    return ends;
  }

  async function tell(
    scope: CancellationScope,
    policy: string,
    asked: readonly ToldPage[],
  ): Promise<void> {
    let pages: readonly IncidentPage[] = asked.map(incidentPage);
    const dueMs = Date.now();
    const ends: FlushEnd[] = [];
    for (;;) {
      const done = await orEnds(pages, async () => ({
        ends: await scope.run(() => shard.act.tellIncidents({ policy, pages })),
        fallback: null,
      }));
      ends.push(...done.ends.filter(({ state }) => state !== 'later'));
      const later = new Set(
        done.ends.filter(({ state }) => state === 'later').map(({ key }) => key),
      );
      if (later.size === 0) break;
      const why = done.ends.find(({ state }) => state === 'later')?.attempts.at(-1)?.text ?? '';
      shard.warn(`${later.size} incident(s) of ${policy} could not be told: ${why}`);
      pages = pages.filter(({ key }) => later.has(key));
      if (scope.consideredCancelled || Date.now() - dueMs > GIVE_UP_AFTER_MS) {
        const state = scope.consideredCancelled ? 'called_off' : 'failed';
        ends.push(
          ...done.ends
            .filter(({ key }) => later.has(key))
            .map((end) => ({ ...end, state }) as const),
        );
        break;
      }
    }
    count(`policy/${policy}`, ends);
    ended(ends);
  }

  function ended(ends: readonly FlushEnd[]): void {
    const outcomes = ends.map(({ key, state, attempts, receipt }): PageOutcome => {
      if (state === 'arrived') return { key, state, attempts, receipt };
      return { key, state: mayHaveArrived(attempts) ? 'unknown' : 'failed', attempts, receipt };
    });
    ledger = withOutcomes(ledger, outcomes);
    shard.paged(
      ends.map(({ key, state, attempts }) => ({
        key,
        hasArrived: state === 'arrived',
        isCalledOff: state === 'called_off',
        mayHaveArrived: mayHaveArrived(attempts),
      })),
    );
  }

  /** An activity that failed has told nothing: every page of it may have arrived. */
  async function orEnds(
    pages: readonly { readonly key: string }[],
    work: () => Promise<{ readonly ends: readonly FlushEnd[]; readonly fallback: string | null }>,
  ) {
    try {
      return await work();
    } catch (error) {
      const isOff = isCalledOff(error);
      const { message } = failureOf(error);
      if (!isOff) log.warn('a batch of pages failed', { message });
      const state = isOff ? 'called_off' : 'unknown';
      // Called off between two tries, it cannot say what the first of them has sent.
      const attempts = [
        { attempt: 1, atMs: Date.now(), outcome: 'unknown', text: message } as const,
      ];
      const ends = pages.map(({ key }) => ({ key, state, attempts, receipt: null }) as const);
      return { ends, fallback: null };
    }
  }

  return {
    take,
    get ledger(): AlertLedger {
      return ledger;
    },
    /** Nothing is under way. */
    get isIdle(): boolean {
      return flights.size === 0;
    },
    /** Calls off the batches with such a page, and returns when each page of them has its end. */
    async callOff(isUnwanted: (page: GroupPage) => boolean): Promise<void> {
      const unwanted = [...flights].filter(({ pages }) =>
        pages.some(({ page }) => isUnwanted(page)),
      );
      for (const { scope } of unwanted) scope.cancel();
      await Promise.all(unwanted.map(({ over }) => over));
    },
  };
}

/** For an incident that cannot be told; then its group is looked at anew. */
const GIVE_UP_AFTER_MS = 120_000;

/** One channel, or policy, each; as many pages as go into one activity. */
function inFlights(pages: readonly ToldPage[]): readonly (readonly ToldPage[])[] {
  const open = new Map<string, { batch: ToldPage[]; room: number }>();
  const batches: ToldPage[][] = [];
  for (const told of pages) {
    const place = destinationText(told.page.destination);
    const { report, alerts } = told;
    const size = report.text.length + report.title.length + charactersOfPaged(alerts) + 500;
    let last = open.get(place);
    if (last === undefined || last.batch.length === BATCH_PAGES_MAX || last.room < size) {
      last = { batch: [], room: BATCH_CHARACTERS_MAX };
      open.set(place, last);
      batches.push(last.batch);
    }
    last.batch.push(told);
    last.room -= size;
  }
  return batches;
}

/** The same pages once more, with what is known of them; with `dueMs`, as if they were new. */
function again(
  pages: readonly FlushPage[],
  ends: readonly FlushEnd[],
  dueMs?: number,
): readonly FlushPage[] {
  const byKey = new Map(ends.map((end) => [end.key, end] as const));
  return pages.flatMap((page) => {
    const end = byKey.get(page.key);
    if (end === undefined) return [];
    return [{ ...page, earlier: end.attempts, ...(dueMs === undefined ? {} : { dueMs }) }];
  });
}

function count(place: string, ends: readonly FlushEnd[]): void {
  const counter = metricMeter.createCounter(
    'belay_alert_pages',
    'pages',
    'Pages about groups of alerts, by where they go and what became of them',
  );
  // Each call leaves the workflow and is carried to another thread, so they are few.
  const byState = new Map<FlushEnd['state'], number>();
  for (const { state } of ends) byState.set(state, (byState.get(state) ?? 0) + 1);
  for (const [state, many] of byState) counter.add(many, { place, state });
}
