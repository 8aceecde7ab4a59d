import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../../../bench/judge/random.ts';
import {
  beginMultinomial,
  intersect,
  logMultinomialE,
  logRatioInterval,
  lookMultinomial,
} from '../../../../src/domain/judge/sequential/multinomial.ts';

test('gives the p-value and the lower limit of savvi for 148 and 62 events at 80:20', () => {
  // assuncaolfi/savvi, examples/InhomogeneousPoissonProcess.qmd, n = 210.
  const begun = beginMultinomial({ split: [0.8, 0.2], alpha: 0.05 });
  const looked = lookMultinomial(begun, [148, 62]);
  expect(looked?.reading.pValue).toBeCloseTo(0.045579631759249686, 12);
  expect(looked?.reading.logRatio.low).toBeCloseTo(0.00464625, 8);
});

test('the interval ends where the likelihood has fallen to what is refused', () => {
  const interval = logRatioInterval([148, 62], 0.2, { alpha: 0.05, concentration: 100 });
  for (const delta of [interval.low, interval.high]) {
    const odds = (0.2 / 0.8) * Math.exp(delta ?? NaN);
    const share = odds / (1 + odds);
    expect(logMultinomialE([148, 62], [1 - share, share], 100)).not.toBeNaN();
    const fixed = logMultinomialE([148, 62], [0.8, 0.2], 100);
    const gain =
      62 * Math.log(share) + 148 * Math.log1p(-share) - 62 * Math.log(0.2) - 148 * Math.log(0.8);
    expect(fixed - gain).toBeCloseTo(Math.log(1 / 0.05), 6);
  }
});

test('the evidence of one look is the mean of its e-values: at most 1 under the split', () => {
  // All outcomes of 12 events with their probabilities: the expectation of E is exactly 1.
  const share = 0.3;
  let expectation = 0;
  let ways = 1;
  for (let candidate = 0; candidate <= 12; candidate += 1) {
    const probability = ways * share ** candidate * (1 - share) ** (12 - candidate);
    const counts = [12 - candidate, candidate];
    expectation += probability * Math.exp(logMultinomialE(counts, [1 - share, share], 100));
    ways = (ways * (12 - candidate)) / (candidate + 1);
  }
  expect(expectation).toBeCloseTo(1, 10);
});

test('three arms: the arm that has more than its share is found', () => {
  let state = beginMultinomial({ split: [0.5, 0.25, 0.25], alpha: 0.01 });
  const looked = lookMultinomial(state, [500, 250, 400]);
  state = looked?.state ?? state;
  expect(looked?.reading.pValue).toBeLessThan(0.01);
  expect(looked?.reading.shares?.[2]).toBeCloseTo(400 / 1150, 12);
});

test('the p-value never rises, however the looks are cut', () => {
  const counts = fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(counts, (looks) => {
      let state = beginMultinomial({ split: [0.5, 0.5], alpha: 0.01 });
      let last = 1;
      for (const events of looks) {
        const looked = lookMultinomial(state, events);
        if (looked === undefined) throw new Error('counts were refused');
        expect(looked.reading.pValue).toBeLessThanOrEqual(last);
        last = looked.reading.pValue;
        state = looked.state;
      }
      const sums = [0, 1].map((arm) => looks.reduce((sum, look) => sum + (look[arm] ?? 0), 0));
      expect(state.counts).toEqual(sums);
    }),
  );
});

test.each([[[1]], [[1, 2, 3]], [[NaN, 1]], [[-1, 1]], [[0.5, 1]], [[Infinity, 1]]])(
  'events of %o are refused',
  (events) => {
    expect(
      lookMultinomial(beginMultinomial({ split: [0.5, 0.5], alpha: 0.01 }), events),
    ).toBeUndefined();
  },
);

test.each([[[1]], [[0.5, 0.6]], [[0, 1]], [[NaN, 1]]])('a split of %o is refused', (split) => {
  expect(() => beginMultinomial({ split, alpha: 0.01 })).toThrow(RangeError);
});

test('an interval keeps what has been ruled out', () => {
  expect(intersect({ low: null, high: 3 }, { low: 1, high: null })).toEqual({ low: 1, high: 3 });
  expect(intersect({ low: 0, high: 2 }, { low: 1, high: 3 })).toEqual({ low: 1, high: 2 });
});

test('independent events of alike arms are refused in at most 1 % of 500 runs of 120 looks', () => {
  let refused = 0;
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = seeded(seed);
    let state = beginMultinomial({ split: [0.5, 0.5], alpha: 0.01 });
    for (let look = 0; look < 120; look += 1) {
      state = lookMultinomial(state, [random.poisson(5), random.poisson(5)])?.state ?? state;
    }
    if (state.pValue <= 0.01) refused += 1;
  }
  expect(refused).toBeLessThanOrEqual(5);
});
