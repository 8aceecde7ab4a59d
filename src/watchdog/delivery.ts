import { Failure } from '../domain/failure.ts';
import type { Page } from '../domain/paging/page.ts';
import { type Watching, alarmPage } from '../domain/watchdog/alarm-page.ts';
import type { OpenAlarm } from '../domain/watchdog/alarms.ts';
import type { Delivery as Delivered, PageChannel } from '../providers/page/page-channel.ts';
import type { RateBudget } from '../providers/page/rate-budget.ts';

/** One attempt at a page, as it ended. */
export interface Attempted {
  readonly channel: string;
  readonly page: Page;
  readonly outcome: 'accepted' | 'failed' | 'unknown';
  /** The receipt, or why not. */
  readonly text: string;
}

export interface DeliveryDeps {
  readonly channel: string;
  readonly watching: Watching;
  readonly clock: {
    nowMs(): number;
    pause(ms: number, signal: AbortSignal): Promise<void>;
  };
  readonly signal: AbortSignal;
  /** The channel as the paging file has it now; `undefined`: `last_resort` has it no more. */
  find(): { readonly port: PageChannel; readonly budget: RateBudget } | undefined;
  backoffMs(failures: number): number;
  attempted(attempt: Attempted): void;
}

/** Tells one channel of one alarm, for as long as it takes. */
export interface Delivery {
  readonly channel: string;
  /** The alarm is open; a page that waits is replaced by one that says how it is now. */
  tell(alarm: OpenAlarm): void;
  /** The alarm has ended: the channel is told if it may know of it, else nothing is sent any more. */
  end(): void;
  /** There is nothing more to say. */
  isIdle(): boolean;
  /** Whether the channel has taken a page of this alarm, since it was opened. */
  hasTold(alarm: OpenAlarm): boolean;
  /** Settles when no attempt is running any more. */
  done(): Promise<void>;
}

/** Later than this the end of an alarm is no news. */
const END_IS_NEWS_FOR_MS = 3_600_000;
/** Messages that show the end, where a channel has several of one alarm. */
const HANDLES_MAX = 20;

/** What is to be said now. */
interface Wanted {
  readonly kind: 'alarm' | 'end';
  readonly alarm: OpenAlarm;
  readonly fromMs: number;
}

export function createDelivery(deps: DeliveryDeps): Delivery {
  const { channel, watching, clock, signal } = deps;
  let wanted: Wanted | undefined;
  /** Keys of the pages that were taken, or may have been; the last ones, none once its end is told. */
  let mayKnow: readonly string[] = [];
  let told: readonly string[] = [];
  let handles: readonly string[] = [];
  let running: Promise<void> | undefined;

  function pageOf({ kind, alarm }: Wanted): Page {
    const action = kind === 'alarm' ? 'trigger' : 'resolve';
    const page = alarmPage(watching, alarm, { action, maybeRepeated: false });
    const isKnown = mayKnow.includes(page.dedupKey);
    return kind === 'alarm' && isKnown ? { ...page, maybeRepeated: true } : page;
  }

  /** The page that is to be sent now, if there is one. */
  function nextPage(): Page | undefined {
    if (wanted === undefined || signal.aborted) return undefined;
    const page = pageOf(wanted);
    if (wanted.kind === 'alarm') return told.includes(page.dedupKey) ? undefined : page;
    const isNews = clock.nowMs() - wanted.fromMs < END_IS_NEWS_FOR_MS;
    return mayKnow.length > 0 && isNews ? page : undefined;
  }

  async function send(port: PageChannel, page: Page): Promise<Delivered> {
    if (page.action === 'trigger' || !port.can.updates || handles.length === 0) {
      return port.send(page, NEVER_ABORTED);
    }
    let last: Delivered = { receipt: '' };
    for (const handle of handles) {
      last = await port.update(page, handle, NEVER_ABORTED);
      handles = handles.filter((one) => one !== handle);
    }
    return last;
  }

  function accept(page: Page, { handle }: Delivered): void {
    if (page.action === 'resolve') {
      [mayKnow, told, handles] = [[], [], []];
      if (wanted?.kind === 'end') wanted = undefined;
      return;
    }
    mayKnow = lastOf(mayKnow, page.dedupKey);
    told = lastOf(told, page.dedupKey);
    if (handle !== undefined) handles = lastOf(handles, handle);
  }

  /** One attempt, after so many that have failed; how many have now, and how long to wait. */
  async function attempt(page: Page, failures: number) {
    const found = deps.find();
    if (found === undefined) {
      wanted = undefined;
      return { failures: 0, waitMs: 0 };
    }
    const { port, budget } = found;
    const nowMs = clock.nowMs();
    const permit = budget.take({ key: page.dedupKey, dueMs: nowMs }, nowMs);
    if (permit.kind === 'wait') return { failures, waitMs: permit.forMs };
    try {
      const delivered = await send(port, page);
      accept(page, delivered);
      deps.attempted({ channel, page, outcome: 'accepted', text: delivered.receipt });
      return { failures: 0, waitMs: 0 };
    } catch (error) {
      const { isUnknown, retryAfterMs } =
        error instanceof Failure ? error : { isUnknown: true, retryAfterMs: undefined };
      if (isUnknown && page.action === 'trigger') mayKnow = lastOf(mayKnow, page.dedupKey);
      const afterMs = clock.nowMs();
      if (retryAfterMs !== undefined) budget.blockUntil(afterMs + retryAfterMs, afterMs);
      const text = error instanceof Error ? error.message : String(error);
      deps.attempted({ channel, page, outcome: isUnknown ? 'unknown' : 'failed', text });
      const waitMs = Math.max(deps.backoffMs(failures + 1), retryAfterMs ?? 0);
      return { failures: failures + 1, waitMs };
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    for (let page = nextPage(); page !== undefined; page = nextPage()) {
      const after = await attempt(page, failures);
      ({ failures } = after);
      if (after.waitMs > 0) await clock.pause(after.waitMs, signal);
    }
    if (wanted?.kind === 'end') wanted = undefined;
  }

  function goOn(): void {
    if (running !== undefined || nextPage() === undefined) return;
    running = run().finally(() => {
      running = undefined;
      goOn();
    });
  }

  return {
    channel,
    tell(alarm) {
      wanted = { kind: 'alarm', alarm, fromMs: clock.nowMs() };
      goOn();
    },
    end() {
      if (wanted?.kind !== 'alarm') return;
      wanted = { kind: 'end', alarm: wanted.alarm, fromMs: clock.nowMs() };
      goOn();
      if (running === undefined) wanted = undefined;
    },
    isIdle: () => running === undefined && wanted === undefined,
    hasTold: (alarm) =>
      told.some((key) => key.startsWith(episodeOf(alarmPage(watching, alarm, TRIGGER).dedupKey))),
    done: async () => running,
  };
}

/** What has begun goes to its end, so that it is known; its channel ends it within 10 s. */
const NEVER_ABORTED = new AbortController().signal;

const TRIGGER = { action: 'trigger', maybeRepeated: false } as const;

/** A key without its round. */
function episodeOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

function lastOf(all: readonly string[], one: string): readonly string[] {
  return [...all.filter((other) => other !== one), one].slice(-HANDLES_MAX);
}
