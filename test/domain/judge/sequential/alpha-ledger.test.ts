import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  budgetOf,
  openAccount,
  planAlpha,
  releaseAccount,
  reopenLost,
  stepWeights,
} from '../../../../src/domain/judge/sequential/alpha-ledger.ts';

const WEIGHTS = { 'errors/25': 2, 'errors/50': 1, 'latency/25': 1, split: 0.5 };

test('says what is spent as a verdict prints it', () => {
  let ledger = planAlpha({
    alpha: 0.01,
    weights: { errors: 1, latency: 1, memory: 3 },
    reserveShare: 0,
  });
  expect(budgetOf(ledger)).toEqual({
    spent: 0,
    left: 0.01,
    sentence: 'error budget spent 0 of 1 %',
  });
  ({ ledger } = openAccount(ledger, 'errors'));
  expect(budgetOf(ledger).sentence).toBe('error budget spent 0.2 of 1 %');
  expect(budgetOf(ledger).left).toBeCloseTo(0.008, 12);
});

test('metrics and steps share alpha by the product of their weights', () => {
  const weights = stepWeights({ errors: 2, latency: 1 }, { 'weight-25': 1, 'weight-50': 1 });
  const ledger = planAlpha({ alpha: 0.01, weights, reserveShare: 0 });
  expect(openAccount(ledger, 'errors/weight-25').alpha).toBeCloseTo(0.01 / 3, 12);
  expect(openAccount(ledger, 'latency/weight-50').alpha).toBeCloseTo(0.01 / 6, 12);
});

test('a test that is begun twice with its state spends once', () => {
  const ledger = planAlpha({ alpha: 0.01, weights: WEIGHTS });
  const once = openAccount(ledger, 'split');
  const twice = openAccount(once.ledger, 'split');
  expect(twice).toEqual(once);
});

test('a test that has lost its state gets less, and what it had stays spent', () => {
  const once = openAccount(planAlpha({ alpha: 0.01, weights: WEIGHTS }), 'errors/25');
  const lost = reopenLost(once.ledger, 'errors/25');
  expect(lost.alpha).toBeLessThan(once.alpha);
  expect(budgetOf(lost.ledger).spent).toBeCloseTo(once.alpha + lost.alpha, 12);
});

test('without a reserve a lost test gets nothing', () => {
  const once = openAccount(planAlpha({ alpha: 0.01, weights: WEIGHTS, reserveShare: 0 }), 'split');
  expect(reopenLost(once.ledger, 'split').alpha).toBe(0);
});

test('what a skipped step was to have can go to the next, nothing of one that has begun', () => {
  const ledger = planAlpha({ alpha: 0.01, weights: WEIGHTS });
  const moved = releaseAccount(ledger, 'errors/25', 'errors/50');
  const both = openAccount(ledger, 'errors/25').alpha + openAccount(ledger, 'errors/50').alpha;
  expect(openAccount(moved, 'errors/50').alpha).toBeCloseTo(both, 12);
  const begun = openAccount(ledger, 'errors/25').ledger;
  expect(() => releaseAccount(begun, 'errors/25')).toThrow(RangeError);
  expect(() => releaseAccount(begun, 'errors/50', 'errors/25')).toThrow(RangeError);
});

test('whatever is begun, lost and released, no more than alpha is ever granted', () => {
  const act = fc.tuple(
    fc.constantFrom('open', 'lose', 'release', 'move'),
    fc.constantFrom(...Object.keys(WEIGHTS)),
    fc.constantFrom(...Object.keys(WEIGHTS)),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      let ledger = planAlpha({ alpha: 0.01, weights: WEIGHTS });
      let granted = 0;
      for (const [kind, id, to] of acts) {
        const before = budgetOf(ledger).spent;
        try {
          if (kind === 'open') ({ ledger } = openAccount(ledger, id));
          if (kind === 'lose') ({ ledger } = reopenLost(ledger, id));
          if (kind === 'release') ledger = releaseAccount(ledger, id);
          if (kind === 'move') ledger = releaseAccount(ledger, id, to);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
        granted += budgetOf(ledger).spent - before;
        expect(budgetOf(ledger).spent).toBeGreaterThanOrEqual(before);
        expect(JSON.parse(JSON.stringify(ledger))).toEqual(ledger);
      }
      expect(granted).toBeLessThanOrEqual(0.01 * (1 + 1e-9));
    }),
  );
});

test.each([
  ['an alpha of zero', { alpha: 0, weights: WEIGHTS }],
  ['an alpha that is NaN', { alpha: NaN, weights: WEIGHTS }],
  ['no account', { alpha: 0.01, weights: {} }],
  ['a weight of zero', { alpha: 0.01, weights: { errors: 0 } }],
  ['an infinite weight', { alpha: 0.01, weights: { errors: Infinity } }],
  ['a reserve of everything', { alpha: 0.01, weights: WEIGHTS, reserveShare: 1 }],
])('%s is refused', (_, plan) => {
  expect(() => planAlpha(plan)).toThrow(RangeError);
});

test('an account that was not planned is refused, even one named as objects name their own', () => {
  const ledger = planAlpha({ alpha: 0.01, weights: WEIGHTS });
  expect(() => openAccount(ledger, 'memory')).toThrow('no error budget is planned for memory');
  expect(() => openAccount(ledger, 'constructor')).toThrow(RangeError);
});
