import { Failure } from '../domain/failure.ts';
import type { Page } from '../domain/paging/page.ts';
import type { Watching } from '../domain/watchdog/alarm-page.ts';
import type { OpenAlarm } from '../domain/watchdog/alarms.ts';
import {
  TOLD_NOTHING,
  type Told,
  type Wanted,
  afterPerhaps,
  afterTaken,
  hasTaken,
  pageToSend,
} from '../domain/watchdog/telling.ts';
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

export function createDelivery(deps: DeliveryDeps): Delivery {
  const { channel, watching, clock, signal } = deps;
  const telling = createTelling(deps);
  let running: Promise<void> | undefined;

  /** One attempt, after so many that have failed; how many have now, and how long to wait. */
  async function attempt(page: Page, failures: number) {
    const found = deps.find();
    if (found === undefined) {
      telling.wanted = undefined;
      return { failures: 0, waitMs: 0 };
    }
    const { port, budget } = found;
    const nowMs = clock.nowMs();
    const permit = budget.take({ key: page.dedupKey, dueMs: nowMs }, nowMs);
    if (permit.kind === 'wait') return { failures, waitMs: permit.forMs };
    try {
      telling.taken(page, await send(port, page, telling.told.handles));
      return { failures: 0, waitMs: 0 };
    } catch (error) {
      const askedForMs = telling.failed(page, error);
      const afterMs = clock.nowMs();
      budget.blockUntil(afterMs + askedForMs, afterMs);
      return { failures: failures + 1, waitMs: Math.max(askedForMs, deps.backoffMs(failures + 1)) };
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    for (let page = telling.nextPage(); page !== undefined; page = telling.nextPage()) {
      const after = await attempt(page, failures);
      ({ failures } = after);
      if (after.waitMs > 0) await clock.pause(after.waitMs, signal);
    }
  }

  function goOn(): void {
    if (running !== undefined) return;
    if (telling.nextPage() === undefined) {
      if (telling.wanted?.kind === 'end') telling.wanted = undefined;
      return;
    }
    running = run().finally(() => {
      running = undefined;
      goOn();
    });
  }

  function want(kind: Wanted['kind'], alarm: OpenAlarm): void {
    telling.wanted = { kind, alarm, fromMs: clock.nowMs() };
    goOn();
  }

  return {
    channel,
    tell: (alarm) => want('alarm', alarm),
    end() {
      if (telling.wanted?.kind === 'alarm') want('end', telling.wanted.alarm);
    },
    isIdle: () => running === undefined && telling.wanted === undefined,
    hasTold: (alarm) => hasTaken(watching, telling.told, alarm),
    done: async () => running,
  };
}

/** What is to be said, and what has been. */
interface Telling {
  wanted: Wanted | undefined;
  readonly told: Told;
  nextPage(): Page | undefined;
  taken(page: Page, delivered: Delivered): void;
  /** How long the channel wants to be left alone. */
  failed(page: Page, error: unknown): number;
}

function createTelling({ channel, watching, clock, signal, attempted }: DeliveryDeps): Telling {
  let told = TOLD_NOTHING;
  const telling: Telling = {
    wanted: undefined,
    get told() {
      return told;
    },
    nextPage() {
      if (telling.wanted === undefined || signal.aborted) return undefined;
      return pageToSend(watching, telling.wanted, told, clock.nowMs());
    },
    taken(page, { handle, receipt }) {
      told = afterTaken(told, page, handle);
      const isEnd = page.action === 'resolve' && telling.wanted?.kind === 'end';
      if (isEnd) telling.wanted = undefined;
      attempted({ channel, page, outcome: 'accepted', text: receipt });
    },
    failed(page, error) {
      const { isUnknown, retryAfterMs = 0 } = error instanceof Failure ? error : NO_FAILURE;
      if (isUnknown) told = afterPerhaps(told, page);
      const text = error instanceof Error ? error.message : String(error);
      attempted({ channel, page, outcome: isUnknown ? 'unknown' : 'failed', text });
      return retryAfterMs;
    },
  };
  return telling;
}

/** What has begun goes to its end, so that it is known; its channel ends it within 10 s. */
const NEVER_ABORTED = new AbortController().signal;

/** What is thrown beside failures says nothing. */
const NO_FAILURE = { isUnknown: true, retryAfterMs: undefined };

/** The end is shown on every message that can be changed, else it is one more message. */
async function send(port: PageChannel, page: Page, handles: readonly string[]): Promise<Delivered> {
  if (page.action === 'trigger' || !port.can.updates || handles.length === 0) {
    return port.send(page, NEVER_ABORTED);
  }
  let last: Delivered = { receipt: '' };
  for (const handle of handles) last = await port.update(page, handle, NEVER_ABORTED);
  return last;
}
