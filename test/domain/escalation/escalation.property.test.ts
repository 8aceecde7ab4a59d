import * as fc from 'fast-check';
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
import { apply, refuse } from '../../../src/domain/escalation/verbs.ts';
import { page, snapshot } from './snapshots.ts';

const START = 1_795_000_000_000;
const MINUTE = 60_000;
/** At one time: more than all levels of any of these policies, or it would go round for ever. */
const STEPS_MAX = 50;

const policies = fc.record({
  levels: fc.array(
    fc.record({
      wait: fc.constantFrom('1m', '5m', '90m'),
      targets: fc.constant([{ person: 'ada' }]),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  repeat: fc.nat(2),
  on_exhausted: fc.constantFrom('fail', 'go_on'),
  ack_timeout: fc.option(fc.constantFrom('10m', '4h'), { nil: undefined }),
});

const VERBS = ['acknowledge', 'unacknowledge', 'reassign', 'snooze', 'escalate_now'] as const;

/** What is said, and so long after what was said before. */
const words = fc.array(
  fc.record({
    verb: fc.constantFrom(...VERBS),
    afterMs: fc.constantFrom(0, 1, MINUTE, 7 * MINUTE, 300 * MINUTE),
    forMs: fc.constantFrom(1, 3 * MINUTE, 120 * MINUTE),
  }),
  { maxLength: 12 },
);

/** How levels turn out, one after the other and then again: what they page, or that they wait. */
const outcomes = fc.array(
  fc.oneof(
    fc.array(fc.constantFrom(0, 2 * MINUTE, 400 * MINUTE), { maxLength: 3 }),
    fc.constant('deferred' as const),
  ),
  { minLength: 1, maxLength: 8 },
);

type Outcomes = typeof outcomes extends fc.Arbitrary<infer Each> ? Each : never;

interface Begun {
  readonly cycle: number;
  readonly round: number;
  readonly level: number;
  readonly atMs: number;
}

/** Carries out what is due, as the workflow does. */
function drive(begins: Escalation, outcomesOf: Outcomes) {
  let now = begins;
  let steps = { atMs: 0, count: 0 };
  let planned = 0;
  let deferrals = 0;
  const begun: Begun[] = [];

  /** What is due at this time; false, nothing is left. */
  function step(atMs: number): boolean {
    steps = { atMs, count: steps.atMs === atMs ? steps.count + 1 : 1 };
    if (steps.count > STEPS_MAX) throw new Error(`it goes round at ${atMs}`);
    const next = due(now, atMs);
    switch (next.kind) {
      case 'wait':
      case 'ended':
        return false;
      case 'assigned':
        now = assignedBegun(now, [page()], 5 * MINUTE, atMs);
        return true;
      case 'pages':
        expect(next.pages.length).toBeGreaterThan(0);
        now = pagesBegun(now, next.pages);
        return true;
      case 'reopen':
        now = reopened(now, atMs);
        return true;
      case 'exhausted':
        now = now.policy.onExhausted === 'fail' ? exhausted(now) : begunAgain(now, atMs);
        return true;
      case 'level': {
        const outcome = outcomesOf[(planned += 1) % outcomesOf.length] ?? [];
        if (outcome === 'deferred' && (deferrals += 1) < 20) {
          now = deferred(now, atMs + 30 * MINUTE);
          return true;
        }
        const { round, level } = next;
        const pages = outcome === 'deferred' ? [] : outcome.map((afterMs) => page({ afterMs }));
        const waitMs = now.policy.levels[level - 1]?.waitMs ?? Number.NaN;
        const { override, levels, rounds } = now;
        begun.push({ cycle: now.cycle, round, level, atMs });
        now = levelBegun(
          now,
          { round, level, pages, teams: [], waitMs, override, levels, rounds },
          atMs,
        );
        return true;
      }
      default:
        return next satisfies never;
    }
  }

  return {
    begun,
    get now(): Escalation {
      return now;
    },
    say(change: (before: Escalation) => Escalation): void {
      now = change(now);
    },
    /** Lets time pass until then, from one event to the next. */
    pass(fromMs: number, untilMs: number): void {
      for (let atMs = fromMs; ;) {
        while (step(atMs));
        const next = due(now, atMs);
        if (next.kind !== 'wait' || next.untilMs === null || next.untilMs > untilMs) return;
        if (next.untilMs <= atMs) throw new Error(`it waits for what is past at ${atMs}`);
        atMs = next.untilMs;
      }
    },
  };
}

test('any policy, said anything at any time: it ends as it must, and no level is skipped', () => {
  fc.assert(
    fc.property(policies, words, outcomes, (written, said, outcomesOf) => {
      const run = drive(newEscalation(snapshot(written), 0, START), outcomesOf);
      let atMs = START;
      for (const { verb, afterMs, forMs } of said) {
        run.pass(atMs, atMs + afterMs);
        atMs += afterMs;
        const targets = [{ kind: 'person', name: 'bob' }] as const;
        const asked = { who: 'ada', why: 'mine', requestId: `${atMs}`, forMs, targets };
        const nowMs = atMs;
        if (refuse(run.now, verb, asked) === undefined) {
          run.say((before) => apply(before, verb, asked, nowMs));
        }
        quietWhileAcknowledged(run.now, nowMs);
      }
      // With go_on it is never over: some hours of it are enough.
      const endMs = atMs + 10 * 60 * MINUTE;
      run.pass(atMs, endMs);
      const { status, policy, nextAtMs, wake } = run.now;
      if (status === 'triggered') {
        expect(wake?.atMs ?? nextAtMs).toBeGreaterThan(endMs - 1);
      } else if (status === 'acknowledged') {
        expect(wake === null || wake.atMs > endMs).toBe(true);
      } else {
        expect(status).toBe('never_acknowledged');
        expect(policy.onExhausted).toBe('fail');
      }
      noneSkipped(run.begun, policy.levels.length);
    }),
    { numRuns: 300 },
  );
});

function quietWhileAcknowledged(now: Escalation, nowMs: number): void {
  if (now.status !== 'acknowledged') return;
  expect(due(now, nowMs)).toEqual({ kind: 'wait', untilMs: now.wake?.atMs ?? null });
  if (now.wake === null) expect(due(now, nowMs + 1e12)).toEqual({ kind: 'wait', untilMs: null });
  else expect(due(now, now.wake.atMs - 1)).toMatchObject({ kind: 'wait' });
}

/** Each level follows the one before, or is the first one of a new cycle. */
function noneSkipped(begun: readonly Begun[], levels: number): void {
  const skipped = begun.filter(({ cycle, round, level, atMs }, index) => {
    const before = begun[index - 1];
    if (before === undefined || before.cycle !== cycle) return round !== 1 || level !== 1;
    const isLast = before.level === levels;
    const [nextRound, nextLevel] = isLast
      ? [before.round + 1, 1]
      : [before.round, before.level + 1];
    return round !== nextRound || level !== nextLevel || atMs < before.atMs;
  });
  expect(skipped).toEqual([]);
}
