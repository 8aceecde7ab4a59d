import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRateBudget, createRateBudgets } from '../../../src/providers/page/rate-budget.ts';

const go = { kind: 'go' } as const;
const wait = (forMs: number) => ({ kind: 'wait', forMs }) as const;

describe('a budget', () => {
  test('lets a burst go, then as many as come in the long run', () => {
    const budget = createRateBudget({ perSecond: 2, burst: 3 });
    const take = (key: string, nowMs: number) => budget.take({ key, dueMs: 0 }, nowMs);
    expect(['a', 'b', 'c'].map((key) => take(key, 0))).toEqual([go, go, go]);
    expect(take('d', 0)).toEqual(wait(500));
    expect(take('e', 0)).toEqual(wait(1000));
    expect(take('d', 499)).toEqual(wait(1));
    expect(take('d', 500)).toEqual(go);
    expect(take('e', 1000)).toEqual(go);
  });

  test('is full again after a rest, and never fuller', () => {
    const budget = createRateBudget({ perSecond: 1, burst: 2 });
    const take = (key: string, nowMs: number) => budget.take({ key, dueMs: nowMs }, nowMs).kind;
    expect([take('a', 0), take('b', 0), take('c', 0)]).toEqual(['go', 'go', 'wait']);
    const dayMs = 86_400_000;
    expect([take('d', dayMs), take('e', dayMs), take('f', dayMs)]).toEqual(['go', 'go', 'wait']);
  });

  test('lets who was due earlier go first, whoever asks first', () => {
    const budget = createRateBudget({ perSecond: 1, burst: 1 });
    expect(budget.take({ key: 'first', dueMs: 0 }, 0)).toEqual(go);
    expect(budget.take({ key: 'level 2', dueMs: 900 }, 900)).toEqual(wait(100));
    expect(budget.take({ key: 'level 1', dueMs: 100 }, 900)).toEqual(wait(100));
    expect(budget.take({ key: 'level 2', dueMs: 900 }, 1000)).toEqual(wait(1000));
    expect(budget.take({ key: 'level 1', dueMs: 100 }, 1000)).toEqual(go);
    expect(budget.take({ key: 'level 2', dueMs: 900 }, 2000)).toEqual(go);
  });

  test('keeps the order of those that were due together', () => {
    const budget = createRateBudget({ perSecond: 1, burst: 1 });
    budget.take({ key: 'x', dueMs: 0 }, 0);
    for (const key of ['a', 'b', 'c']) budget.take({ key, dueMs: 5 }, 5);
    expect(budget.take({ key: 'c', dueMs: 5 }, 1000).kind).toBe('wait');
    expect(budget.take({ key: 'a', dueMs: 5 }, 1000)).toEqual(go);
  });

  test('does not wait for long for somebody who does not come', () => {
    const budget = createRateBudget({ perSecond: 1, burst: 1 });
    budget.take({ key: 'x', dueMs: 0 }, 0);
    expect(budget.take({ key: 'dead', dueMs: 1 }, 1)).toEqual(wait(999));
    expect(budget.take({ key: 'b', dueMs: 2 }, 1000).kind).toBe('wait');
    expect(budget.take({ key: 'b', dueMs: 2 }, 2001)).toEqual(go);
  });

  test('does not wait for somebody who left', () => {
    const budget = createRateBudget({ perSecond: 1, burst: 1 });
    budget.take({ key: 'x', dueMs: 0 }, 0);
    budget.take({ key: 'resolved', dueMs: 1 }, 1);
    budget.leave('resolved');
    expect(budget.take({ key: 'b', dueMs: 2 }, 1000)).toEqual(go);
  });
});

describe('a provider that asks for silence', () => {
  test('gets it, and then one page at a time', () => {
    const budget = createRateBudget({ perSecond: 1, burst: 5 });
    budget.blockUntil(7000, 0);
    expect(budget.take({ key: 'a', dueMs: 0 }, 0)).toEqual(wait(7000));
    expect(budget.take({ key: 'b', dueMs: 0 }, 0)).toEqual(wait(8000));
    expect(budget.take({ key: 'a', dueMs: 0 }, 6999)).toEqual(wait(1));
    expect(budget.take({ key: 'a', dueMs: 0 }, 7000)).toEqual(go);
    expect(budget.take({ key: 'b', dueMs: 0 }, 7000)).toEqual(wait(1000));
    expect(budget.take({ key: 'b', dueMs: 0 }, 8000)).toEqual(go);
  });

  test('cannot be called back by a shorter wish', () => {
    const budget = createRateBudget({ perSecond: 1, burst: 1 });
    budget.blockUntil(10_000, 0);
    budget.blockUntil(5000, 0);
    budget.blockUntil(-1, 0);
    expect(budget.take({ key: 'a', dueMs: 0 }, 5000)).toEqual(wait(5000));
  });
});

test('whoever comes when it was told goes in the end, in order, and never too many', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 10 }),
      fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 60 }),
      (perSecond, burst, dues) => {
        const budget = createRateBudget({ perSecond, burst });
        const coming = dues.map((dueMs, at) => ({ key: String(at), dueMs, atMs: dueMs }));
        const gone: { readonly dueMs: number; readonly atMs: number }[] = [];
        for (let step = 0; coming.length > 0 && step < 10_000; step += 1) {
          coming.sort((one, other) => one.atMs - other.atMs || one.dueMs - other.dueMs);
          const [next] = coming.splice(0, 1);
          if (next === undefined) break;
          const permit = budget.take(next, next.atMs);
          if (permit.kind === 'go') gone.push(next);
          else coming.push({ ...next, atMs: next.atMs + permit.forMs });
        }
        expect(gone).toHaveLength(dues.length);
        for (const [at, { atMs, dueMs }] of gone.entries()) {
          const before = gone[at - 1];
          if (before !== undefined) expect(before.dueMs).toBeLessThanOrEqual(dueMs);
          const within = gone.slice(0, at + 1).filter((one) => one.atMs > atMs - 1000);
          expect(within.length).toBeLessThanOrEqual(burst + perSecond);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a channel has one budget, which a change of the file renews', () => {
  const budgetOf = createRateBudgets();
  const rate = { perSecond: 1, burst: 1 };
  const budget = budgetOf('ops', rate);
  expect(budgetOf('ops', { ...rate })).toBe(budget);
  expect(budgetOf('other', rate)).not.toBe(budget);
  expect(budgetOf('ops', { perSecond: 2, burst: 1 })).not.toBe(budget);
});

test('a clock that is set back keeps nobody waiting for longer', () => {
  const HOUR = 3_600_000;
  const budget = createRateBudget({ perSecond: 1, burst: 1 });
  expect(budget.take({ key: 'a', dueMs: 0 }, 2 * HOUR)).toEqual({ kind: 'go' });
  expect(budget.take({ key: 'b', dueMs: 1 }, 2 * HOUR)).toEqual({ kind: 'wait', forMs: 1000 });
  expect(budget.take({ key: 'c', dueMs: 2 }, HOUR)).toEqual({ kind: 'wait', forMs: 2000 });
  expect(budget.take({ key: 'b', dueMs: 1 }, HOUR + 1000)).toEqual({ kind: 'go' });
  expect(budget.take({ key: 'c', dueMs: 2 }, HOUR + 2000)).toEqual({ kind: 'go' });
  budget.blockUntil(HOUR + 60_000, HOUR + 30_000);
  expect(budget.take({ key: 'd', dueMs: 3 }, 0)).toEqual({ kind: 'wait', forMs: 30_000 });
});
