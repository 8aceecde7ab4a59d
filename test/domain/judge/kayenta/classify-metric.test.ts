import { array, assert, double, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyMetric } from '../../../../src/domain/judge/kayenta/classify-metric.ts';
import {
  commonLanguageEffect,
  meanRatio,
} from '../../../../src/domain/judge/kayenta/effect-size.ts';
import type { KayentaMetric } from '../../../../src/domain/judge/kayenta/kayenta-metric.ts';
import {
  outlierFences,
  prepareSeries,
} from '../../../../src/domain/judge/kayenta/prepare-series.ts';

const LOW = [8.2, 9.9, 12.1, 7.7, 10.4, 11.1, 6.5, 9.8, 8.8, 9.3];
const SIMILAR = [8.9, 9.5, 11.8, 7.9, 10.1, 11.4, 6.8, 9.7, 8.4, 9.6];
const HIGH = [18.1, 21.3, 15.8, 20.2, 17.7, 19.3, 24.9, 16.4, 22.2, 18.6];

function metric(changes: Partial<KayentaMetric>): KayentaMetric {
  return { name: 'p95', groups: ['latency'], experiment: SIMILAR, control: LOW, ...changes };
}

const up = { experiment: HIGH, control: LOW };
const down = { experiment: LOW, control: HIGH };
const empty = { experiment: [], control: LOW };
const gaps = { experiment: [NaN, null], control: LOW };

describe('a metric', () => {
  test.each<[string, Partial<KayentaMetric>, string, boolean]>([
    ['that is alike passes', {}, 'Pass', false],
    ['that is higher is high', up, 'High', false],
    ['that is lower is low', down, 'Low', false],
    ['may rise where only a fall is bad', { ...up, direction: 'decrease' }, 'Pass', false],
    ['may fall where only a rise is bad', { ...down, direction: 'increase' }, 'Pass', false],
    ['may not rise where a rise is bad', { ...up, direction: 'increase' }, 'High', false],
    ['is critical where it is said to be', { ...up, critical: true }, 'High', true],
    [
      'is not critical below its critical effect',
      { ...up, critical: true, effectSize: { criticalIncrease: 3 } },
      'High',
      false,
    ],
    [
      'is critical from its critical effect on',
      { ...down, critical: true, effectSize: { criticalDecrease: 0.6 } },
      'Low',
      true,
    ],
    [
      'may rise by its allowed ratio',
      { ...up, effectSize: { allowedIncrease: 2.1 } },
      'Pass',
      false,
    ],
    [
      'may fall by its allowed ratio',
      { ...down, effectSize: { allowedDecrease: 0.4 } },
      'Pass',
      false,
    ],
    [
      'rises by the share of pairs too',
      { ...up, effectSize: { measure: 'cles', allowedIncrease: 0.9 } },
      'High',
      false,
    ],
    [
      'may be in order in few enough pairs',
      { ...up, effectSize: { measure: 'cles', allowedIncrease: 1.01 } },
      'Pass',
      false,
    ],
    ['without points has no data', empty, 'Nodata', false],
    ['without points is critical', { ...empty, critical: true }, 'Nodata', true],
    ['that must have data fails', { ...empty, mustHaveData: true }, 'NodataFailMetric', false],
    [
      'that must have data and is critical has no data',
      { ...empty, mustHaveData: true, critical: true },
      'Nodata',
      true,
    ],
    ['with missing points alone has no data', gaps, 'Nodata', false],
    ['whose missing points are zero is low', { ...gaps, nanStrategy: 'replace' }, 'Low', false],
    [
      'without points passes where they would be zero',
      { ...empty, nanStrategy: 'replace' },
      'Pass',
      false,
    ],
    ['in another order passes', { experiment: LOW.toReversed() }, 'Pass', false],
    ['of one value passes', { experiment: [4, 4, 4], control: [4, 4] }, 'Pass', false],
    [
      'of two constants is tested',
      { experiment: [9, 9, 9, 9, 9], control: [5, 5, 5, 5, 5] },
      'High',
      false,
    ],
    [
      'of a constant above a constant zero is tested',
      { experiment: [9, 9, 9, 9, 9], control: [0, 0, 0, 0, 0] },
      'High',
      false,
    ],
    [
      'above a mean of zero needs no ratio',
      { ...up, control: LOW.map(() => 0), critical: true },
      'High',
      true,
    ],
    ['of one point above zero is an error', { experiment: [1000], control: [0] }, 'Error', false],
    [
      'that is critical and an error is not critical, as in Kayenta',
      { experiment: [1000], control: [0], critical: true },
      'Error',
      false,
    ],
    ['with an endless value is an error', { experiment: [...HIGH, Infinity] }, 'Error', false],
  ])('%s', (_name, changes, label, critical) => {
    expect(classifyMetric(metric(changes))).toMatchObject({ label, critical });
  });

  test('that is bad in seven of ten points passes, as in Kayenta', () => {
    const control = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    const bad = (count: number): readonly number[] =>
      control.map((one, at) => (at < count ? 50 : one));
    expect(classifyMetric(metric({ experiment: bad(7), control })).label).toBe('Pass');
    expect(classifyMetric(metric({ experiment: bad(8), control })).label).toBe('High');
  });

  test('tells its figures in plain JSON', () => {
    const found = classifyMetric(metric(up));
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    expect(found).toMatchObject({ samples: { experiment: 10, control: 10 } });
    expect(found.effect).toBeCloseTo(194.5 / 93.8, 12);
  });

  test('has the same noise for the same seed', () => {
    const constants = metric({ experiment: [9, 9, 9, 9, 9], control: [5, 5, 5, 5, 5] });
    const shiftOf = (seed: number) => classifyMetric(constants, { seed }).shift;
    expect(shiftOf(7)).toEqual(shiftOf(7));
    expect(shiftOf(7)).not.toEqual(shiftOf(8));
    expect(shiftOf(7)?.estimate).toBeCloseTo(4, 2);
  });
});

describe('outliers', () => {
  const wild = [1, 2, 3, 4, 5, 6, 7, 8, 9, 30, -15, 5.5];

  /** By `percentile` of numpy 2.4.6: here the 1st and the 99th lie outside Tukey's fences. */
  test.each([1.5, 3])('lie beyond the outer percentiles and %d interquartile ranges', (factor) => {
    const { low, high } = outlierFences(wild, factor);
    expect(low).toBeCloseTo(-13.24, 12);
    expect(high).toBeCloseTo(27.69, 12);
  });

  test('are removed where that is wanted', () => {
    const left = wild.filter((value) => value > -15 && value < 30);
    expect(prepareSeries(wild, { outliers: { strategy: 'remove' } })).toEqual(left);
    expect(prepareSeries(wild, { outliers: { strategy: 'keep' } })).toEqual(wild);
    expect(prepareSeries(wild, {})).toEqual(wild);
    expect(prepareSeries([], { outliers: { strategy: 'remove' } })).toEqual([]);
  });

  test('are sought after missing points are gone', () => {
    const outliers = { strategy: 'remove', factor: 3 } as const;
    expect(prepareSeries([5, null, 5, NaN, 6], { outliers })).toEqual([5, 5, 6]);
    expect(prepareSeries([5, null], { nanStrategy: 'replace' })).toEqual([5, 0]);
  });
});

describe('the effect', () => {
  test('is the ratio of the means, or none where a mean is zero', () => {
    expect(meanRatio([2, 4], [1, 1])).toBe(3);
    expect(meanRatio([2, 4], [1, -1])).toBeNaN();
    expect(meanRatio([0, 0], [1, 1])).toBeNaN();
    expect(meanRatio([], [1])).toBeNaN();
  });

  /** `mannwhitneyu(x, y).statistic / (m n)` of scipy 1.17.1. */
  test.each([
    [[12.1, 15.3, 9.8, 14.2, 11.7, 13.3, 18.9, 10.4], LOW.slice(0, 9), 0.8819444444444444],
    [[0, 0, 0, 2, 1, 0, 3, 0, 0, 1], [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2], 0.6208333333333333],
    [[1, 2], [], NaN],
  ])('of %j against %j is %d of the pairs', (experiment, control, expected) => {
    const found = commonLanguageEffect(experiment, control);
    if (Number.isNaN(expected)) expect(found).toBeNaN();
    else expect(found).toBeCloseTo(expected, 12);
  });
});

test('exchanging the arms exchanges high and low', () => {
  const arm = array(double({ min: 1, max: 1000, noNaN: true }), { minLength: 5, maxLength: 40 });
  assert(
    property(arm, arm, (experiment, control) => {
      const there = classifyMetric(metric({ experiment, control }));
      const back = classifyMetric(metric({ experiment: control, control: experiment }));
      // The mean may lie on the other side than the ranks, and then both pass.
      if (there.label === 'High') expect(['Low', 'Pass']).toContain(back.label);
      if (there.label === 'Low') expect(['High', 'Pass']).toContain(back.label);
    }),
  );
});
