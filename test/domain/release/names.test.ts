import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  effectKey,
  generationOf,
  releaseWorkflowId,
  rollbackWorkflowId,
  serviceWorkflowId,
} from '../../../src/domain/release/names.ts';

test('ids are those that a person would guess', () => {
  expect(serviceWorkflowId('shop')).toBe('service/shop');
  expect(releaseWorkflowId('shop', 7)).toBe('release/shop/7');
  expect(rollbackWorkflowId('shop', 8)).toBe('rollback/shop/8');
  expect(effectKey('release/shop/7', 'switch')).toBe('release/shop/7/switch');
});

const run = fc.integer({ min: 1, max: 1_000_000_000 });
const step = fc.integer({ min: 0, max: 999 });

test('every generation of a later run is above all of an earlier one, late steps included', () => {
  fc.assert(
    fc.property(run, run, step, step, (one, other, early, late) => {
      fc.pre(one < other);
      expect(generationOf(other, early)).toBeGreaterThan(generationOf(one, late));
    }),
  );
});

test('within a run every step has a generation of its own, in order', () => {
  fc.assert(
    fc.property(run, step, step, (number, one, other) => {
      const difference = generationOf(number, other) - generationOf(number, one);
      expect(Math.sign(difference)).toBe(Math.sign(other - one));
      expect(Number.isSafeInteger(generationOf(number, one))).toBe(true);
    }),
  );
});

test.each([-1, 1_000_000, 0.5, Number.NaN, Infinity])('there is no step %d', (odd) => {
  expect(() => generationOf(1, odd)).toThrow(RangeError);
});
