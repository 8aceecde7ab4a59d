import type { AlertLedgerEntry } from './views.ts';

/** Of one shard; of older ones only the number is kept, never one under way. */
const ENTRIES_MAX = 200;
/** Of one page. */
const ATTEMPTS_MAX = 5;
const TEXT_MAX = 200;

export interface AlertLedger {
  readonly entries: readonly AlertLedgerEntry[];
  readonly dropped: number;
}

export const EMPTY_ALERT_LEDGER: AlertLedger = { entries: [], dropped: 0 };

/** Pages begin. */
export function withPages(ledger: AlertLedger, pages: readonly AlertLedgerEntry[]): AlertLedger {
  return trimmed({ ...ledger, entries: [...ledger.entries, ...pages] });
}

export type PageOutcome = Pick<AlertLedgerEntry, 'key' | 'state' | 'attempts' | 'receipt'>;

/** What has become of pages. */
export function withOutcomes(ledger: AlertLedger, ends: readonly PageOutcome[]): AlertLedger {
  const byKey = new Map(ends.map((end) => [end.key, end] as const));
  const entries = ledger.entries.map((entry) => {
    const end = byKey.get(entry.key);
    if (end === undefined) return entry;
    const attempts = end.attempts
      .slice(-ATTEMPTS_MAX)
      .map((one) => ({ ...one, text: one.text.slice(0, TEXT_MAX) }));
    return { ...entry, state: end.state, receipt: end.receipt, attempts };
  });
  return trimmed({ ...ledger, entries });
}

function trimmed({ entries, dropped }: AlertLedger): AlertLedger {
  let over = entries.length - ENTRIES_MAX;
  if (over <= 0) return { entries, dropped };
  const kept = entries.filter(({ state }) => {
    if (over <= 0 || state === 'sending') return true;
    over -= 1;
    return false;
  });
  return { entries: kept, dropped: dropped + entries.length - kept.length };
}
