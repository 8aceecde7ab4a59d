import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  TimeoutFailure,
  condition,
  metricMeter,
  sleep,
} from '@temporalio/workflow';
import type { Later } from '../domain/escalation/escalation.ts';
import {
  type Attempt,
  type LedgerEntry,
  type PagePurpose,
  inFlight,
  isTried,
  mayHaveArrived,
  withAttempt,
  withOutcome,
  withPage,
} from '../domain/escalation/ledger.ts';
import { placeInKey } from '../domain/escalation/page-key.ts';
import type { PageLeft, PageSent, SendPageRequest } from '../domain/escalation/page-request.ts';
import type { PlannedPage } from '../domain/escalation/plan-level.ts';
import { failureOf, isCalledOff } from './failure.ts';
import type { OpenIncident } from './incident.ts';
import type { pagingActivitiesFor } from './paging-activities.ts';
import { createScreens } from './screens.ts';

/**
 * So long an answer waits for pages that have been handed out: whatever has not begun is called
 * off by then, and what has begun is named as still under way.
 */
const SETTLE_MS = 2000;

/** After a try that may have arrived; a time that its channel names is waited for as well. */
const AGAIN_AFTER_MS = 1000;

const LOST = 'nothing has been heard of it: its worker may have died';

type Place = Pick<PlannedPage, 'channel' | 'person' | 'contact' | 'place' | 'fallbacks'>;

const channelAlone = (channel: string, fallbacks: readonly string[] = []): Place => ({
  ...{ channel, person: null, contact: null, place: channel, fallbacks },
});

export type Pager = ReturnType<typeof createPager>;

/** Temporal fails the task of a workflow with more than 2,000 activities under way. */
const IN_FLIGHT_MAX = 1000;

/** Where the policy stood when the page was wanted: its fallback may come in a later cycle. */
interface At extends Pick<Later, 'round' | 'level'> {
  readonly cycle: number;
  /** What a fallback is of: that of a level may have been told in vain before. */
  readonly of: 'level' | 'last_resort';
}

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
  const screens = createScreens(incident, act, keep);

  function keep(work: Promise<void>): void {
    const kept = work.finally(() => open.delete(kept));
    open.add(kept);
  }

  function keyOf({ place }: Place, { cycle, round, level, of }: At, purpose: PagePurpose): string {
    const isOfLast = of === 'last_resort' && purpose === 'fallback';
    const suffix = purpose === 'level' ? '' : `${isOfLast ? `/${of}` : ''}/${purpose}`;
    const stem = `${incident.view().key.slice(0, 16)}-${incident.openedAtMs.toString(36)}`;
    return `${stem}/c${cycle}-r${round}-l${level}${suffix}/${placeInKey(place)}`;
  }

  function begin(key: string, place: Place, { round, level }: At, purpose: PagePurpose): void {
    const { channel, person, contact } = place;
    incident.record(
      withPage(incident.ledger, {
        ...{ key, purpose, round, level, channel, person, contact },
        ...{ state: 'sending', sinceMs: Date.now(), attempts: [] },
        ...{ receipt: null, handle: null, shown: 'trigger' },
      }),
    );
  }

  async function send(place: Place, at: At, purpose: PagePurpose): Promise<void> {
    const own = scope;
    const key = keyOf(place, at, purpose);
    if (!(await hasRoom(own))) return;
    // Two channels may have the same fallback: one page there is enough.
    if (incident.ledger.entries.some((entry) => entry.key === key)) return;
    begin(key, place, at, purpose);
    const { channel, person, contact } = place;
    const { round, level } = at;
    const { alert } = incident.escalation;
    try {
      const sent = await tryToSend(own, {
        ...{ key, channel, person, contact, place: place.place, round, level },
        ...(alert === undefined ? {} : { alert }),
        incident: incident.told(),
        dueMs: Date.now(),
      });
      finish(key, { state: 'accepted', ...sent });
      // It may have been answered while the page was on its way.
      screens.show();
      return;
    } catch (error) {
      const left = leftBy(error, key);
      const state = mayHaveArrived(left.attempts) ? 'unknown' : undefined;
      if (isCalledOff(error)) {
        finish(key, { state: state ?? 'called_off', ...left });
        screens.show();
        return;
      }
      finish(key, { state: state ?? 'failed', ...left });
      screens.show();
      incident.warn(`${place.place} was not paged: ${failureOf(error).message}`);
      const [next, ...rest] = place.fallbacks;
      if (own.consideredCancelled || next === undefined) return;
      await send(channelAlone(next, rest), at, 'fallback');
    }
  }

  /**
   * Ends for a moment when a try may have arrived: from then on that is known here, also when the
   * page is called off while it waits for its next try.
   */
  async function tryToSend(own: CancellationScope, request: SendPageRequest): Promise<PageSent> {
    try {
      return await own.run(() => act().sendPage(request));
    } catch (error) {
      const { attempts, handle } = leftBy(error, request.key);
      const isOver = Date.now() - request.dueMs >= incident.escalation.policy.sendForMs;
      if (!isUnfinished(error) || isOver) throw error;
      incident.record(withOutcome(incident.ledger, request.key, { attempts, handle }));
      return own.run(async () => {
        await sleep(AGAIN_AFTER_MS, { summary: `before ${request.place} is tried again` });
        return act().sendPage({ ...request, earlier: attempts });
      });
    }
  }

  /** What is known of a page that was not accepted; nothing new, what was known before. */
  function leftBy(error: unknown, key: string): Pick<LedgerEntry, 'attempts' | 'handle'> {
    const known = incident.ledger.entries.find((entry) => entry.key === key);
    const { attempts: before = [], handle: knownHandle = null } = known ?? {};
    const { attempts, handle } = toldBy(error);
    const heard = attempts.length === 0 ? before : attempts;
    const isLost = isSilent(error) && !isCalledOff(error) && !mayHaveArrived(heard);
    const lost = { atMs: Date.now(), outcome: 'unknown', text: LOST } as const;
    return { attempts: isLost ? withAttempt(heard, lost) : heard, handle: handle ?? knownHandle };
  }

  /** Waits while too many are under way; false, it has been called off meanwhile. */
  async function hasRoom(own: CancellationScope): Promise<boolean> {
    const isFull = (): boolean => inFlight(incident.ledger).length >= IN_FLIGHT_MAX;
    while (isFull() && !own.consideredCancelled) {
      await condition(() => !isFull() || own.consideredCancelled);
    }
    return !own.consideredCancelled;
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

  async function leftOf(keys: ReadonlySet<string>): Promise<readonly string[]> {
    const left = () => inFlight(incident.ledger).filter(({ key }) => keys.has(key));
    if (left().length > 0) {
      await condition(() => left().length === 0, SETTLE_MS, { summary: 'pages under way' });
    }
    return left().map(placeOf);
  }

  const keysUnderWay = () => new Set(inFlight(incident.ledger).map(({ key }) => key));

  return {
    /** All at once; none waits for another. */
    page(pages: readonly PlannedPage[], at: Pick<Later, 'round' | 'level'>): void {
      const { cycle } = incident.escalation;
      for (const page of pages) keep(send(page, { ...at, cycle, of: 'level' }, page.purpose));
    },
    /** The last channels there are; returns when each has been told or given up. */
    async lastResort(
      channels: readonly string[],
      fallbacks: Readonly<Record<string, readonly string[]>>,
    ): Promise<void> {
      const { cycle, round, level } = incident.escalation;
      const at: At = { cycle, round, level, of: 'last_resort' };
      // Who is told anyway is not told twice.
      const othersOf = (channel: string): readonly string[] =>
        (Object.hasOwn(fallbacks, channel) ? (fallbacks[channel] ?? []) : []).filter(
          (other) => !channels.includes(other),
        );
      const all = channels.map((channel) =>
        send(channelAlone(channel, othersOf(channel)), at, 'last_resort'),
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
      return leftOf(keysUnderWay());
    },
    /** Of what is under way, what has not ended soon; calls nothing off. */
    underWay: (): Promise<readonly string[]> => leftOf(keysUnderWay()),
    /** Shows the status of now where another one is shown. */
    show: screens.show,
    /** Nothing is under way: each has its own end. */
    get isIdle(): boolean {
      return open.size === 0;
    },
  };
}

/** What an activity has told of its attempts, where it failed in the end. */
function toldBy(error: unknown): Partial<PageLeft> & { readonly attempts: readonly Attempt[] } {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof TimeoutFailure && isTried(at.lastHeartbeatDetails)) {
      return at.lastHeartbeatDetails;
    }
    const [attempts, left] = at instanceof ApplicationFailure ? (at.details ?? []) : [];
    if (isAttempts(attempts)) return { ...(isLeft(left) ? left : {}), attempts };
  }
  return { attempts: [] };
}

function isLeft(value: unknown): value is PageLeft {
  return typeof value === 'object' && value !== null && 'isUnfinished' in value;
}

/** It ended so that this is known; a worker that died in its first try has said nothing. */
function isUnfinished(error: unknown): boolean {
  const isTimedOut =
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'START_TO_CLOSE';
  return isTimedOut || toldBy(error).isUnfinished === true;
}

function isAttempts(value: unknown): value is readonly Attempt[] {
  return Array.isArray(value) && value.every((one) => typeof one?.attempt === 'number');
}

/** Ended by a time limit: a worker that died may have sent it. */
function isSilent(error: unknown): boolean {
  return error instanceof ActivityFailure && !(error.cause instanceof ApplicationFailure);
}

function placeOf({ channel, person, contact }: LedgerEntry): string {
  return person === null ? channel : `${channel}/${person}.${contact ?? ''}`;
}
