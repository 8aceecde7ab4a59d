import { expect, test } from 'vitest';
import {
  bandConstant,
  bandHeight,
  cdfBand,
  quantileHeight,
} from '../../../../src/domain/judge/sequential/cdf-band.ts';
import {
  logOneSided,
  logTwoSided,
  normalMixtureAt,
  twoSidedBound,
} from '../../../../src/domain/judge/sequential/normal-mixture.ts';
import { logBetaBinomialE, logShareE } from '../../../../src/domain/judge/sequential/share-test.ts';

// Of gostevehoward/confseq, test/uniform_boundaries_unittest.cpp, whose values are those of its
// authors' implementation in R: v_opt = 100, alpha_opt = 0.05, s = 10, v = 100; within 1e-5.

const TWO_SIDED = normalMixtureAt(100, 0.05);
const ONE_SIDED = normalMixtureAt(100, 2 * 0.05);

test.each([
  ['rho of the two-sided normal mixture', TWO_SIDED.rho, 12.60056],
  ['its logarithm', logTwoSided(TWO_SIDED, 10, 100), -0.6510052],
  ['its bound', twoSidedBound(TWO_SIDED, 100, 0.05), 30.35209],
  ['the one-sided normal mixture', logOneSided(ONE_SIDED, 10, 100), -0.06502391],
  [
    'the one-sided normal mixture at its bound',
    logOneSided(ONE_SIDED, 27.66071, 100),
    -Math.log(0.05),
  ],
  ['the band of the whole distribution', bandHeight(cdfBand(0.05, 100), 1000), 0.08204769],
])('confseq: %s', (_, actual, expected) => {
  expect(Math.abs(actual - expected)).toBeLessThan(1e-5);
});

test('confseq: the one-sided beta-binomial mixture with g = 0.2 and h = 0.8', () => {
  // There a sum of s = 0.8 · candidate − 0.2 · baseline at v = 0.16 · all; 28.41238 is its bound.
  const concentration = (ONE_SIDED.rho - 0.16) / 0.16;
  const at = (sum: number): number =>
    logBetaBinomialE({ candidate: 125 + sum, baseline: 500 - sum }, 0.2, concentration);
  expect(Math.abs(at(10) - -0.07134019)).toBeLessThan(1e-5);
  expect(Math.abs(at(28.41238) - -Math.log(0.05))).toBeLessThan(1e-4);
});

test.each([
  [0.05, 8.122719],
  [0.01, 9.283543],
])('the constant of the band at %d is %d', (alpha, expected) => {
  expect(bandConstant(alpha)).toBeCloseTo(expected, 5);
});

// Of scipy 1.17.1, from betaln and beta.logsf, and numpy 2.4.6, logaddexp.
test.each([
  [{ baseline: 90, candidate: 25, split: 0.1, dispersion: 2.5 }, 1.2, 1.1799995516901338],
  [{ baseline: 20, candidate: 45, split: 0.5, dispersion: 1 }, 1, 3.452245298604998],
  [{ baseline: 0, candidate: 18, split: 0.5, dispersion: 1 }, 1, 7.546788133603178],
])('the evidence of %o above a ratio of %d is %d', (evidence, worseAbove, expected) => {
  expect(logShareE(evidence, worseAbove)).toBeCloseTo(expected, 3);
});

test('a band without its minimum of samples says nothing, and shrinks from there on', () => {
  const band = cdfBand(0.01, 100);
  expect(bandHeight(band, 99)).toBe(1);
  expect(bandHeight(band, NaN)).toBe(1);
  expect(bandHeight(band, 10_000)).toBeLessThan(bandHeight(band, 1000));
  expect(quantileHeight(0.99, 1, 0.05)).toBe(1);
  // In the tail the pointwise bound is far narrower than the band.
  expect(quantileHeight(0.999, 100_000, 0.01)).toBeLessThan(bandHeight(band, 100_000) / 5);
});
