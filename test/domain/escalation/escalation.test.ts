import { expect, test } from 'vitest';
import {
  type Escalation,
  assignedBegun,
  begunAgain,
  deferred,
  due,
  exhausted,
  levelBegun,
  newEscalation,
  pagesBegun,
  reopened,
} from '../../../src/domain/escalation/escalation.ts';
import { apply } from '../../../src/domain/escalation/verbs.ts';
import { levels, page, snapshot } from './snapshots.ts';

const MINUTE = 60_000;
const START = 1_795_000_000_000;
const NIGHT = snapshot({ levels: levels(5, 10), repeat: 1 });
const opened = newEscalation(NIGHT, 7, START);
const ADA = { who: 'ada', why: 'mine', requestId: '1' };

function begin(
  now: Escalation,
  round: number,
  level: number,
  atMs: number,
  pages = [page()],
  teams: readonly string[] = [],
) {
  const waitMs = (level === 1 ? 5 : 10) * MINUTE;
  const plan = { round, level, pages, teams, waitMs, override: null, levels: 2, rounds: 2 };
  return levelBegun(now, plan, atMs);
}

test('level after level, round after round, until nothing is left', () => {
  const seen: unknown[] = [];
  let now = opened;
  for (let atMs = START; ;) {
    const next = due(now, atMs);
    if (next.kind === 'wait') atMs = next.untilMs ?? Infinity;
    else seen.push([next.kind, (atMs - START) / MINUTE]);
    if (next.kind === 'level') now = begin(now, next.round, next.level, atMs);
    if (next.kind === 'exhausted') break;
  }
  expect(seen).toEqual([
    ...[
      ['level', 0],
      ['level', 5],
      ['level', 15],
      ['level', 20],
    ],
    ['exhausted', 30],
  ]);
});

test('a level that pages nobody is not waited for, and takes the turn of its team all the same', () => {
  const now = begin(opened, 1, 1, START, [], ['ops']);
  expect(due(now, START)).toEqual({ kind: 'level', round: 1, level: 2 });
  expect(now.turn).toEqual({ first: 7, taken: { ops: 1 } });
});

test('what is held back goes out in its time, before a level that is due later', () => {
  const later = page({ afterMs: 2 * MINUTE, place: 'mail/ada.mail' });
  const latest = page({ afterMs: 7 * MINUTE, place: 'siren' });
  let now = begin(opened, 1, 1, START, [page(), latest, later]);
  expect(due(now, START)).toEqual({ kind: 'wait', untilMs: START + 2 * MINUTE });
  const next = due(now, START + 6 * MINUTE);
  expect(next).toMatchObject({ kind: 'pages', pages: [{ page: later, round: 1, level: 1 }] });
  now = next.kind === 'pages' ? pagesBegun(now, next.pages) : now;
  expect(due(now, START + 6 * MINUTE)).toMatchObject({ kind: 'level', level: 2 });
  now = begin(now, 1, 2, START + 6 * MINUTE);
  expect(due(now, START + 6 * MINUTE)).toEqual({ kind: 'wait', untilMs: START + 7 * MINUTE });
});

test('what a person has asked for stays so until it has begun, and no longer', () => {
  const asked = apply(opened, 'escalate_now', ADA, START);
  const later = deferred(asked, START + MINUTE);
  expect(later).toMatchObject({ isAskedFor: true, nextAtMs: START + MINUTE });
  expect(begin(later, 1, 1, START + MINUTE)).toMatchObject({ isAskedFor: false });
  expect(reopened(later, START + MINUTE)).toMatchObject({ isAskedFor: false });
});

test('whom it was assigned to is due first, and may have to wait as a level may', () => {
  const targets = [{ kind: 'person', name: 'bob' }] as const;
  const reassigned = apply(opened, 'reassign', { ...ADA, targets }, START);
  expect(due(reassigned, START)).toEqual({ kind: 'assigned', targets });
  const waiting = deferred(reassigned, START + MINUTE);
  expect(due(waiting, START)).toEqual({ kind: 'wait', untilMs: START + MINUTE });
  expect(due(waiting, START + MINUTE)).toEqual({ kind: 'assigned', targets });
  const begun = assignedBegun(waiting, [page()], 5 * MINUTE, START);
  expect(due(begun, START + 5 * MINUTE)).toEqual({ kind: 'level', round: 1, level: 1 });
});

test('a team that it was assigned to has had a turn, as at a level', () => {
  const targets = [
    { kind: 'team', name: 'ops' } as const,
    { kind: 'person', name: 'ops' } as const,
  ];
  const reassigned = apply(
    begin(opened, 1, 1, START, [page()], ['ops']),
    'reassign',
    { ...ADA, targets },
    START,
  );
  expect(assignedBegun(reassigned, [page()], MINUTE, START).turn.taken).toEqual({ ops: 2 });
});

test('a team may have a name that every object knows', () => {
  const { turn } = begin(opened, 1, 1, START, [page()], ['constructor']);
  expect(turn.taken).toEqual({ constructor: 1 });
});

test.each([
  ['acknowledged', apply(opened, 'acknowledge', ADA, START), { kind: 'wait', untilMs: null }],
  ['resolved', apply(opened, 'resolve', ADA, START), { kind: 'ended' }],
  ['never acknowledged', exhausted(opened), { kind: 'ended' }],
  [
    'snoozed',
    apply(opened, 'snooze', { ...ADA, forMs: MINUTE }, START),
    { kind: 'wait', untilMs: START + MINUTE },
  ],
  ['deferred', deferred(opened, START + MINUTE), { kind: 'wait', untilMs: START + MINUTE }],
])('nobody is paged while it is %s', (_name, now, next) => {
  expect(due(now, START)).toEqual(next);
});

test('when a snooze is over it begins with its first level and all its rounds', () => {
  const now = apply(begin(opened, 2, 2, START), 'snooze', { ...ADA, forMs: MINUTE }, START);
  expect(due(now, START + MINUTE)).toEqual({ kind: 'reopen', why: 'snooze' });
  const again = reopened(now, START + MINUTE);
  expect(again).toMatchObject({ status: 'triggered', cycle: 2, round: 0, level: 0, wake: null });
  expect(due(again, START + MINUTE)).toEqual({ kind: 'level', round: 1, level: 1 });
});

test('paged again after an acknowledgement it is another alert, and no other one after a snooze', () => {
  const acked = (now: typeof opened) => apply(now, 'acknowledge', ADA, START);
  const again = apply(acked(opened), 'unacknowledge', ADA, START);
  expect(again.alert).toBe(1);
  expect(reopened(acked(again), START).alert).toBe(2);
  const snoozed = apply(again, 'snooze', { ...ADA, forMs: MINUTE }, START);
  expect(reopened(snoozed, START + MINUTE).alert).toBe(1);
  expect(reopened(opened, START)).not.toHaveProperty('alert');
});

test.each([
  ['at once where it has taken longer', 10 * MINUTE, 10 * MINUTE],
  ['after a minute where it has reached nobody', 0, MINUTE],
])('all of it begins again %s', (_name, afterMs, nextAfterMs) => {
  const again = begunAgain(opened, START + afterMs);
  expect(again).toMatchObject({ cycle: 2, nextAtMs: START + nextAfterMs });
  expect(begunAgain(again, START + nextAfterMs).nextAtMs).toBe(START + nextAfterMs + MINUTE);
});
