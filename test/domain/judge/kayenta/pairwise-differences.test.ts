import { array, assert, constantFrom, double, integer, oneof, property } from 'fast-check';
import { expect, test } from 'vitest';
import { gaussians } from '../../../../src/domain/judge/kayenta/gaussians.ts';
import { pairwiseDifferences } from '../../../../src/domain/judge/kayenta/pairwise-differences.ts';

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).toSorted();
}

function all(x: Float64Array, y: Float64Array): Float64Array {
  return sorted([...x].flatMap((own) => [...y].map((other) => own - other)));
}

const shares = [0, 0.01, 0.3, 0.499999, 0.5, 0.77, 0.999];

const value = oneof(
  integer({ min: 0, max: 4 }),
  double({ min: -1e3, max: 1e3, noNaN: true }),
  constantFrom(0, -0, 1e-300, 5e-324, 1e150, -1e150),
);
// More than 1,024 pairs, so that there is something to select from.
const arm = array(value, { minLength: 1, maxLength: 90 });

test('every place holds what a sorted list of all differences holds there', () => {
  assert(
    property(arm, arm, (one, other) => {
      const [x, y] = [sorted(one), sorted(other)];
      const expected = all(x, y);
      const difference = pairwiseDifferences(x, y);
      for (const share of [...shares, 1]) {
        const place = Math.min(Math.floor(share * expected.length), expected.length - 1);
        expect(difference(place) + 0).toBe((expected[place] ?? NaN) + 0);
      }
    }),
  );
});

const next = gaussians(5);
const many = (of: (at: number) => number): Float64Array =>
  sorted(Array.from({ length: 500 }, (_, at) => of(at)));

test.each([
  ['of normal values', many(next), many(next)],
  ['with heavy tails', many(() => Math.exp(6 * next())), many(() => Math.exp(6 * next()))],
  ['of all but constant arms', many((at) => (at === 7 ? 1 : 0)), many(() => 0)],
  ['of two constants', many(() => 3), many(() => 1)],
  ['on a grid', many((at) => at), many((at) => at)],
  ['far apart', many((at) => at * 1e12), many((at) => at * 1e-12)],
])('the differences %s are found among 250,000', (_name, x, y) => {
  const expected = all(x, y);
  const difference = pairwiseDifferences(x, y);
  for (const share of shares) {
    const place = Math.floor(share * expected.length);
    expect(difference(place)).toBe(expected[place]);
  }
});

test.each([
  ['below the first', [1, 2], [1], -1],
  ['beyond the last', [1, 2], [1], 2],
  ['between two', [1, 2], [1], 0.5],
  ['that is no number', [1, 2], [1], NaN],
  ['in an empty arm', [], [1], 0],
])('there is nothing at a place %s', (_name, x, y, place) => {
  expect(pairwiseDifferences(sorted(x), sorted(y))(place)).toBeNaN();
});
