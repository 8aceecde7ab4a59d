/** One attempt at a page, as the activity that made it has recorded it. */
export interface Attempt {
  /** From 1; an attempt for which there was no slot in the rate budget is none. */
  readonly attempt: number;
  readonly atMs: number;
  /** `unknown`: it may have arrived. */
  readonly outcome: 'accepted' | 'failed' | 'unknown';
  /** What the provider gave as proof, or why it failed. */
  readonly text: string;
}

/**
 * What the tries of an activity have left with Temporal, which counts tries: one that only waited
 * for its turn is no attempt, and one that is missing has begun, or not, without being heard of.
 */
export interface Tried {
  readonly attempts: readonly Attempt[];
  readonly tries: number;
  /** By which a message that may have arrived can be changed. */
  readonly handle?: string | undefined;
}

/** It may have arrived, whatever has come of the attempts after it. */
export function mayHaveArrived(attempts: readonly Attempt[]): boolean {
  return attempts.some(({ outcome }) => outcome === 'unknown');
}

export function isTried(value: unknown): value is Tried {
  return (
    typeof value === 'object' &&
    value !== null &&
    'tries' in value &&
    typeof value.tries === 'number' &&
    'attempts' in value &&
    Array.isArray(value.attempts)
  );
}

/** Of one page, as they are left with Temporal, which takes only so much. */
const TRIED_MAX = 100;

/** The attempts with one more; of very many the last ones, and the first that may have arrived. */
export function withAttempt(
  attempts: readonly Attempt[],
  next: Omit<Attempt, 'attempt'>,
): readonly Attempt[] {
  const all = [...attempts, { attempt: (attempts.at(-1)?.attempt ?? 0) + 1, ...next }];
  const kept = all.slice(-TRIED_MAX);
  const unknown = all.find(({ outcome }) => outcome === 'unknown');
  return unknown === undefined || kept.includes(unknown) ? kept : [unknown, ...kept];
}

/** The attempts before the try `number`; of tries that are missing one is unknown. */
export function attemptsBefore(left: Tried, number: number, atMs: number): readonly Attempt[] {
  if (left.tries >= number - 1) return left.attempts;
  const text = 'nothing has been heard of it: its worker may have died';
  return withAttempt(left.attempts, { atMs, outcome: 'unknown', text });
}

/** Why a page is sent. That a message shows another status later is no page. */
export type PagePurpose = 'level' | 'assigned' | 'fallback' | 'last_resort';

/** One page to one channel: what is known of it. */
export interface LedgerEntry {
  /** The same for every attempt; the provider gets it too. */
  readonly key: string;
  readonly purpose: PagePurpose;
  /** From 1; 0 for what belongs to no level. */
  readonly round: number;
  readonly level: number;
  readonly channel: string;
  readonly person: string | null;
  readonly contact: string | null;
  readonly state: 'sending' | 'accepted' | 'failed' | 'unknown' | 'called_off';
  readonly sinceMs: number;
  readonly attempts: readonly Attempt[];
  /** The provider's own name for the message. */
  readonly receipt: string | null;
  /** By which the message can be changed; null, it cannot. */
  readonly handle: string | null;
  /** Which status the message shows, or is being made to show. */
  readonly shown: 'trigger' | 'acknowledge' | 'resolve';
}

/** Of one page; the oldest are dropped first. */
const ATTEMPTS_MAX = 10;
/** Of one incident; of the oldest that are over only the number is kept, never one under way. */
const ENTRIES_MAX = 300;

export interface Ledger {
  readonly entries: readonly LedgerEntry[];
  readonly dropped: number;
}

export const EMPTY_LEDGER: Ledger = { entries: [], dropped: 0 };

/** A page begins. The same key a second time is the same page: nothing is added. */
export function withPage(ledger: Ledger, entry: LedgerEntry): Ledger {
  if (ledger.entries.some(({ key }) => key === entry.key)) return ledger;
  const entries = [...ledger.entries, entry];
  if (entries.length <= ENTRIES_MAX) return { ...ledger, entries };
  const oldest = entries.findIndex(({ state }) => state !== 'sending');
  if (oldest === -1) return { ...ledger, entries };
  return { entries: entries.toSpliced(oldest, 1), dropped: ledger.dropped + 1 };
}

/** A message, which several pages may have in common, is made to show another status. */
export function withShown(
  ledger: Ledger,
  { channel, handle }: Pick<LedgerEntry, 'channel' | 'handle'>,
  shown: LedgerEntry['shown'],
): Ledger {
  const entries = ledger.entries.map((entry) =>
    entry.channel === channel && entry.handle === handle ? { ...entry, shown } : entry,
  );
  return { ...ledger, entries };
}

/** The last page of each message that can be changed. */
export function messagesOf({ entries }: Ledger): readonly LedgerEntry[] {
  const last = new Map<string, LedgerEntry>();
  for (const entry of entries) {
    if (entry.handle !== null) last.set(`${entry.channel} ${entry.handle}`, entry);
  }
  return [...last.values()];
}

/** What has become of a page. */
export function withOutcome(
  ledger: Ledger,
  key: string,
  change: Partial<Pick<LedgerEntry, 'state' | 'attempts' | 'receipt' | 'handle'>>,
): Ledger {
  const entries = ledger.entries.map((entry) => {
    if (entry.key !== key) return entry;
    const attempts = (change.attempts ?? entry.attempts).slice(-ATTEMPTS_MAX);
    return { ...entry, ...change, attempts };
  });
  return { ...ledger, entries };
}

/** Those that have been handed out and of which nothing has been heard. */
export function inFlight({ entries }: Ledger): readonly LedgerEntry[] {
  return entries.filter(({ state }) => state === 'sending');
}

/** How many pages ended how; what is still under way is unknown. */
export function tally({ entries }: Ledger) {
  const count = (...states: readonly LedgerEntry['state'][]): number =>
    entries.filter(({ state }) => states.includes(state)).length;
  return {
    accepted: count('accepted'),
    failed: count('failed'),
    unknown: count('unknown', 'sending'),
    called_off: count('called_off'),
  };
}
