import { describe, expect, test } from 'vitest';
import { histogramOf } from '../../../src/domain/judge/histogram.ts';
import { Failure } from '../../../src/domain/failure.ts';
import type { MetricsQuery } from '../../../src/providers/metrics/source.ts';
import { createTrafficSource } from '../../../src/providers/metrics/traffic.ts';
import { createMemoryRouter } from '../../../src/providers/traffic/memory.ts';
import type { CountsQuery, TrafficCounts } from '../../../src/providers/traffic/router.ts';

const { signal } = new AbortController();
const TO_MS = 1_700_000_060_000;
const QUERY: MetricsQuery = {
  service: 'shop',
  version: 'v1',
  instances: [],
  audience: 'live',
  fromMs: TO_MS - 60_000,
  toMs: TO_MS,
};

/** The memory router with counts of the test's own: what a balancer far away might answer. */
function sourceOf(counts: (query: CountsQuery) => Promise<TrafficCounts>) {
  return createTrafficSource({ ...createMemoryRouter(), counts });
}

function measure(counts: Partial<TrafficCounts>, query = QUERY) {
  return sourceOf(async () => ({
    requests: 0,
    faulty: 0,
    failed: 0,
    givenUp: 0,
    latency: histogramOf([]),
    countedUntilMs: TO_MS,
    ...counts,
  })).measure(query, signal);
}

test('faulty and failed requests are errors, and the latency is that of the answered ones', async () => {
  const latency = histogramOf(Array.from({ length: 90 }, () => 40));
  const reading = await measure({ requests: 100, faulty: 5, failed: 10, latency });
  expect(reading).toEqual({
    latency_p95: { kind: 'value', value: expect.any(Number), samples: 90 },
    error_rate: { kind: 'value', value: 0.15, samples: 100 },
    throughput: { kind: 'value', value: 100 / 60, samples: 100 },
  });
  const { latency_p95: p95 } = reading;
  expect(p95?.kind === 'value' ? Math.abs(p95.value - 40) : undefined).toBeLessThan(0.4);
});

test('no requests are a throughput of zero, and neither good nor bad', async () => {
  expect(await measure({})).toEqual({
    latency_p95: { kind: 'no_data', why: 'no request was answered' },
    error_rate: { kind: 'no_data', why: 'there were no requests' },
    throughput: { kind: 'value', value: 0, samples: 0 },
  });
});

test('requests that all failed have an error rate and no latency', async () => {
  expect(await measure({ requests: 3, failed: 3 })).toMatchObject({
    latency_p95: { kind: 'no_data' },
    error_rate: { kind: 'value', value: 1, samples: 3 },
  });
});

describe('counts that end before the window', () => {
  test.each([
    [0, 'value'],
    [3000, 'value'],
    [3001, 'no_data'],
    [TO_MS, 'no_data'],
  ])('by %d ms are %s, so that silence is not taken for no requests', async (behindMs, kind) => {
    const { throughput } = await measure({ countedUntilMs: TO_MS - behindMs });
    expect(throughput?.kind).toBe(kind);
  });

  test('say by how much', async () => {
    expect((await measure({ countedUntilMs: TO_MS - 10_000 })).error_rate).toEqual({
      kind: 'no_data',
      why: "the load balancer's counts end 10 s before the window does",
    });
  });
});

test('a window within one second is one second', async () => {
  const { throughput } = await measure({ requests: 5 }, { ...QUERY, fromMs: TO_MS - 1 });
  expect(throughput).toMatchObject({ value: 5 });
});

test.each([
  ['a balancer that is away', new Failure('TrafficUnreachable', 'gone'), 'MetricsUnreachable'],
  ['an answer that is none', new SyntaxError('Unexpected token'), 'MetricsUnreachable'],
  ['a refusal', new Failure('TrafficRefused', 'no such service'), 'TrafficRefused'],
])('%s is told by its code', async (_name, error, code) => {
  const source = sourceOf(() => Promise.reject(error));
  await expect(source.measure(QUERY, signal)).rejects.toMatchObject({
    code,
    message: error.message,
  });
});
