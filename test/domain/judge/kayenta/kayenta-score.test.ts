import { expect, test } from 'vitest';
import type { ClassifiedMetric } from '../../../../src/domain/judge/kayenta/classify-metric.ts';
import type { KayentaLabel } from '../../../../src/domain/judge/kayenta/kayenta-metric.ts';
import { scoreMetrics } from '../../../../src/domain/judge/kayenta/kayenta-score.ts';

type Written = readonly [groups: string, label: KayentaLabel, critical?: 'critical'];

function classified([groups, label, critical]: Written): ClassifiedMetric {
  return {
    name: `${groups} ${label}`,
    groups: groups === '' ? [] : groups.split(' '),
    label,
    critical: critical === 'critical',
    samples: { experiment: 10, control: 10 },
    reason: `it is ${label}`,
  };
}

const THIRDS: readonly Written[] = [
  ['a', 'Pass'],
  ['a', 'Pass'],
  ['a', 'High'],
];

test.each<[string, readonly Written[], Record<string, number>, number, string]>([
  ['all passed', [['a', 'Pass']], {}, 100, 'Pass'],
  ['two of three passed, in two places', THIRDS, {}, 66.67, 'Fail'],
  ['groups share what is left', [...THIRDS, ['b', 'Pass']], { a: 40 }, 86.67, 'Marginal'],
  ['groups share evenly', [...THIRDS, ['b', 'Low']], {}, 33.33, 'Fail'],
  [
    'a group of no weight counts nothing',
    [...THIRDS, ['b', 'Pass']],
    { a: 0, b: 100 },
    100,
    'Pass',
  ],
  ['weights below 100 are out of reach', [['a', 'Pass']], { a: 80 }, 80, 'Marginal'],
  [
    'a metric counts in each of its groups',
    [
      ['a b', 'High'],
      ['b', 'Pass'],
    ],
    {},
    25,
    'Fail',
  ],
  ['a missing metric is not counted', [...THIRDS, ['a', 'Nodata']], {}, 66.67, 'Fail'],
  [
    'a metric that must have data is',
    [
      ['a', 'Pass'],
      ['a', 'NodataFailMetric'],
    ],
    {},
    50,
    'Fail',
  ],
  [
    'an error is not counted',
    [
      ['a', 'Pass'],
      ['a', 'Error'],
    ],
    {},
    100,
    'Pass',
  ],
  ['nothing but errors is full', [['a', 'Error']], {}, 100, 'Pass'],
  [
    'a group of errors counts as full',
    [
      ['a', 'High'],
      ['b', 'Error'],
    ],
    {},
    50,
    'Fail',
  ],
  [
    'half without data is nothing',
    [
      ['a', 'Pass'],
      ['a', 'Nodata'],
    ],
    {},
    0,
    'Fail',
  ],
  [
    'a critical failure is nothing',
    [
      ['a', 'Pass'],
      ['b', 'High', 'critical'],
    ],
    {},
    0,
    'Fail',
  ],
  ['a critical pass is no failure', [['a', 'Pass', 'critical']], {}, 100, 'Pass'],
  [
    'a critical gap is nothing',
    [
      ['a', 'Pass'],
      ['a', 'Pass'],
      ['a', 'Nodata', 'critical'],
    ],
    {},
    0,
    'Fail',
  ],
  [
    'weights above 100 turn the rest around',
    [...THIRDS, ['b', 'High']],
    { a: 120 },
    80,
    'Marginal',
  ],
  ['no metric scores nothing', [], {}, 0, 'Fail'],
])('%s', (_name, written, groupWeights, score, label) => {
  const thresholds = { pass: 95, marginal: 75 };
  const found = scoreMetrics(written.map(classified), { groupWeights, thresholds });
  expect({ score: found.score, label: found.label }).toEqual({ score, label });
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
});

test('a score on the limit has reached it', () => {
  const metrics = THIRDS.map(classified);
  const label = (pass: number, marginal: number) =>
    scoreMetrics(metrics, { thresholds: { pass, marginal } }).label;
  expect(label(66.67, 50)).toBe('Pass');
  expect(label(66.68, 66.67)).toBe('Marginal');
  expect(label(90, 66.68)).toBe('Fail');
});

test('scores are rounded by their decimals, half away from zero', () => {
  const weights = (a: number) =>
    scoreMetrics([classified(['a', 'Pass'])], {
      groupWeights: { a },
      thresholds: { pass: 95, marginal: 75 },
    }).score;
  expect(weights(1.005)).toBe(1.01);
  expect(weights(-1.005)).toBe(-1.01);
  expect(weights(1e-9)).toBe(0);
});
