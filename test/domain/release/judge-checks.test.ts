import { describe, expect, test } from 'vitest';
import { readRelease } from '../../../src/domain/release/release-file.ts';
import type { ReleaseDocument } from '../../../src/domain/release/release.schema.ts';

type Judge = NonNullable<ReleaseDocument['judge']>;
type Changes = Partial<ReleaseDocument>;

function read(judge: Judge, changes: Changes = {}) {
  const document: ReleaseDocument = {
    ...{ service: 'shop', version: '2', strategy: 'canary' },
    ...{ environment: { kind: 'memory' }, traffic: { kind: 'memory' } },
    metrics: [
      { kind: 'memory' },
      { kind: 'prometheus', url: 'http://p:9090', queries: { memory: 'm{version="{version}"}' } },
    ],
    performance_thresholds: { max_error_rate: '5%' },
    judge,
    ...changes,
  };
  const text = JSON.stringify(document);
  return readRelease({ forTests: true, text, file: 'r.json', folder: '/', version: undefined });
}

const HEAP = { name: 'heap', query: 'heap{version="{version}"}' } as const;

describe('what the judge cannot do is told where and why', () => {
  test.each<[string, Judge, Changes, string]>([
    [
      'judge.metrics.0.direction',
      { metrics: [{ ...HEAP, method: 'sequential', direction: 'either' }] },
      {},
      'not for method sequential',
    ],
    ['judge.metrics.0.query', { metrics: [{ name: 'heap', query: 'h' }] }, {}, 'no {version}'],
    ['judge.marginal', { method: 'kayenta', pass: 70, marginal: 80 }, {}, 'above pass'],
    [
      'judge.group_weights',
      { method: 'kayenta', group_weights: { heap: 50 } },
      {},
      'names heap; the groups are errors, latency',
    ],
    [
      'judge.group_weights',
      { method: 'kayenta', group_weights: { errors: 60, latency: 50 } },
      {},
      'come to 110',
    ],
    [
      'judge.group_weights',
      { method: 'kayenta', group_weights: { errors: 60, latency: 30 } },
      {},
      'come to 90: it must be 100',
    ],
    [
      'steps.0.for',
      { method: 'kayenta' },
      { steps: [{ weight: 50, for: '20s' }] },
      'is shorter than 29s',
    ],
    [
      'steps.1.analysis',
      { method: 'kayenta' },
      { steps: [{ weight: 50, for: '5m' }, { analysis: '10s' }] },
      'is shorter than 29s',
    ],
    [
      'steps.0.for',
      { metrics: [{ ...HEAP }] },
      { steps: [{ weight: 50, for: '50s' }] },
      'is shorter than 54s, 10 times watch.interval and a little: mann_whitney of',
    ],
    [
      'steps.0.for',
      { metrics: [{ ...HEAP }, { ...HEAP, name: 'depth', method: 'sequential' }] },
      { steps: [{ weight: 50, for: '2m' }] },
      'sequential of judge.metrics depth would not know enough',
    ],
    [
      'rolling.stabilize',
      { method: 'kayenta' },
      { strategy: 'rolling', rolling: { stabilize: '10s' }, watch: { interval: '2s' } },
      'is shorter than 14s',
    ],
  ])('%s', (path, judge, changes, message) => {
    expect(read(judge, changes)).toMatchObject({
      kind: 'invalid',
      problems: [{ path, message: expect.stringContaining(message) }],
    });
  });
});

test('a metric that may be missing needs no long steps', () => {
  const metrics = [{ ...HEAP, method: 'sequential', no_data: 'ignore' }] as const;
  const found = read({ metrics: [...metrics] }, { steps: [{ weight: 50, for: '20s' }] });
  expect(found.kind).toBe('valid');
});

test.each<[Judge, readonly string[]]>([
  [{}, []],
  [{ alpha: '2%', errors: { method: 'mann_whitney' } }, []],
  [{ method: 'kayenta', pass: 90, errors: { group: 'traffic', critical: true } }, []],
  [
    { pass: 90, errors: { group: 'traffic' }, metrics: [{ ...HEAP, critical: true }] },
    ['pass', 'errors.group', 'metrics.0.critical'],
  ],
  [
    { method: 'kayenta', alpha: '2%', latency: { method: 'sequential', severity: 'warning' } },
    ['alpha', 'latency.method', 'latency.severity'],
  ],
])('keys of the other way to judge are said to have no effect: %#', (judge, keys) => {
  const found = read(judge);
  if (found.kind !== 'valid') throw new Error(JSON.stringify(found));
  const method = judge.method ?? 'each';
  expect(found.remarks.filter((remark) => remark.startsWith('judge.'))).toEqual(
    keys.map((key) => `judge.${key} has no effect under judge.method ${method}`),
  );
});
