import { describe, expect, test } from 'vitest';
import {
  type RecordedOptions,
  judgeRecorded,
} from '../../../../src/domain/judge/offline/judge-recorded.ts';
import { blocksCsv, createDice, pairOf, requestsCsv, seriesCsv, specOf } from './recorded.ts';

const RANKS: RecordedOptions = { series: { kind: 'mann_whitney' } };

function judge(baseline: string, candidate: string, more = '', options = RANKS) {
  return judgeRecorded(pairOf(baseline, candidate), specOf(more), options);
}

const findingOf = (judged: ReturnType<typeof judge>, metric: string) =>
  judged.verdict.findings.find((finding) => finding.metric === metric);

describe('traffic', () => {
  test('equal arms pass, within one error budget', () => {
    const { verdict } = judge(blocksCsv({ seed: 1 }), blocksCsv({ seed: 2 }));
    expect(verdict).toMatchObject({
      kind: 'pass',
      score: 100,
      budget: { alpha: 0.01, spent: 0.01, left: 0 },
    });
  });

  test('three times the errors fail, with both arms, the ratio and its interval', () => {
    const judged = judge(blocksCsv({ seed: 1 }), blocksCsv({ seed: 2, errorRate: 0.03 }));
    expect(judged.verdict.kind).toBe('fail');
    expect(judged.verdict.summary).toMatch(
      /^errors, compared: worse than stable, \d+ events on the candidate, \d+ on the baseline/,
    );
    const finding = findingOf(judged, 'errors');
    expect(finding).toMatchObject({
      kind: 'violation',
      method: 'sequential',
      limit: 0.1,
      samples: { baseline: 72_000, candidate: 72_000 },
    });
    expect(finding?.baseline).toBeCloseTo(0.01, 2);
    expect(finding?.candidate).toBeCloseTo(0.03, 2);
    expect(finding?.effect?.low).toBeGreaterThan(1.5);
    expect(finding?.effect?.high).toBeLessThan(6);
    expect(finding?.eValue).toBeGreaterThan(1 / (finding?.alpha ?? 0));
  });

  test('of severity warning it is a warning, and would step back', () => {
    const { verdict } = judge(
      blocksCsv({ seed: 1 }),
      blocksCsv({ seed: 2, errorRate: 0.03 }),
      'judge: { errors: { severity: warning } }',
    );
    expect(verdict).toMatchObject({ kind: 'warn', action: 'step_back' });
  });

  test('a fixed limit fails at the look that broke it', () => {
    const calm = blocksCsv({ seed: 2, minutes: 60 });
    const broken = blocksCsv({ seed: 3, minutes: 60, fromMinute: 60, errorRate: 0.2 });
    const candidate = `${calm}${broken.split('\n').slice(1).join('\n')}`;
    const judged = judge(
      blocksCsv({ seed: 1 }),
      candidate,
      'performance_thresholds: { max_error_rate: 5% }',
    );
    expect(judged.verdict.kind).toBe('fail');
    expect(findingOf(judged, 'error_rate')).toMatchObject({
      kind: 'violation',
      limit: 0.05,
      window: { fromMs: Date.UTC(2026, 2, 1, 11), toMs: Date.UTC(2026, 2, 1, 11, 1) },
    });
  });

  test('of each request the whole distribution is compared', () => {
    const more = 'judge: { latency: { method: sequential } }';
    const base = requestsCsv({ seed: 1 });
    expect(judge(base, requestsCsv({ seed: 2 }), more).verdict.kind).toBe('pass');
    const judged = judge(base, requestsCsv({ seed: 2, latencyMs: 80 }), more);
    expect(judged.verdict.kind).toBe('fail');
    expect(findingOf(judged, 'latency')).toMatchObject({ kind: 'violation' });
    expect(findingOf(judged, 'errors')).toMatchObject({ kind: 'ok' });
  });

  test('the p95 of blocks is compared by ranks, and not as if it were of requests', () => {
    const [base, slow] = [blocksCsv({ seed: 1 }), blocksCsv({ seed: 2, latencyMs: 130 })];
    const ranks = judge(base, slow, 'judge: { latency: { method: mann_whitney } }');
    expect(findingOf(ranks, 'latency')).toMatchObject({ kind: 'violation' });
    const sequential = judge(base, slow, 'judge: { latency: { method: sequential } }');
    expect(sequential.verdict.kind).toBe('inconclusive');
    expect(sequential.verdict.summary).toContain('record one row a request');
  });

  test('what only a limit judges is compared with stable as the file says', () => {
    const more = 'judge: { errors: { method: threshold } }';
    const { verdict } = judge(
      blocksCsv({ seed: 1 }),
      blocksCsv({ seed: 2, errorRate: 0.05 }),
      more,
    );
    expect(verdict).toMatchObject({ kind: 'fail', budget: null });
    expect(verdict.summary).toMatch(/^error rate is .* on v3, .* on stable, limit/);
  });

  test('a split that is not the intended one is no verdict on the version', () => {
    const options = { ...RANKS, weightPercent: 10 };
    const { verdict } = judge(
      blocksCsv({ seed: 1 }),
      blocksCsv({ seed: 2, errorRate: 0.03 }),
      '',
      options,
    );
    expect(verdict.kind).toBe('inconclusive');
    expect(verdict.summary).toBe('traffic split is 50 %, intended 10 %');
  });

  test('what the baseline has from before is its history', () => {
    const { verdict } = judge(
      blocksCsv({ seed: 1, minutes: 300 }),
      blocksCsv({ seed: 2, minutes: 60, fromMinute: 240 }),
    );
    expect(verdict.kind).toBe('pass');
    expect(verdict.notes.join()).toContain(
      '240 blocks of the baseline from before are its history',
    );
    expect(verdict.notes.join()).toContain(
      '2026-03-01T14:00:00Z to 2026-03-01T14:59:00Z is judged',
    );
  });

  test('blocks of one arm that are missing are no blocks of the other', () => {
    const lines = blocksCsv({ seed: 2, errorRate: 0.01 }).split('\n');
    const thinned = lines.filter((_, at) => at % 10 !== 5).join('\n');
    const judged = judge(blocksCsv({ seed: 1 }), thinned);
    expect(judged.verdict.kind).toBe('pass');
    expect(findingOf(judged, 'errors')?.samples).toEqual({ baseline: 64_800, candidate: 64_800 });
  });
});

describe('what is not known never passes', () => {
  const base = blocksCsv({ seed: 1 });
  const head = 'time,requests,errors,latency_ms\n';
  const quiet = base.replaceAll(/,600,\d+,[\d.]+/g, ',0,0,');
  const missing = base.replaceAll(/,600,\d+,[\d.]+/g, ',,,');
  test.each([
    [
      'a service with 1 request a second, of which 1 % reach the candidate',
      requestsCsv({ seed: 1, perSecond: 0.99 }),
      requestsCsv({ seed: 2, perSecond: 0.01 }),
      'no_data',
    ],
    ['a candidate without rows', base, head, 'no_data'],
    ['a baseline without rows', head, base, 'no_data'],
    ['no rows at all', head, head, 'no_data'],
    ['a candidate without requests', base, quiet, 'no_data'],
    ['nothing but missing values', missing, missing, 'no_data'],
    ['other times', base, blocksCsv({ seed: 2, fromMinute: 600 }), 'no_data'],
    ['a candidate that falls silent', base, blocksCsv({ seed: 2, minutes: 60 }), 'no_data'],
    ['a baseline that falls silent', blocksCsv({ seed: 1, minutes: 60 }), base, 'no_data'],
    [
      'a column that one arm lacks',
      base,
      base.replaceAll(/,[\d.]+,[\d.]+$/gm, ',1').replace(',errors,latency_ms', ',errors'),
      'no_data',
    ],
    [
      'one block an arm',
      blocksCsv({ seed: 1, minutes: 1 }),
      blocksCsv({ seed: 2, minutes: 1 }),
      'inconclusive',
    ],
    [
      'one request an arm',
      requestsCsv({ seed: 1, minutes: 1 / 60, perSecond: 1 }),
      requestsCsv({ seed: 2, minutes: 1 / 60, perSecond: 1 }),
      'no_data',
    ],
    [
      'ten blocks without history',
      blocksCsv({ seed: 1, minutes: 10 }),
      blocksCsv({ seed: 2, minutes: 10 }),
      'inconclusive',
    ],
    ['one value an arm', '{"a":[1]}', '{"a":[1]}', 'inconclusive'],
    ['no value', '{"a":[]}', '{"a":[]}', 'no_data'],
    ['no column', '{}', '{}', 'no_data'],
    ['mostly missing values', '{"a":[1,null,null,null]}', '{"a":[1,2,3,4]}', 'no_data'],
  ] as const)('%s', (_, baseline, candidate, kind) => {
    const { verdict } = judge(baseline, candidate);
    expect(verdict.kind).toBe(kind);
    expect(verdict.summary).not.toBe('');
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });

  test('equal arms without any traffic of their own limits do not pass on a note', () => {
    const { verdict } = judge(head, head, 'performance_thresholds: { max_error_rate: 5% }');
    expect(verdict).toMatchObject({ kind: 'no_data', score: 0 });
  });
});

describe('series', () => {
  const dice = createDice(5);
  const noise = (mean: number) => Array.from({ length: 100 }, () => mean + dice.gauss());
  const [base, same, higher] = [noise(20), noise(20), noise(30)];

  test.each([
    ['equal', same, undefined, 'pass'],
    ['higher', higher, undefined, 'fail'],
    ['higher, which is bad', higher, 'increase', 'fail'],
    ['higher, which is good', higher, 'decrease', 'pass'],
  ] as const)('%s', (_, candidate, direction, kind) => {
    const options = { ...RANKS, ...(direction === undefined ? {} : { direction }) };
    const judged = judge(seriesCsv('depth', base), seriesCsv('depth', candidate), '', options);
    expect(judged.verdict.kind).toBe(kind);
    expect(findingOf(judged, 'depth')).toMatchObject({ method: 'mann_whitney' });
  });

  test('a name that says what is bad needs no direction', () => {
    const [low, high] = [seriesCsv('throughput', base), seriesCsv('throughput', higher)];
    expect(judge(low, high).verdict.kind).toBe('pass');
    expect(judge(high, low).verdict.kind).toBe('fail');
  });

  test('by the judge like Kayenta a score decides', () => {
    const by = (candidate: readonly number[]) =>
      judge(seriesCsv('depth', base), seriesCsv('depth', candidate), '', {
        series: { kind: 'kayenta', pass: 95, marginal: 75 },
      });
    expect(by(same).verdict).toMatchObject({ kind: 'pass', budget: null });
    const failed = by(higher);
    expect(failed.verdict.kind).toBe('fail');
    expect(findingOf(failed, 'kayenta')).toMatchObject({ kind: 'violation', candidate: 0 });
    expect(findingOf(failed, 'depth')).toMatchObject({ kind: 'violation', weight: 0 });
  });

  test('a release file that wants Kayenta’s judge has its traffic scored by it, by its groups', () => {
    const by = (judgeBlock: string) =>
      judge(
        blocksCsv({ seed: 1 }),
        blocksCsv({ seed: 2, latencyMs: 130 }),
        `judge: { method: kayenta${judgeBlock} }`,
      );
    const failed = by('');
    expect(failed.verdict).toMatchObject({ kind: 'fail', budget: null });
    expect(findingOf(failed, 'kayenta')).toMatchObject({ candidate: 50, limit: 95 });
    expect(findingOf(failed, 'errors')).toMatchObject({ kind: 'ok', method: 'kayenta' });
    expect(findingOf(failed, 'latency')).toMatchObject({ kind: 'violation', method: 'kayenta' });
    expect(by(', group_weights: { latency: 20 }').verdict).toMatchObject({
      ...{ kind: 'warn', action: 'step_back' },
    });
    expect(by(', pass: 50, marginal: 40').verdict.kind).toBe('pass');
    expect(by(', pass: 40, marginal: 40, latency: { critical: true }').verdict.kind).toBe('fail');
  });

  test.each([
    ['ignore', 'pass', 100],
    ['fail', 'no_data', 0],
  ] as const)('Kayenta’s judge and a metric without values: %s', (noData, kind, score) => {
    const text = (heap: null | number) =>
      JSON.stringify({ depth: base, heap: base.map(() => heap) });
    const metric = (name: string, missing: string) =>
      `{ name: ${name}, query: 'q{version="{version}"}', no_data: ${missing} }`;
    const more = `
metrics:
  - { kind: traffic }
  - { kind: prometheus, url: 'http://p:9090', queries: { memory: 'm{version="{version}"}' } }
judge:
  method: kayenta
  group_weights: { heap: 60, depth: 40, errors: 0, latency: 0 }
  metrics: [${metric('depth', 'fail')}, ${metric('heap', noData)}]
`;
    const judged = judge(text(1), text(null), more);
    expect(judged.verdict.kind).toBe(kind);
    expect(findingOf(judged, 'kayenta')).toMatchObject({ candidate: score });
  });

  test('a metric of the release file is judged by its rules', () => {
    const more = `
metrics:
  - { kind: traffic }
  - { kind: prometheus, url: 'http://p:9090', queries: { memory: 'm{version="{version}"}' } }
judge:
  metrics:
    - { name: depth, query: 'd{version="{version}"}', method: sequential, severity: warning }
`;
    const judged = judge(seriesCsv('depth', base), seriesCsv('depth', higher), more);
    expect(judged.verdict).toMatchObject({ kind: 'warn', action: 'step_back' });
    expect(findingOf(judged, 'depth')).toMatchObject({ method: 'sequential', kind: 'violation' });
    const absent = judge(seriesCsv('heap', base), seriesCsv('heap', same), more);
    expect(absent.verdict.kind).toBe('no_data');
    expect(absent.verdict.summary).toContain('judge.metrics has depth');
  });

  test.each([
    ['fail', 'critical', 'no_data', undefined],
    ['fail', 'warning', 'no_data', 'step_back'],
    ['ignore', 'critical', 'pass', undefined],
    ['ignore', 'warning', 'pass', undefined],
  ] as const)('one without values, %s and %s: %s', (noData, severity, kind, action) => {
    const text = (heap: null | number) =>
      JSON.stringify({ depth: base, heap: base.map(() => heap) });
    const more = `
metrics:
  - { kind: traffic }
  - { kind: prometheus, url: 'http://p:9090', queries: { memory: 'm{version="{version}"}' } }
judge:
  metrics:
    - { name: heap, query: 'h{version="{version}"}', no_data: ${noData}, severity: ${severity} }
`;
    const judged = judge(text(1), text(null), more);
    const { verdict } = judged;
    expect(verdict).toMatchObject({ kind, ...(action === undefined ? {} : { action }) });
    expect(Object.hasOwn(verdict, 'action')).toBe(action !== undefined);
    expect(findingOf(judged, 'heap')).toMatchObject({ kind: 'no_data' });
  });

  test('errors that are only a warning, too few to be compared, are no pass', () => {
    const few = (seed: number) => blocksCsv({ seed, minutes: 10 });
    const { verdict } = judge(few(1), few(2), 'judge: { errors: { severity: warning } }');
    expect(verdict.kind).toBe('inconclusive');
  });

  test('the budget is shared, and what has no data leaves its part', () => {
    const text = (values: readonly number[], other: readonly (number | null)[]) =>
      JSON.stringify({ depth: values, heap: other });
    const gone = base.map(() => null);
    const { verdict } = judge(text(base, gone), text(same, gone));
    expect(verdict.kind).toBe('no_data');
    expect(verdict.budget).toMatchObject({ spent: 0.005, left: 0.005 });
  });
});

describe('arms that cannot be brought together are refused', () => {
  test.each([
    [
      'requests beside blocks',
      blocksCsv({ seed: 1 }),
      requestsCsv({ seed: 1 }),
      'record both alike',
    ],
    [
      'blocks of other moments',
      blocksCsv({ seed: 1 }),
      blocksCsv({ seed: 1 }).replaceAll(/^(\d+)0,/gm, '$15,'),
      'both arms have the same ones',
    ],
    [
      'uneven blocks',
      'time,requests\n60,1\n120,1\n',
      'time,requests\n60,1\n121,1\n',
      'is no multiple of',
    ],
    [
      'a year of requests',
      'time,errors\n1772359200,0\n1803895200,0\n',
      'time,errors\n1772359200,0\n1803895200,0\n',
      '20000 is the most',
    ],
  ])('%s', (_, baseline, candidate, why) => {
    expect(() => judge(baseline, candidate)).toThrow(why);
  });
});

test('a trace has both arms and the evidence at each look', () => {
  const { traces } = judge(blocksCsv({ seed: 1 }), blocksCsv({ seed: 2, errorRate: 0.03 }));
  const errors = traces.find(({ metric }) => metric === 'errors');
  expect(errors?.baseline).toHaveLength(120);
  expect(errors?.evidence.values).toHaveLength(120);
  expect(errors?.evidence).toMatchObject({ kind: 'e_value', limit: 100 });
  expect(errors?.evidence.values.at(-1)).toBeGreaterThan(100);
});
