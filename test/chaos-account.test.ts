import { expect, test } from 'vitest';
import type { LedgerEntry } from '../src/domain/escalation/ledger.ts';
import { type Account, account } from './chaos/incident-account.ts';
import type { End, Lived, Told } from './chaos/incident-crowd.ts';
import type { KillAt } from './chaos/incident-kills.ts';
import type { Say } from './chaos/incident-plan.ts';
import type { Arrival } from './support/page-arrivals.ts';

/** What the chaos of incidents must notice, each on a run of one incident. */

const STEM = '0123456789abcdef-m1';
const FIRST = 'c1-r1-l1/hook';
const ADA: Say = { who: 'ada', verb: 'acknowledge', by: 'client', afterMs: 1, until: 'applied' };
const NEVER: End = { kind: 'never acknowledged' };
const TOLD: Told = {
  ...{ who: 'ada', verb: 'acknowledge', durableAtMs: 190, appliedAtMs: 200 },
  ...{ inFlight: [], refused: null },
};

function page(suffix: string, atMs: number, more: Partial<Arrival> = {}): Arrival {
  return { key: `${STEM}/${suffix}`, atMs, channel: 'hook', saysRepeated: false, ...more };
}

function resolvedBy(by: string | null, pages: Partial<Record<string, number>> = {}): End {
  const handled = (who: string) => ({ by: who, why: 'why', atMs: 1 });
  return {
    kind: 'resolved',
    report: {
      ...{ id: 'incident', status: 'resolved', openedAtMs: 1, endedAtMs: 2 },
      acknowledgedBy: by === null ? null : handled(by),
      resolvedBy: handled('ops'),
      pages: { accepted: 1, failed: 0, unknown: 0, called_off: 0, ...pages },
    },
  };
}

interface Run {
  readonly people?: readonly Say[];
  readonly told?: readonly Told[];
  readonly end?: End;
  readonly arrivals?: readonly Arrival[];
  readonly kills?: readonly KillAt[];
  readonly unknown?: number;
}

function run({
  people = [ADA],
  told = [TOLD],
  end = resolvedBy('ada'),
  arrivals = [page(FIRST, 100)],
  kills = [],
  unknown = 0,
}: Run): Account {
  const id = `incident/${STEM.slice(0, 16)}${'0'.repeat(48)}`;
  const plan = { key: 'one', policy: 'hook', openAfterMs: 0, people, resolveAfterMs: 1 } as const;
  const lived: Lived = { plan, id, told, end };
  const entry: LedgerEntry = {
    ...{ key: `${STEM}/${FIRST}`, purpose: 'level', round: 1, level: 1, channel: 'hook' },
    ...{ person: null, contact: null, state: 'accepted', sinceMs: 1, receipt: null, handle: null },
    shown: 'trigger',
    attempts: Array.from({ length: unknown }, (_, at) => ({
      ...{ attempt: at + 1, atMs: 1, outcome: 'unknown', text: 'begun' },
    })),
  };
  return account([lived], arrivals, kills, new Map([[id, [entry]]]));
}

const counts = ({ lostIncidents, lostAcks, pagesAfterAck, duplicates }: Account) => [
  lostIncidents.length,
  lostAcks.length,
  pagesAfterAck.length,
  duplicates.map(({ explained }) => explained),
];

const again = (more: Partial<Arrival>) => [page(FIRST, 100), page(FIRST, 150, more)];
const LATE = page('c1-r1-l2/hook', 201);
const WORKER: KillAt = { atMs: 120, what: 'worker' };
const SERVER: KillAt = { atMs: 120, what: 'server' };
const ALL = [FIRST, 'c1-r1-l2/hook', 'c1-r1-l2/last_resort/hook'].map((one) => page(one, 100));
const NOBODY = { people: [], told: [] } as const;

test.each<[string, Run, ReturnType<typeof counts>]>([
  ['an ordinary one', {}, [0, 0, 0, []]],
  ['nobody was there', { ...NOBODY, end: NEVER, arrivals: ALL }, [0, 0, 0, []]],
  [
    'its last resort was not told',
    { ...NOBODY, end: NEVER, arrivals: ALL.slice(0, 2) },
    [1, 0, 0, []],
  ],
  ['it is gone', { told: [], end: { kind: 'lost', why: 'not found' } }, [1, 0, 0, []]],
  ['nobody was there, but it is resolved', { ...NOBODY }, [1, 0, 0, []]],
  ['a page has failed', { end: resolvedBy('ada', { failed: 1 }) }, [1, 0, 0, []]],
  ['a page is accepted that never came', { arrivals: [] }, [1, 0, 0, []]],
  ['a level was skipped', { arrivals: [page('c1-r1-l2/hook', 100)] }, [1, 0, 0, []]],
  [
    'it was opened twice',
    { arrivals: [page(FIRST, 100), { ...page(FIRST, 101), key: `${STEM}2/${FIRST}` }] },
    [1, 0, 0, [null]],
  ],
  ['an answer is forgotten', { end: resolvedBy(null) }, [0, 1, 0, []]],
  ['an answer counts for nothing', { end: NEVER }, [0, 1, 0, []]],
  ['two are told to be first', { told: [TOLD, { ...TOLD, who: 'bob' }] }, [0, 1, 0, []]],
  ['a page after the answer', { arrivals: [page(FIRST, 100), LATE] }, [0, 0, 1, []]],
  [
    'one that the answer names',
    { arrivals: [page(FIRST, 100), LATE], told: [{ ...TOLD, inFlight: ['hook'] }] },
    [0, 0, 0, []],
  ],
  [
    'one that the answer names comes twice',
    { arrivals: [page(FIRST, 100), LATE, LATE], told: [{ ...TOLD, inFlight: ['hook'] }] },
    [0, 0, 1, [null]],
  ],
  [
    'twice for no reason',
    { arrivals: again({ saysRepeated: true }), unknown: 1 },
    [0, 0, 0, [null]],
  ],
  [
    'twice, as a worker was killed',
    { arrivals: again({ saysRepeated: true }), kills: [SERVER, WORKER], unknown: 1 },
    [0, 0, 0, ['worker killed']],
  ],
  [
    'twice, as the server was killed',
    { arrivals: again({ saysRepeated: true }), kills: [SERVER], unknown: 1 },
    [0, 0, 0, ['server killed']],
  ],
  ['twice, not saying so', { arrivals: again({}), kills: [WORKER], unknown: 1 }, [0, 0, 0, [null]]],
  [
    'twice, unknown to Temporal',
    { arrivals: again({ saysRepeated: true }), kills: [WORKER] },
    [0, 0, 0, [null]],
  ],
])('%s', (_, given, expected) => {
  expect(counts(run(given))).toEqual(expected);
});
