import { describe, expect, test } from 'vitest';
import type { ArmBlock, Tally } from '../../../src/domain/judge/arm-metric.ts';
import {
  type KayentaArm,
  type KayentaRule,
  type KayentaSaid,
  beginKayenta,
  lookAtKayenta,
} from '../../../src/domain/judge/kayenta-arms.ts';
import { gaussians } from '../../../src/domain/judge/kayenta/gaussians.ts';
import { bucketOf } from '../../../src/domain/judge/histogram.ts';

const metric = (name: string, changes: Partial<KayentaArm> = {}): KayentaArm => ({
  ...{ name, group: name, critical: false, direction: 'increase', noData: 'fail' },
  ...changes,
});
const rule = (metrics: readonly KayentaArm[], changes: Partial<KayentaRule> = {}): KayentaRule => ({
  ...{ pass: 95, marginal: 75, groupWeights: {}, metrics },
  ...changes,
});

/** Of a thousand requests, each as slow as the others. */
const tally = (errors: number, latencyMs: number, requests = 1000): Tally => ({
  ...{ requests, errors },
  latency: { counts: { [bucketOf(latencyMs)]: requests }, total: requests },
});

/** Blocks in which the candidate's figures are stable's, times these. */
function blocks(
  count: number,
  ratio: { readonly errors?: number; readonly latency?: number; readonly heap?: number | null },
): readonly ArmBlock[] {
  const next = gaussians(7);
  const around = (value: number): number => value * (1 + 0.1 * next());
  const { errors = 1, latency = 1, heap = 1 } = ratio;
  return Array.from({ length: count }, () => ({
    baseline: tally(Math.round(around(50)), around(100)),
    candidate: tally(Math.round(around(50) * errors), around(100) * latency),
    values: heap === null ? {} : { heap: { candidate: around(8) * heap, control: around(8) } },
  }));
}

function said(given: readonly ArmBlock[], by: KayentaRule): KayentaSaid | null {
  return lookAtKayenta(beginKayenta(), given, by, 'end').said;
}

const ALL = [metric('errors'), metric('latency'), metric('heap')];

describe('the score of a step decides', () => {
  test.each<[string, Parameters<typeof blocks>[1], Partial<KayentaRule>, Partial<KayentaSaid>]>([
    ['no metric differs', {}, {}, { kind: 'pass', score: 100 }],
    ['one of three is higher', { errors: 2 }, {}, { kind: 'fail', score: 66.67 }],
    ['a decrease is welcome', { errors: 0.5, heap: 0.5 }, {}, { kind: 'pass', score: 100 }],
    [
      'one of little weight is higher',
      { heap: 2 },
      { groupWeights: { heap: 20 } },
      { kind: 'warn', score: 80 },
    ],
    [
      'one of hardly any weight is higher',
      { heap: 2 },
      { groupWeights: { heap: 4 } },
      { kind: 'pass', score: 96 },
    ],
    [
      'a critical one of little weight is higher',
      { heap: 2 },
      {
        groupWeights: { heap: 4 },
        metrics: [metric('errors'), metric('latency'), metric('heap', { critical: true })],
      },
      { kind: 'fail', score: 0 },
    ],
    [
      'one of two in a group is higher',
      { latency: 1.3 },
      {
        metrics: [
          metric('errors', { group: 'traffic' }),
          metric('latency', { group: 'traffic' }),
          metric('heap'),
        ],
      },
      { kind: 'warn', score: 75 },
    ],
    [
      'a lower one is bad in either direction',
      { heap: 0.5 },
      { metrics: [metric('heap', { direction: 'either' })] },
      { kind: 'fail', score: 0 },
    ],
  ])('%s', (_name, ratio, changes, expected) => {
    expect(said(blocks(40, ratio), rule(ALL, changes))).toMatchObject(expected);
  });

  test('with a finding for each metric, and one for all', () => {
    const { findings = [], summary } = said(blocks(40, { errors: 2 }), rule(ALL)) ?? {};
    expect(findings.map(({ signal, kind }) => [signal, kind])).toEqual([
      ['kayenta', 'violation'],
      ['error_rate', 'violation'],
      ['latency_p95', 'ok'],
      ['heap', 'ok'],
    ]);
    expect(findings[0]).toMatchObject({ measured: 66.67, limit: 95, method: 'kayenta' });
    expect(summary).toMatch(/^score 66\.67, 95 passes and 75 is marginal: .*errors is higher/);
  });
});

describe('what could not be judged never passes', () => {
  test.each<[string, readonly ArmBlock[], readonly KayentaArm[], Partial<KayentaSaid>]>([
    ['no block at all', [], ALL, { kind: 'no_data' }],
    ['four blocks', blocks(4, {}), ALL, { kind: 'inconclusive' }],
    [
      'no value of one of them',
      blocks(40, { errors: 0.5, heap: null }),
      ALL.map((one) => ({ ...one, group: 'all' })),
      { kind: 'no_data', holds: false, summary: expect.stringContaining('no heap of both') },
    ],
    [
      'no value of one of them, where the others fail',
      blocks(40, { errors: 2, heap: null }),
      ALL.map((one) => ({ ...one, group: 'all' })),
      { kind: 'fail', score: 50 },
    ],
    [
      'no value of a critical metric',
      blocks(40, { heap: null }),
      [metric('errors'), metric('latency'), metric('heap', { critical: true })],
      { kind: 'no_data' },
    ],
    [
      'no value, for a person',
      blocks(40, { heap: null }),
      [metric('errors'), metric('latency'), metric('heap', { noData: 'hold' })],
      { kind: 'no_data', holds: true },
    ],
    [
      'an arm without requests',
      blocks(40, {}).map((block) => ({ ...block, candidate: tally(0, 1, 0) })),
      [metric('errors'), metric('latency')],
      { kind: 'no_data' },
    ],
  ])('%s', (_name, given, metrics, expected) => {
    expect(said(given, rule(metrics))).toMatchObject(expected);
  });

  const EVERY = { errors: 40, latency: 40, heap: 20 };

  test('but what the file leaves out where it has no value does not count', () => {
    const metrics = [metric('errors'), metric('latency'), metric('heap', { noData: 'ignore' })];
    for (const groupWeights of [{}, { heap: 60 }, { errors: 10, heap: 60 }, EVERY, { heap: 100 }]) {
      expect(said(blocks(40, { heap: null }), rule(metrics, { groupWeights }))).toMatchObject({
        ...{ kind: 'pass', score: 100 },
      });
      expect(
        said(blocks(40, { heap: null, errors: 9 }), rule(metrics, { groupWeights }))?.kind,
      ).not.toBe('pass');
    }
    const critical = metrics.map((one) => ({ ...one, critical: true }));
    expect(said(blocks(40, { heap: null }), rule(critical))?.kind).toBe('pass');
    const alone = [metric('heap', { noData: 'ignore' })];
    expect(said(blocks(40, { heap: null }), rule(alone))?.kind).toBe('no_data');
    const grouped = metrics.map((one) => ({ ...one, group: 'all' }));
    expect(said(blocks(40, { heap: null }), rule(grouped))).toMatchObject({
      ...{ kind: 'pass', score: 100 },
    });
  });
});

describe('looks are few', () => {
  test('none before the step is over', () => {
    const state = lookAtKayenta(beginKayenta(), blocks(40, { errors: 3 }), rule(ALL), 'during');
    expect(state.said).toBeNull();
  });

  test('none after the one that decided', () => {
    const first = lookAtKayenta(beginKayenta(), blocks(40, {}), rule(ALL), 'end');
    const later = lookAtKayenta(first, blocks(60, { errors: 9 }), rule(ALL), 'end');
    expect(later.said).toEqual(first.said);
  });

  test('another one where nothing was known, once there is more', () => {
    const first = lookAtKayenta(beginKayenta(), blocks(3, {}), rule(ALL), 'end');
    expect(first.said?.kind).toBe('inconclusive');
    expect(lookAtKayenta(first, [], rule(ALL), 'end').said).toEqual(first.said);
    const later = lookAtKayenta(first, blocks(40, {}), rule(ALL), 'end');
    expect(later.said?.kind).toBe('pass');
  });
});

test('a state resumed from JSON after every block says the same', () => {
  const all = blocks(30, { errors: 1.5 });
  const resumed = all.reduce(
    (state, block) =>
      JSON.parse(JSON.stringify(lookAtKayenta(state, [block], rule(ALL), 'during'))),
    beginKayenta(),
  );
  expect(lookAtKayenta(resumed, [], rule(ALL), 'end').said).toEqual(said(all, rule(ALL)));
});

test('a long step is told by the means of its blocks, and every block counts once', () => {
  const count = 2000;
  const steps = Array.from({ length: count }, (_, at) => ({
    ...{ baseline: tally(0, 100), candidate: tally(0, 100) },
    values: { heap: { candidate: at, control: -at } },
  }));
  const by = rule([metric('heap')]);
  const state = lookAtKayenta(beginKayenta(), steps, by, 'during');
  const { points, blocksAPoint, open } = state;
  expect({ blocksAPoint, isBounded: points.length <= 240 }).toEqual({
    ...{ blocksAPoint: 16, isBounded: true },
  });
  expect(points.length * blocksAPoint + open.length).toBe(count);
  // The means of sixteen steps in a row, however often they were joined.
  expect(points.slice(0, 3)).toEqual([[[7.5, -7.5]], [[23.5, -23.5]], [[39.5, -39.5]]]);
  expect(points.at(-1)).toEqual([[count - 8.5 - (count % 16), -(count - 8.5 - (count % 16))]]);
});
