import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Measurement,
  type Reading,
  SIGNALS,
  type Signal,
} from '../../../src/domain/judge/measurement.ts';
import {
  NO_DATA_CASES,
  type ThresholdInput,
  judgeThresholds,
  verifyLimits,
} from '../../../src/domain/judge/threshold.ts';
import type { Thresholds } from '../../../src/domain/release/release.schema.ts';

const MIB = 1024 ** 2;

function value(of: number, samples = 1000): Measurement {
  return { kind: 'value', value: of, samples };
}

const GOOD = {
  latency_p95: value(100),
  error_rate: value(0.01),
  throughput: value(50),
  memory: value(100 * MIB, 2),
  cpu: value(0.5, 2),
} satisfies Reading;

/** The limit of each signal alone, and a figure that breaks it. */
const LIMITS: Readonly<
  Record<Signal, { readonly thresholds: Partial<Thresholds>; readonly broken: Measurement }>
> = {
  latency_p95: { thresholds: { latencyP95MaxMs: 250 }, broken: value(251) },
  error_rate: { thresholds: { errorRateMax: 0.05 }, broken: value(0.051) },
  throughput: { thresholds: { throughputMinPerSecond: 40 }, broken: value(39) },
  memory: { thresholds: { memoryMaxBytes: 200 * MIB }, broken: value(201 * MIB, 2) },
  cpu: { thresholds: { cpuMaxCores: 0.9 }, broken: value(0.91, 2) },
};

const ALL: Partial<Thresholds> = Object.assign(
  {},
  ...Object.values(LIMITS).map(({ thresholds }) => thresholds),
);

function judge(changes: Partial<ThresholdInput> = {}) {
  return judgeThresholds({
    version: 'v2',
    stage: 'watch',
    thresholds: ALL,
    reading: GOOD,
    limits: { latencyIncreaseMax: 0.5, errorRateIncreaseMax: 0.01, minSamples: 20 },
    weightPercent: 100,
    windowMs: 60_000,
    judgeThroughput: true,
    ...changes,
  });
}

const CRITICAL = ['latency_p95', 'error_rate', 'throughput'] as const;
const WARNING = ['memory', 'cpu'] as const;

describe.each(SIGNALS)('%s', (signal) => {
  const { thresholds, broken } = LIMITS[signal];
  const isCritical = CRITICAL.some((name) => name === signal);

  test('passes within its limit and says the figure and the limit', () => {
    const verdict = judge({ thresholds });
    expect(verdict.kind).toBe('pass');
    expect(verdict.findings).toMatchObject([
      { signal, kind: 'ok', measured: expect.any(Number), limit: expect.any(Number) },
    ]);
  });

  test(`breaks its limit and ${isCritical ? 'fails' : 'warns'}`, () => {
    const verdict = judge({ thresholds, reading: { ...GOOD, [signal]: broken } });
    expect(verdict.kind).toBe(isCritical ? 'fail' : 'warn');
    expect(verdict.findings).toMatchObject([{ signal, kind: 'violation' }]);
    expect(verdict.summary).toContain('v2');
  });

  test('at its limit still passes', () => {
    const at = Object.values(thresholds)[0] ?? Number.NaN;
    expect(judge({ thresholds, reading: { ...GOOD, [signal]: value(at) } }).kind).toBe('pass');
  });

  test('without a limit and without a baseline is not judged', () => {
    const others = Object.fromEntries(
      Object.entries(ALL).filter(([name]) => !(name in thresholds)),
    );
    const verdict = judge({ thresholds: others, reading: { ...GOOD, [signal]: broken } });
    expect(verdict.kind).toBe('pass');
    expect(verdict.findings.map((finding) => finding.signal)).not.toContain(signal);
  });
});

describe('no data never passes', () => {
  const cases = CRITICAL.flatMap((signal) =>
    NO_DATA_CASES.map(([name, measurement]) => [signal, name, measurement] as const),
  );

  test.each(cases)('%s where %s', (signal, _name, measurement) => {
    const { [signal]: _measured, ...others } = GOOD;
    const reading: Reading =
      measurement === undefined ? others : { ...others, [signal]: measurement };
    const { kind } = judge({ thresholds: LIMITS[signal].thresholds, reading });
    expect(['no_data', 'fail']).toContain(kind);
  });

  test.each(WARNING)('of %s warns, and says so', (signal) => {
    const { [signal]: _measured, ...reading } = GOOD;
    const verdict = judge({ thresholds: LIMITS[signal].thresholds, reading });
    expect(verdict.kind).toBe('warn');
    expect(verdict.summary).toBe(`no ${signal} of v2: no source measures it`);
  });

  test('where there is nothing to judge by', () => {
    const verdict = judge({ thresholds: {} });
    expect(verdict).toMatchObject({ kind: 'no_data', findings: [] });
    expect(verdict.summary).toContain('neither a threshold nor a baseline');
  });

  test('and never hides a limit that is known to be broken', () => {
    const reading = { ...GOOD, latency_p95: value(999), error_rate: undefined };
    const { error_rate: _gone, ...without } = reading;
    expect(judge({ reading: without }).kind).toBe('fail');
  });

  test('counts more than a warning', () => {
    const { throughput: _gone, ...reading } = { ...GOOD, memory: value(999 * MIB, 2) };
    const verdict = judge({ reading });
    expect(verdict.kind).toBe('no_data');
    // A person sees the broken limit first.
    expect(verdict.summary).toContain('memory is 999 MiB');
  });

  test('whatever a source answers', () => {
    const number = fc.oneof(
      // JSON knows one zero.
      fc.double().map((any) => (any === 0 ? 0 : any)),
      fc.constantFrom(0, -1, Number.NaN, Infinity, -Infinity, 1e308),
    );
    const measurement = fc.oneof(
      fc.record({ kind: fc.constant('value' as const), value: number, samples: number }),
      fc.record({ kind: fc.constant('no_data' as const), why: fc.string() }),
      fc.constant(undefined),
    );
    fc.assert(
      fc.property(fc.constantFrom(...CRITICAL), measurement, (signal, measured) => {
        const { thresholds } = LIMITS[signal];
        const { [signal]: _measured, ...others } = GOOD;
        const reading: Reading =
          measured === undefined ? others : { ...others, [signal]: measured };
        const verdict = judge({ thresholds, reading });
        const usable =
          measured?.kind === 'value' &&
          Number.isFinite(measured.value) &&
          measured.value >= 0 &&
          Number.isFinite(measured.samples) &&
          measured.samples >= (signal === 'throughput' ? 0 : 20);
        if (!usable) expect(['no_data', 'fail']).toContain(verdict.kind);
        // Histories and queries carry it.
        expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
        expect(JSON.stringify(verdict).length).toBeLessThan(4096);
      }),
    );
  });
});

describe('compared with stable', () => {
  const baseline = { latency_p95: value(40), error_rate: value(0.02) };
  const limitsOf = (changes: Partial<ThresholdInput>) =>
    Object.fromEntries(
      judge({ thresholds: {}, baseline, ...changes }).findings.map((one) => [
        one.signal,
        one.limit,
      ]),
    );

  test('latency may be half as much again and ten milliseconds, errors one point more', () => {
    const limits = limitsOf({});
    expect(limits.latency_p95).toBeCloseTo(70, 9);
    expect(limits.error_rate).toBeCloseTo(0.03, 9);
  });

  test.each([
    ['latency', { latency_p95: value(70.1) }, 'p95 is 70 ms on v2, 40 ms on stable, limit 70 ms'],
    [
      'the error rate',
      { error_rate: value(0.0301) },
      'error rate is 3.01 % on v2, 2 % on stable, limit 3 % (1000 requests)',
    ],
  ])('a version whose %s is worse fails', (_name, worse, sentence) => {
    const within = { latency_p95: value(70), error_rate: value(0.03) };
    expect(judge({ thresholds: {}, baseline, reading: within }).kind).toBe('pass');
    const verdict = judge({ thresholds: {}, baseline, reading: { ...within, ...worse } });
    expect(verdict.kind).toBe('fail');
    expect(verdict.summary).toContain(sentence);
  });

  test('a version that is better passes', () => {
    const reading = { latency_p95: value(1), error_rate: value(0) };
    expect(judge({ thresholds: {}, baseline, reading }).kind).toBe('pass');
  });

  test('the stricter of a fixed limit and stable’s own counts', () => {
    const strict = limitsOf({ thresholds: { latencyP95MaxMs: 50, errorRateMax: 0.5 } });
    expect(strict.latency_p95).toBe(50);
    expect(strict.error_rate).toBeCloseTo(0.03, 9);
  });

  test.each(NO_DATA_CASES.filter(([, measurement]) => measurement !== undefined))(
    'stable’s latency without a limit of its own is needed: where %s there is no verdict',
    (_name, measurement) => {
      const verdict = judge({
        thresholds: {},
        baseline: { ...baseline, latency_p95: measurement ?? value(1) },
      });
      expect(verdict.kind).toBe('no_data');
      expect(verdict.summary).toContain('no p95 of stable to compare with');
    },
  );

  test('a fixed limit is enough where stable has no figure', () => {
    const verdict = judge({
      thresholds: { latencyP95MaxMs: 250 },
      baseline: { latency_p95: { kind: 'no_data', why: 'no traffic at night' } },
    });
    expect(verdict).toMatchObject({ kind: 'pass', findings: [{ limit: 250 }] });
  });

  test('a signal that stable was not measured by is not compared', () => {
    const verdict = judge({ thresholds: {}, baseline: { error_rate: value(0) } });
    expect(verdict.findings.map(({ signal }) => signal)).toEqual(['error_rate']);
  });

  test('throughput, memory and processor are never compared', () => {
    const tiny = { throughput: value(9999), memory: value(1, 2), cpu: value(0.001, 2) };
    const verdict = judge({ thresholds: {}, baseline: { error_rate: value(0.01), ...tiny } });
    expect(verdict.findings.map(({ signal }) => signal)).toEqual(['error_rate']);
  });
});

describe('throughput', () => {
  const { thresholds } = LIMITS.throughput;

  test.each([
    [100, 40],
    [50, 20],
    [10, 4],
    [0, 0],
  ])('at %d %% of the traffic must be at least %d a second', (weightPercent, limit) => {
    const at = (measured: number) =>
      judge({ thresholds, weightPercent, reading: { throughput: value(measured) } });
    expect(at(limit).kind).toBe('pass');
    expect(at(limit + 0.1).findings[0]?.limit).toBeCloseTo(limit, 9);
    expect(at(limit - 0.1).kind).not.toBe('pass');
  });

  test('of nothing at all is a figure and breaks the limit', () => {
    expect(judge({ thresholds, reading: { throughput: value(0, 0) } }).kind).toBe('fail');
  });

  test('is not judged before a window is full', () => {
    const early = judge({ judgeThroughput: false, reading: { ...GOOD, throughput: value(0, 0) } });
    expect(early.kind).toBe('pass');
    expect(judge({ thresholds, judgeThroughput: false }).kind).toBe('no_data');
  });
});

test('a sentence that a source wrote is cut', () => {
  const why = 'x'.repeat(10_000);
  const verdict = judge({
    thresholds: LIMITS.latency_p95.thresholds,
    reading: { latency_p95: { kind: 'no_data', why } },
  });
  expect(verdict.summary.length).toBeLessThanOrEqual(300);
});

describe('the limits by which a rollback is verified', () => {
  test('are stable’s own figures from before, with the usual room', () => {
    const limits = verifyLimits({ latency_p95: value(40), error_rate: value(0.02) });
    expect(limits.latencyP95MaxMs).toBeCloseTo(70, 9);
    expect(limits.errorRateMax).toBeCloseTo(0.03, 9);
  });

  test('are none where there were no figures', () => {
    expect(verifyLimits({ latency_p95: { kind: 'no_data', why: 'none' } })).toEqual({});
  });
});

describe('what a signal without data means', () => {
  const missing = (noData: ThresholdInput['noData'], more: Partial<Reading> = {}) =>
    judgeThresholds({
      ...{ version: 'v2', stage: 'watch', weightPercent: 50, windowMs: 60_000 },
      thresholds: { latencyP95MaxMs: 250, errorRateMax: 0.05 },
      reading: { latency_p95: { kind: 'no_data', why: 'quiet' }, error_rate: value(0.01), ...more },
      limits: { latencyIncreaseMax: 0.5, errorRateIncreaseMax: 0.01, minSamples: 20 },
      judgeThroughput: false,
      ...(noData === undefined ? {} : { noData }),
    });

  test('is a failure where nothing is said', () => {
    expect(missing(undefined)).toMatchObject({ kind: 'no_data' });
    expect(missing(undefined).action).toBeUndefined();
    expect(missing({ latency_p95: 'fail', error_rate: 'hold' }).action).toBeUndefined();
  });

  test('is a person’s to say where the file holds', () => {
    expect(missing({ latency_p95: 'hold' })).toMatchObject({ kind: 'no_data', action: 'hold' });
    // Two are missing, and one of them is a failure.
    const both = { error_rate: { kind: 'no_data', why: 'quiet' } } as const;
    expect(missing({ latency_p95: 'hold' }, both).action).toBeUndefined();
  });

  test('is a warning where the file ignores it', () => {
    expect(missing({ latency_p95: 'ignore' })).toMatchObject({ kind: 'warn' });
    expect(missing({ latency_p95: 'ignore' }, { error_rate: value(0.5) })).toMatchObject({
      kind: 'fail',
    });
  });
});
