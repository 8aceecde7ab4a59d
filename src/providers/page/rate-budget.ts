/** Somebody who was told to come again is waited for so long beyond that; then others go first. */
const LATE_MS = 1000;
/** What sums of fractions are off by. */
const NEGLIGIBLE_MS = 0.001;
/** More are told to come again without a place in the row, which they then get. */
const WAITING_MAX = 10_000;

export interface Caller {
  /** The same at every asking: the key of the page. */
  readonly key: string;
  /** When its page was due: who is earlier goes first, so that no level overtakes another. */
  readonly dueMs: number;
}

export type Permit =
  | { readonly kind: 'go' }
  /** Ask again after so long; until then others who are due later do not go first. */
  | { readonly kind: 'wait'; readonly forMs: number };

/**
 * How fast one channel may be used, by all pages of one worker: a bucket of `burst` tokens that
 * gets `perSecond` of them. Nothing sleeps here, and the time is an argument.
 */
export interface RateBudget {
  take(caller: Caller, nowMs: number): Permit;
  /** The provider asked for silence until then. After it, one page goes first, without a burst. */
  blockUntil(atMs: number, nowMs: number): void;
  /** The page is not to be sent any more. */
  leave(key: string): void;
}

interface Waiting extends Caller {
  /** Of two that are due at the same time, who came first. */
  readonly arrival: number;
  readonly comesAtMs: number;
}

export function createRateBudget({
  perSecond,
  burst,
}: {
  readonly perSecond: number;
  readonly burst: number;
}): RateBudget {
  const waiting = new Map<string, Waiting>();
  let tokens = burst;
  let filledAtMs = Number.NEGATIVE_INFINITY;
  let blockedUntilMs = Number.NEGATIVE_INFINITY;
  let latestMs = Number.NEGATIVE_INFINITY;
  let arrivals = 0;

  /** A clock that is set back makes nobody wait until it is again what it was. */
  function follow(nowMs: number): void {
    const backMs = latestMs - nowMs;
    latestMs = nowMs;
    if (backMs <= 0) return;
    filledAtMs -= backMs;
    blockedUntilMs -= backMs;
    for (const [key, one] of waiting) {
      waiting.set(key, { ...one, comesAtMs: one.comesAtMs - backMs });
    }
  }

  function fill(nowMs: number): void {
    follow(nowMs);
    const passedMs = nowMs - Math.max(filledAtMs, blockedUntilMs);
    if (passedMs <= 0) return;
    tokens = Math.min(burst, tokens + (passedMs / 1000) * perSecond);
    filledAtMs = nowMs;
  }

  /** How many go before, of those that still come. */
  function placeOf(caller: Waiting, nowMs: number): number {
    let before = 0;
    for (const one of waiting.values()) {
      const isGone = one.comesAtMs + LATE_MS < nowMs;
      if (isGone && one.key !== caller.key) waiting.delete(one.key);
      else if (goesFirst(one, caller)) before += 1;
    }
    return before;
  }

  return {
    take(caller, nowMs) {
      fill(nowMs);
      const arrival = waiting.get(caller.key)?.arrival ?? (arrivals += 1);
      const place = placeOf({ ...caller, arrival, comesAtMs: nowMs }, nowMs);
      const blockedForMs = Math.max(0, blockedUntilMs - nowMs);
      const lackingMs = (Math.max(0, place + 1 - tokens) / perSecond) * 1000;
      if (blockedForMs + lackingMs < NEGLIGIBLE_MS) {
        tokens = Math.max(0, tokens - 1);
        waiting.delete(caller.key);
        return { kind: 'go' };
      }
      const forMs = Math.ceil(blockedForMs + lackingMs - NEGLIGIBLE_MS);
      if (waiting.has(caller.key) || waiting.size < WAITING_MAX) {
        waiting.set(caller.key, { ...caller, arrival, comesAtMs: nowMs + forMs });
      }
      return { kind: 'wait', forMs };
    },
    blockUntil(atMs, nowMs) {
      if (atMs <= Math.max(nowMs, blockedUntilMs)) return;
      fill(nowMs);
      blockedUntilMs = atMs;
      tokens = 1;
    },
    leave(key) {
      waiting.delete(key);
    },
  };
}

function goesFirst(one: Waiting, other: Waiting): boolean {
  if (one.key === other.key) return false;
  return one.dueMs === other.dueMs ? one.arrival < other.arrival : one.dueMs < other.dueMs;
}

/** The budgets of a worker's channels, each made when its channel is first used. */
export function createRateBudgets() {
  const budgets = new Map<string, { readonly budget: RateBudget; readonly rate: string }>();
  return (
    channel: string,
    rate: { readonly perSecond: number; readonly burst: number },
  ): RateBudget => {
    const kept = budgets.get(channel);
    const written = JSON.stringify(rate);
    if (kept?.rate === written) return kept.budget;
    // The file was changed: a full bucket, once.
    const budget = createRateBudget(rate);
    budgets.set(channel, { budget, rate: written });
    return budget;
  };
}
