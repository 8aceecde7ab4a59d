import { array, assert, constantFrom, double, oneof, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  judgeAsKayenta,
  judgeKayenta,
  type KayentaInput,
  type KayentaVerdict,
} from '../../../../src/domain/judge/kayenta/judge-kayenta.ts';
import type { KayentaMetric } from '../../../../src/domain/judge/kayenta/kayenta-metric.ts';

const LOW = [8.2, 9.9, 12.1, 7.7, 10.4, 11.1, 6.5, 9.8, 8.8, 9.3];
const SIMILAR = [8.9, 9.5, 11.8, 7.9, 10.1, 11.4, 6.8, 9.7, 8.4, 9.6];
const HIGH = [18.1, 21.3, 15.8, 20.2, 17.7, 19.3, 24.9, 16.4, 22.2, 18.6];

const good: KayentaMetric = { name: 'good', groups: ['a'], experiment: SIMILAR, control: LOW };
const bad: KayentaMetric = { name: 'bad', groups: ['a'], experiment: HIGH, control: LOW };
const onePoint: KayentaMetric = { name: 'one', groups: ['a'], experiment: [1000], control: [0] };
const empty: KayentaMetric = { name: 'empty', groups: ['a'], experiment: [], control: LOW };

const THRESHOLDS = { pass: 95, marginal: 50 };

function judged(
  metrics: readonly KayentaMetric[],
  score: Partial<KayentaInput['score']> = {},
): KayentaVerdict {
  return judgeKayenta({ metrics, score: { thresholds: THRESHOLDS, ...score } });
}

const critical = (metric: KayentaMetric): KayentaMetric => ({ ...metric, critical: true });

test.each<[string, readonly KayentaMetric[], KayentaVerdict['kind'], number]>([
  ['passes where all is alike', [good, { ...good, name: 'too' }], 'pass', 100],
  ['warns of a marginal score', [good, bad], 'warn', 50],
  ['fails below the marginal score', [good, bad, { ...bad, name: 'too' }], 'fail', 33.33],
  ['fails by a critical metric', [good, good, good, critical(bad)], 'fail', 0],
  ['does not judge a muted metric', [good, { ...critical(bad), muted: true }], 'pass', 100],
  [
    'counts a metric that must have data against the score',
    [good, good, { ...empty, mustHaveData: true }],
    'warn',
    66.67,
  ],
  ['lets a metric be without data among others', [good, good, empty], 'pass', 100],
])('the judge %s', (_name, metrics, kind, score) => {
  expect(judged(metrics)).toMatchObject({ kind, score });
});

/** None of them may pass or warn, whatever Kayenta makes of it. */
const NOT_JUDGED: readonly [string, readonly KayentaMetric[], KayentaVerdict['kind']][] = [
  ['no metric', [], 'no_data'],
  ['nothing but muted metrics', [{ ...good, muted: true }], 'no_data'],
  ['one point an arm', [onePoint], 'inconclusive'],
  ['one point an arm of a critical metric', [good, critical(onePoint)], 'inconclusive'],
  ['one equal point an arm', [{ ...good, experiment: [1], control: [1] }], 'inconclusive'],
  [
    'four points an arm',
    [{ ...good, experiment: [9, 8, 7, 6], control: [1, 2, 3, 4] }],
    'inconclusive',
  ],
  ['an error beside a metric that passes', [good, onePoint], 'inconclusive'],
  ['an empty candidate', [empty], 'no_data'],
  ['an empty control', [{ ...good, control: [] }], 'no_data'],
  ['two empty arms', [{ ...good, experiment: [], control: [] }], 'no_data'],
  ['nothing but missing points', [{ ...good, experiment: [null, NaN] }], 'no_data'],
  ['no history', [{ ...good, control: LOW.map(() => NaN) }], 'no_data'],
  ['an empty arm whose points would be zero', [{ ...empty, nanStrategy: 'replace' }], 'no_data'],
  ['an empty critical arm', [good, good, good, critical(empty)], 'no_data'],
  [
    'an empty critical arm whose points would be zero',
    [good, good, critical({ ...empty, nanStrategy: 'replace' })],
    'no_data',
  ],
  ['half of the metrics without data', [good, empty], 'no_data'],
  ['a group without data', [good, good, { ...empty, groups: ['b'] }], 'no_data'],
  ['an endless value', [{ ...good, experiment: [...SIMILAR, Infinity] }], 'inconclusive'],
  ['an endless value below', [{ ...good, control: [...LOW, -Infinity] }], 'inconclusive'],
  [
    'the same endless value in both arms',
    [{ ...good, experiment: [...LOW, Infinity], control: [...LOW, Infinity] }],
    'inconclusive',
  ],
  [
    'values that lie too far apart',
    [{ ...good, experiment: [1, 2, 3, 4, 1e308], control: [5, 6, 7, 8, -1e308] }],
    'inconclusive',
  ],
  ['a metric in no group', [good, { ...good, groups: [] }], 'inconclusive'],
];

describe('there is no verdict upon', () => {
  test.each(NOT_JUDGED)('%s', (_name, metrics, kind) => {
    const verdict = judged(metrics);
    expect(verdict.kind).toBe(kind);
    expect(verdict.summary).not.toBe('');
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });

  test.each<[string, Partial<KayentaInput['score']>]>([
    ['weights above 100', { groupWeights: { a: 70, b: 70 } }],
    ['a weight below zero', { groupWeights: { a: -1 } }],
    ['a weight that is no number', { groupWeights: { a: NaN } }],
    ['a score to reach that is no number', { thresholds: { pass: NaN, marginal: 50 } }],
    ['a score to reach that is out of reach', { thresholds: { pass: 101, marginal: 50 } }],
    ['scores to reach that are upside down', { thresholds: { pass: 50, marginal: 95 } }],
  ])('%s', (_name, score) => {
    const verdict = judged([good], score);
    expect(verdict.kind).toBe('inconclusive');
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });

  test('a confidence level that is no number', () => {
    const score = { thresholds: THRESHOLDS };
    const classifier = { confidenceLevel: NaN };
    expect(judgeKayenta({ metrics: [good], score, classifier }).kind).toBe('inconclusive');
  });
});

test('what fails for certain fails beside what could not be judged', () => {
  const beside = [bad, { ...bad, name: 'too' }];
  expect(judged([...beside, onePoint]).kind).toBe('fail');
  expect(judged([...beside, { ...empty, groups: ['b'] }], { groupWeights: { a: 100 } }).kind).toBe(
    'fail',
  );
  expect(judged([critical(bad), critical(onePoint)]).kind).toBe('fail');
});

test('a score of nothing to reach does not let a critical failure pass', () => {
  expect(judged([critical(bad)], { thresholds: { pass: 0, marginal: 0 } }).kind).toBe('fail');
  expect(judged([critical(onePoint)], { thresholds: { pass: 0, marginal: 0 } }).kind).toBe(
    'inconclusive',
  );
});

test('Kayenta itself lets an error pass', () => {
  const { metrics, score } = judgeAsKayenta({
    metrics: [critical(onePoint), { ...bad, muted: true }],
    score: { thresholds: THRESHOLDS },
  });
  expect(metrics).toMatchObject([{ label: 'Error', critical: false }]);
  expect(score).toMatchObject({ score: 100, label: 'Pass' });
});

test('the summary names the metric with its figures and units', () => {
  const { summary } = judgeKayenta(
    { metrics: [critical({ ...bad, name: 'p95' })], score: { thresholds: THRESHOLDS } },
    (value, name) => `${value.toFixed(1)} ms of ${name}`,
  );
  expect(summary).toBe(
    'p95 is higher than in the control: shift 9.9 ms of p95, interval 7.2 ms of p95 to ' +
      '12.8 ms of p95, effect 2.074 (10 and 10 points)',
  );
});

test('whatever comes, what is not known does not pass', () => {
  const value = oneof(
    double({ min: 0, max: 100, noNaN: true }),
    constantFrom(null, NaN, 0, 1, Infinity),
  );
  const series = array(value, { maxLength: 12 });
  const metric = record({
    name: constantFrom('x', 'y'),
    groups: array(constantFrom('a', 'b'), { minLength: 1, maxLength: 2 }),
    experiment: series,
    control: series,
    nanStrategy: constantFrom<'remove' | 'replace'>('remove', 'replace'),
    critical: constantFrom(true, false),
    mustHaveData: constantFrom(true, false),
  });
  assert(
    property(array(metric, { maxLength: 5 }), (metrics) => {
      const verdict = judged(metrics);
      expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
      if (verdict.kind !== 'pass' && verdict.kind !== 'warn') return;
      for (const { label, critical: isCritical } of verdict.metrics) {
        expect(label).not.toBe('Error');
        if (isCritical) expect(label).toBe('Pass');
      }
      for (const { isWithoutData } of verdict.groups) expect(isWithoutData).toBe(false);
    }),
  );
});
