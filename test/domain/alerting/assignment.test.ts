import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { assigned } from '../../../src/domain/alerting/assignment.ts';

test.each([
  ['nothing', [], []],
  ['what fits nothing', [[], [0]], [null, 0]],
  ['what fits more comes first', [[0, 1], [0]], [1, 0]],
  ['all move on', [[0, 1], [1, 2], [2, 3], [0]], [1, 2, 3, 0]],
  ['one too many', [[0], [0]], [0, null]],
])('%s', (_name, fitting, places) => {
  expect(assigned(fitting)).toEqual(places);
});

/** By trying everything. */
function most(fitting: readonly (readonly number[])[], taken: readonly number[] = []): number {
  const [first, ...rest] = fitting;
  if (first === undefined) return taken.length;
  const free = first.filter((place) => !taken.includes(place));
  return Math.max(most(rest, taken), ...free.map((place) => most(rest, [...taken, place])));
}

test('as many are paired as can be, each with one that fits and that no other has', () => {
  const places = fc.uniqueArray(fc.nat(5), { maxLength: 4 });
  fc.assert(
    fc.property(fc.array(places, { maxLength: 6 }), (fitting) => {
      const result = assigned(fitting);
      const paired = result.flatMap((place, one) => (place === null ? [] : [[one, place]]));
      expect(paired.every(([one = -1, place = -1]) => fitting[one]?.includes(place))).toBe(true);
      expect(new Set(paired.map(([, place]) => place)).size).toBe(paired.length);
      expect(paired.length).toBe(most(fitting));
    }),
  );
});
