import { expect, test } from 'vitest';
import {
  type Attempt,
  EMPTY_LEDGER,
  type Ledger,
  type LedgerEntry,
  inFlight,
  messagesOf,
  tally,
  withAttempt,
  withOutcome,
  withPage,
  withShown,
} from '../../../src/domain/escalation/ledger.ts';

function entry(changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    ...{ key: 'k', purpose: 'level', round: 1, level: 1, channel: 'pager', person: 'ada' },
    ...{ contact: 'phone', state: 'sending', sinceMs: 5, attempts: [], receipt: null },
    ...{ handle: null, shown: 'trigger' },
    ...changes,
  };
}

const ledgerOf = (...entries: readonly LedgerEntry[]): Ledger =>
  entries.reduce(withPage, EMPTY_LEDGER);

test('the same key is the same page', () => {
  const once = ledgerOf(entry());
  expect(withPage(once, entry({ channel: 'mail' }))).toBe(once);
});

test('of one page the last ten attempts are kept', () => {
  const attempts = Array.from({ length: 25 }, (_, at) => {
    return { attempt: at + 1, atMs: at, outcome: 'failed' as const, text: '' };
  });
  const { entries } = withOutcome(ledgerOf(entry()), 'k', { state: 'failed', attempts });
  expect(entries[0]?.attempts.map(({ attempt }) => attempt)).toEqual([
    ...[16, 17, 18, 19, 20, 21, 22, 23, 24, 25],
  ]);
});

test('an outcome without attempts keeps those that are known; an unknown key changes nothing', () => {
  const attempts = [{ attempt: 1, atMs: 1, outcome: 'unknown', text: 'cut' }] as const;
  const ledger = withOutcome(ledgerOf(entry()), 'k', { attempts });
  expect(withOutcome(ledger, 'k', { state: 'called_off' }).entries[0]?.attempts).toEqual(attempts);
  expect(withOutcome(ledger, 'another', { state: 'failed' })).toEqual(ledger);
});

test('what is over makes room for what is new, and is counted', () => {
  const full = ledgerOf(
    ...Array.from({ length: 300 }, (_, at) =>
      entry({ key: `k${at}`, state: at === 0 ? 'sending' : 'accepted' }),
    ),
  );
  const { entries, dropped } = withPage(full, entry({ key: 'new' }));
  expect([entries.length, dropped]).toEqual([300, 1]);
  expect([entries[0]?.key, entries[1]?.key, entries.at(-1)?.key]).toEqual(['k0', 'k2', 'new']);
});

test('what is under way is never forgotten, however much it is', () => {
  const full = ledgerOf(...Array.from({ length: 400 }, (_, at) => entry({ key: `k${at}` })));
  expect([inFlight(full).length, full.dropped]).toEqual([400, 0]);
});

test('pages are counted by how they ended; what is under way is unknown', () => {
  const ledger = ledgerOf(
    ...(['accepted', 'accepted', 'failed', 'unknown', 'sending', 'called_off'] as const).map(
      (state, at) => entry({ key: `k${at}`, state }),
    ),
  );
  expect(tally(ledger)).toEqual({ accepted: 2, failed: 1, unknown: 2, called_off: 1 });
});

test('a message is that of its last page, and shows one status', () => {
  const ledger = ledgerOf(
    entry({ key: 'a', handle: 'm1', shown: 'acknowledge' }),
    entry({ key: 'b', handle: 'm1' }),
    entry({ key: 'c', handle: 'm1', channel: 'chat' }),
    entry({ key: 'd' }),
  );
  expect(messagesOf(ledger).map(({ key, shown }) => `${key} ${shown}`)).toEqual([
    ...['b trigger', 'c trigger'],
  ]);
  const shown = withShown(ledger, { channel: 'pager', handle: 'm1' }, 'resolve');
  expect(shown.entries.map((one) => one.shown)).toEqual([
    ...['resolve', 'resolve', 'trigger', 'trigger'],
  ]);
});

test('of a page that is tried for days Temporal keeps the last attempts, and that one may have arrived', () => {
  let attempts: readonly Attempt[] = [];
  for (let at = 1; at <= 5000; at += 1) {
    attempts = withAttempt(attempts, {
      ...{ atMs: at, text: 'no answer' },
      outcome: at === 3 ? 'unknown' : 'failed',
    });
  }
  expect(attempts).toHaveLength(101);
  expect(attempts[0]).toMatchObject({ attempt: 3, outcome: 'unknown' });
  expect(attempts.at(-1)).toMatchObject({ attempt: 5000, outcome: 'failed' });
});
