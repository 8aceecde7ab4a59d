import { assert, integer, pre, property } from 'fast-check';
import { expect, test } from 'vitest';
import { sharesOf } from '../../../src/domain/release/capacity.ts';

const count = integer({ min: 0, max: 1000 });

test.each([
  [0, 5, 0],
  [5, 0, 100],
  [1, 4, 20],
  [1, 2, 33],
  [2, 1, 67],
  [1, 999, 1],
  [999, 1, 99],
  [1, 199, 1],
])('%i coming and %i going instances: %i %%', (coming, going, share) => {
  expect(sharesOf(coming, going)).toEqual({ coming: share, going: 100 - share });
});

test('shares are whole, add up to 100, and none is more than the exact one rounded up', () => {
  assert(
    property(count, count, (coming, going) => {
      pre(coming + going > 0);
      const shares = sharesOf(coming, going);
      expect(shares.coming + shares.going).toBe(100);
      for (const [share, instances] of [
        [shares.coming, coming],
        [shares.going, going],
      ] as const) {
        expect(Number.isInteger(share)).toBe(true);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share > 0).toBe(instances > 0);
        expect(share).toBeLessThanOrEqual(Math.ceil((100 * instances) / (coming + going)));
      }
    }),
  );
});

test('more instances never have a smaller share', () => {
  assert(
    property(count, count, (coming, going) => {
      pre(going > 0);
      expect(sharesOf(coming + 1, going - 1).coming).toBeGreaterThanOrEqual(
        sharesOf(coming, going).coming,
      );
    }),
  );
});

test('without any instance there are no shares', () => {
  expect(() => sharesOf(0, 0)).toThrow(RangeError);
});
