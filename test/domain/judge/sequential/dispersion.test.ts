import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { autoregressive } from '../../../../bench/judge/generators.ts';
import { seeded } from '../../../../bench/judge/random.ts';
import {
  believedVariance,
  DISPERSION,
  spreadOf,
} from '../../../../src/domain/judge/sequential/dispersion.ts';
import {
  beginSeries,
  extendSeries,
  scaleAt,
  SCALES,
} from '../../../../src/domain/judge/sequential/ratio-series.ts';
import type { SeriesBlock } from '../../../../src/domain/judge/sequential/ratio-series.ts';

const block = fc.record({ value: fc.nat(1000), weight: fc.integer({ min: 1, max: 100 }) });

test('a series is the same however its blocks are cut into looks', () => {
  const cut = fc.tuple(fc.array(block, { maxLength: 100 }), fc.nat(100));
  fc.assert(
    fc.property(cut, ([blocks, at]) => {
      const whole = extendSeries(beginSeries(), blocks);
      const halves = extendSeries(
        extendSeries(beginSeries(), blocks.slice(0, at)),
        blocks.slice(at),
      );
      expect(halves).toEqual(whole);
    }),
  );
});

test('a series has the sums of its whole batches and of their neighbours', () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 70 }), (blocks) => {
      const series = extendSeries(beginSeries(), blocks);
      for (let index = 0; index < SCALES; index += 1) {
        const scale = scaleAt(series, index);
        const batches = batchesOf(blocks, 2 ** index);
        expect(scale.batches).toBe(batches.length);
        expect(scale.valueSquares).toBe(sum(batches.map(({ value }) => value * value)));
        expect(scale.weight).toBe(sum(batches.map(({ weight }) => weight)));
        const lag = batches.slice(1).map(({ value }, i) => value * (batches[i]?.value ?? NaN));
        expect(scale.lagValues).toBe(sum(lag));
      }
    }),
  );
});

function batchesOf(blocks: readonly SeriesBlock[], length: number): SeriesBlock[] {
  return Array.from({ length: Math.floor(blocks.length / length) }, (_, index) => {
    const batch = blocks.slice(index * length, (index + 1) * length);
    return {
      value: sum(batch.map(({ value }) => value)),
      weight: sum(batch.map(({ weight }) => weight)),
    };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

test('blocks without weight are left out', () => {
  const blocks = [{ value: 5, weight: 0 }];
  expect(extendSeries(beginSeries(), blocks)).toEqual(beginSeries());
});

/** Medians of what 200 histories of 480 blocks say of the variance of a long sum. */
function medianLikely(blockOf: (seed: number) => () => number): number {
  const likely = Array.from({ length: 200 }, (_, seed) => {
    const next = blockOf(seed + 1);
    const blocks = Array.from({ length: 480 }, () => ({ value: next(), weight: 1 }));
    return spreadOf(extendSeries(beginSeries(), blocks), 'history')?.likely ?? NaN;
  });
  return likely.toSorted((one, other) => one - other)[100] ?? NaN;
}

test.each([
  ['independent samples', 0, 1],
  ['AR(1) of 0.5', 0.5, 3],
  ['AR(1) of 0.8', 0.8, 9],
  ['AR(1) of 0.9', 0.9, 19],
])('the variance of a long sum of %s errs high, by two thirds at most', (_, phi, expected) => {
  const likely = medianLikely((seed) => autoregressive(seeded(seed), phi));
  expect(likely / expected).toBeGreaterThan(0.95);
  expect(likely / expected).toBeLessThan(5 / 3);
});

test('bursts of shape 2 at 5 a block have 3.5 times the variance of independent events', () => {
  const likely = medianLikely((seed) => {
    const random = seeded(seed);
    return () => random.poisson(5 * random.burst());
  });
  expect(Math.abs(likely / 5 - 3.5)).toBeLessThan(0.4);
});

test('scaling every value by a factor scales the variance by its square', () => {
  const factor = fc.constantFrom(1e-9, 1e-3, 7, 1e6);
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 20, maxLength: 100 }), factor, (values, by) => {
      const of = (scale: number) =>
        spreadOf(
          extendSeries(
            beginSeries(),
            values.map((value) => ({ value: value * scale, weight: 1 })),
          ),
          'run',
        );
      const one = of(1);
      const other = of(by);
      fc.pre(one !== undefined && one.likely > 1e-3);
      for (const figure of ['likely', 'least', 'most'] as const) {
        const expected = (one?.[figure] ?? NaN) * by * by;
        expect(Math.abs((other?.[figure] ?? NaN) - expected)).toBeLessThanOrEqual(1e-6 * expected);
      }
    }),
  );
});

test('history is held between what the run says, and nothing is believed too early', () => {
  const short = { blocks: DISPERSION.runBlocksMin - 1, least: 2, most: 9 };
  const long = { ...short, blocks: DISPERSION.runBlocksMin };
  expect(believedVariance(undefined, undefined)).toBeUndefined();
  expect(believedVariance(undefined, short)).toBeUndefined();
  expect(believedVariance(undefined, long)).toBe(9);
  expect(believedVariance(4, undefined)).toBe(4);
  expect(believedVariance(1, short)).toBe(2);
  expect(believedVariance(50, short)).toBe(50);
  expect(believedVariance(50, long)).toBe(9);
});

test('a short history has no benefit of the doubt: it is taken to vary more than a long one', () => {
  const medianOf = (blocks: number): number => {
    const likely = Array.from({ length: 100 }, (_, seed) => {
      const { normal } = seeded(seed + 1);
      const series = Array.from({ length: blocks }, () => ({ value: normal(), weight: 1 }));
      return spreadOf(extendSeries(beginSeries(), series), 'history')?.likely ?? NaN;
    });
    return likely.toSorted((one, other) => one - other)[50] ?? NaN;
  };
  const { historyBlocksLong: long } = DISPERSION;
  expect(medianOf(long)).toBeLessThan(1.1);
  expect(medianOf(long - 1)).toBeGreaterThan(1.05 * medianOf(long));
  expect(medianOf(180)).toBeGreaterThan(1.15 * medianOf(long));
  expect(medianOf(180)).toBeLessThan(1.6 * medianOf(long));
});

test('what a run surely has is above zero from three blocks on, and never above its variance', () => {
  for (let length = 3; length <= 40; length += 1) {
    const values = Array.from({ length }, (_, at) => (at % 2 === 0 ? 1 : -1));
    const blocks = values.map((value) => ({ value, weight: 1 }));
    const spread = spreadOf(extendSeries(beginSeries(), blocks), 'run');
    expect(spread?.least).toBeGreaterThan(0.1);
    expect(spread?.least).toBeLessThan(length / (length - 1));
  }
  const two = [1, -1].map((value) => ({ value, weight: 1 }));
  expect(spreadOf(extendSeries(beginSeries(), two), 'run')).toBeUndefined();
});
