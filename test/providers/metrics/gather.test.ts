import { expect, test } from 'vitest';
import { Failure, type FailureCode } from '../../../src/domain/failure.ts';
import type { Measurement, Reading, Signal } from '../../../src/domain/judge/measurement.ts';
import { gatherReading, unreachableSources } from '../../../src/providers/metrics/gather.ts';
import { createMemorySource } from '../../../src/providers/metrics/memory.ts';
import type { MetricsSource } from '../../../src/providers/metrics/source.ts';

const { signal } = new AbortController();
const QUERY = {
  service: 'shop',
  version: 'v1',
  instances: [],
  audience: 'live',
  fromMs: 0,
  toMs: 1,
} as const;

const NONE: Measurement = { kind: 'no_data', why: 'quiet' };

function value(of: number): Measurement {
  return { kind: 'value', value: of, samples: 100 };
}

function source(signals: readonly Signal[], reading: Reading): MetricsSource {
  const memory = createMemorySource();
  memory.set('v1', reading);
  return { ...memory, signals };
}

function failing(code: FailureCode, ...signals: Signal[]): MetricsSource {
  return { signals, measure: () => Promise.reject(new Failure(code, `${code} it is`)) };
}

const gather = (...sources: MetricsSource[]) => gatherReading(sources, QUERY, signal);

test('each source answers for its signals', async () => {
  const reading = await gather(
    source(['latency_p95'], { latency_p95: value(1), error_rate: value(0.9) }),
    source(['error_rate'], { error_rate: value(0.1) }),
  );
  expect(reading).toEqual({ latency_p95: value(1), error_rate: value(0.1) });
});

test('the first source with a value is believed, whatever a later one says', async () => {
  const one = source(['cpu'], { cpu: value(1) });
  const other = source(['cpu'], { cpu: value(2) });
  const none = source(['cpu'], { cpu: NONE });
  expect(await gather(one, other)).toEqual({ cpu: value(1) });
  expect(await gather(none, other, one)).toEqual({ cpu: value(2) });
  expect(await gather(none, none)).toEqual({ cpu: NONE });
});

test('a signal that no source has is absent', async () => {
  expect(await gather(source(['cpu'], {}))).toEqual({
    cpu: { kind: 'no_data', why: 'none was set' },
  });
  expect(await gather()).toEqual({});
});

test('a source that cannot be reached has no data, and the others are heard', async () => {
  const reading = await gather(
    failing('MetricsUnreachable', 'latency_p95', 'error_rate'),
    source(['error_rate'], { error_rate: value(0.1) }),
  );
  expect(reading).toEqual({
    latency_p95: { kind: 'no_data', why: 'MetricsUnreachable it is' },
    error_rate: value(0.1),
  });
});

test('a source that refuses the question ends it: waiting does not help', async () => {
  await expect(
    gather(source(['cpu'], { cpu: value(1) }), failing('MetricsInvalid', 'error_rate')),
  ).rejects.toMatchObject({ code: 'MetricsInvalid' });
});

test('the sources that cannot be reached are named, and no others', async () => {
  const ask = (...sources: MetricsSource[]) => unreachableSources(sources, QUERY, signal);
  expect(await ask(source(['cpu'], {}), source(['cpu'], { cpu: NONE }))).toEqual([]);
  expect(await ask(source(['cpu'], {}), failing('MetricsUnreachable', 'memory'))).toEqual([
    'MetricsUnreachable it is',
  ]);
  await expect(ask(failing('MetricsInvalid', 'memory'))).rejects.toMatchObject({
    code: 'MetricsInvalid',
  });
});
