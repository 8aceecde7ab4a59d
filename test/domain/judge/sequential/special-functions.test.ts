import { expect, test } from 'vitest';
import {
  logBeta,
  logBetaTail,
  logGamma,
  logNormalCdf,
} from '../../../../src/domain/judge/sequential/special-functions.ts';

// Expected values are those of scipy 1.17.1: gammaln, betaln, beta.logsf and norm.logcdf.

test.each([
  [0.1, 2.252712651734206],
  [0.5, 0.5723649429247],
  [1, 0],
  [7.3, 7.147892523022249],
  [150, 600.0094705553274],
  [1e6, 12815504.569147611],
])('log Γ(%d) is %d', (x, expected) => {
  expect(logGamma(x)).toBeCloseTo(expected, 8);
});

test.each([0, -1, NaN])('log Γ(%d) is not a number', (x) => {
  expect(logGamma(x)).toBeNaN();
});

test('the beta function of two parts is that of scipy', () => {
  expect(logBeta([2.5, 30])).toBeCloseTo(-8.279463575973434, 12);
});

test.each([
  [0.5, 60, 60, -0.6931471805599457],
  [0.5, 80, 52, -0.007083969776230592],
  [0.5, 52, 300, -100.43985904644845],
  [0.1, 55, 900, -13.786248354963703],
  [0.5, 5000, 4800, -0.02190598230590636],
  [0.5, 30, 5, -3.0824496420765965e-6],
  [0.2, 3, 40, -5.19284571303768],
  [0.01, 51, 9000, -13.027467329169138],
  [0.9, 900, 60, -1.530141550621773e-5],
  [0.5, 400, 1, -3.8725919148493183e-121],
])('the tail of Beta above %d with %d and %d is within 1e-4 of its logarithm', (x, a, b, log) => {
  expect(Math.abs(logBetaTail(x, a, b) - log)).toBeLessThanOrEqual(1e-4 * Math.max(0.01, -log));
});

test('the tail of Beta is all below 0 and nothing above 1', () => {
  expect(logBetaTail(0, 3, 4)).toBe(0);
  expect(logBetaTail(1, 3, 4)).toBe(-Infinity);
});

test.each([
  [-40, -804.6084420137539],
  [-8, -35.01343715991456],
  [-3, -6.60772622151035],
  [-0.5, -1.1759117615936188],
  [0, -Math.LN2],
  [1, -0.1727537790234499],
  [4, -3.1671743377489206e-5],
])('log Φ(%d) is %d', (x, expected) => {
  expect(logNormalCdf(x) / expected).toBeCloseTo(1, 6);
});
