import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  condition,
  isCancellation,
  metricMeter,
} from '@temporalio/workflow';
import type { Later } from '../domain/escalation/escalation.ts';
import {
  type Attempt,
  type LedgerEntry,
  type PagePurpose,
  inFlight,
  isTried,
  withOutcome,
  withPage,
} from '../domain/escalation/ledger.ts';
import type { PlannedPage } from '../domain/escalation/plan-level.ts';
import type { Page } from '../domain/paging/page.ts';
import { failureOf } from './failure.ts';
import type { OpenIncident } from './incident.ts';
import type { pagingActivitiesFor } from './paging-activities.ts';

/**
 * So long an answer waits for pages that have been handed out: whatever has not begun is called
 * off by then, and what has begun is named as still under way.
 */
const SETTLE_MS = 2000;

type Place = Pick<PlannedPage, 'channel' | 'person' | 'contact' | 'place' | 'fallbacks'>;

const channelAlone = (channel: string, fallbacks: readonly string[] = []): Place => ({
  ...{ channel, person: null, contact: null, place: channel, fallbacks },
});

export type Pager = ReturnType<typeof createPager>;

/**
 * Sends pages beside the escalation: each is an activity of its own, so that no channel delays
 * another and no failure stops a level. What becomes of it stands in the ledger.
 */
export function createPager(
  incident: OpenIncident,
  act: () => ReturnType<typeof pagingActivitiesFor>,
) {
  let scope = new CancellationScope({ cancellable: true });
  const open = new Set<Promise<void>>();

  function keep(work: Promise<void>): void {
    const kept = work.finally(() => open.delete(kept));
    open.add(kept);
  }

  function begin(place: Place, at: Pick<Later, 'round' | 'level'>, purpose: PagePurpose): string {
    const { cycle } = incident.escalation;
    const suffix = purpose === 'level' ? '' : `/${purpose}`;
    const stem = `${incident.view().key.slice(0, 16)}-${incident.openedAtMs.toString(36)}`;
    const key = `${stem}/c${cycle}-r${at.round}-l${at.level}${suffix}/${safe(place.place)}`;
    incident.record(
      withPage(incident.ledger, {
        key,
        purpose,
        ...{ round: at.round, level: at.level, channel: place.channel },
        ...{ person: place.person, contact: place.contact },
        state: 'sending',
        sinceMs: Date.now(),
        attempts: [],
        receipt: null,
        handle: null,
      }),
    );
    return key;
  }

  async function send(
    place: Place,
    at: Pick<Later, 'round' | 'level'>,
    purpose: PagePurpose,
  ): Promise<void> {
    const key = begin(place, at, purpose);
    const own = scope;
    const { channel, person, contact } = place;
    const incidentNow = incident.told();
    try {
      const sent = await own.run(() =>
        act().sendPage({
          ...{ key, channel, person, contact, place: place.place, ...at },
          incident: incidentNow,
          dueMs: Date.now(),
        }),
      );
      finish(key, { state: 'accepted', ...sent });
      return;
    } catch (error) {
      if (isCancellation(error)) {
        finish(key, { state: 'called_off' });
        return;
      }
      const attempts = attemptsOf(error);
      const isUnknown = attempts.at(-1)?.outcome === 'unknown' || isSilent(error);
      if (isCalledOff(error)) {
        finish(key, { state: isUnknown ? 'unknown' : 'called_off', attempts });
        return;
      }
      finish(key, { state: isUnknown ? 'unknown' : 'failed', attempts });
      incident.warn(`${place.place} was not paged: ${failureOf(error).message}`);
      const [next, ...rest] = place.fallbacks;
      if (own.consideredCancelled || next === undefined) return;
      await send(channelAlone(next, rest), at, 'fallback');
    }
  }

  function finish(key: string, change: Partial<LedgerEntry>): void {
    incident.record(withOutcome(incident.ledger, key, change));
    const entry = incident.ledger.entries.find((one) => one.key === key);
    if (entry === undefined) return;
    metricMeter
      .createCounter('belay_pages', 'pages', 'Pages, by channel and what became of them')
      .add(1, { channel: entry.channel, state: entry.state, purpose: entry.purpose });
    incident.note(`${entry.purpose} ${placeOf(entry)}: ${entry.state.replaceAll('_', ' ')}`);
  }

  return {
    /** All at once; none waits for another. */
    page(pages: readonly PlannedPage[], at: Pick<Later, 'round' | 'level'>): void {
      for (const page of pages) keep(send(page, at, page.purpose));
    },
    /** The last channels there are; returns when each has been told or given up. */
    async lastResort(channels: readonly string[]): Promise<void> {
      const { round, level } = incident.escalation;
      const all = channels.map((channel) =>
        send(channelAlone(channel), { round, level }, 'last_resort'),
      );
      for (const one of all) keep(one);
      await Promise.all(all);
    },
    /**
     * Calls off what has not begun. Returns the places of pages that may still arrive: they had
     * been handed to a channel.
     */
    async callOff(): Promise<readonly string[]> {
      scope.cancel();
      scope = new CancellationScope({ cancellable: true });
      const before = new Set(inFlight(incident.ledger).map(({ key }) => key));
      const left = () => inFlight(incident.ledger).filter(({ key }) => before.has(key));
      if (left().length > 0) {
        await condition(() => left().length === 0, SETTLE_MS, { summary: 'pages under way' });
      }
      return left().map(placeOf);
    },
    /** Shows the new status where the page was shown, once a message. */
    show(action: Page['action']): void {
      const shown = new Set<string>();
      const { cycle, round, level } = incident.escalation;
      for (const entry of incident.ledger.entries) {
        const { channel, handle, person, contact } = entry;
        if (handle === null || entry.purpose === 'update') continue;
        if (shown.has(`${channel} ${handle}`)) continue;
        shown.add(`${channel} ${handle}`);
        const request = { channel, person, contact, handle, action };
        keep(showOne({ ...request, key: `${entry.key}/${action}-${cycle}`, round, level }));
      }
    },
    /** When nothing is under way any more: each has its own end. */
    idle: () => condition(() => open.size === 0),
    get isIdle(): boolean {
      return open.size === 0;
    },
  };

  async function showOne(
    request: Omit<Parameters<ReturnType<typeof act>['showStatus']>[0], 'incident' | 'dueMs'>,
  ): Promise<void> {
    const what = { ...request, incident: incident.told(), dueMs: Date.now() };
    try {
      await CancellationScope.nonCancellable(() => act().showStatus(what));
    } catch (error) {
      if (isCancellation(error) || isCalledOff(error)) return;
      incident.warn(`${request.channel} does not show it: ${failureOf(error).message}`);
    }
  }
}

/** What an activity has recorded of its attempts, where it failed in the end. */
function attemptsOf(error: unknown): readonly Attempt[] {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof TimeoutFailure && isTried(at.lastHeartbeatDetails)) {
      return at.lastHeartbeatDetails.attempts;
    }
    const [details] = at instanceof ApplicationFailure ? (at.details ?? []) : [];
    if (isAttempts(details)) return details;
  }
  return [];
}

function isAttempts(value: unknown): value is readonly Attempt[] {
  return Array.isArray(value) && value.every((one) => typeof one?.attempt === 'number');
}

/** A worker had taken it, but was told in time. */
function isCalledOff(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'CalledOff'
  );
}

/** Ended by a time limit: a worker that died may have sent it. */
function isSilent(error: unknown): boolean {
  return error instanceof ActivityFailure && !(error.cause instanceof ApplicationFailure);
}

function placeOf({ channel, person, contact }: LedgerEntry): string {
  return person === null ? channel : `${channel}/${person}.${contact ?? ''}`;
}

/** Providers take few characters in a key. */
function safe(place: string): string {
  return place.replaceAll(/[^A-Za-z0-9._/-]/g, '_').slice(0, 120);
}
