import { request as fetchUrl } from 'undici';
import { Failure } from '../../domain/failure.ts';
import type { Measurement, Reading, Signal } from '../../domain/judge/measurement.ts';
import type { Instance } from '../../domain/release/instance.ts';
import type { MetricsSpec } from '../../domain/release/release.schema.ts';
import { valueAt } from '../health/json-path.ts';
import { type LimitedBody, readLimited } from '../limited-body.ts';
import { type Bucket, bucketQuantile } from './bucket-quantile.ts';
import { readExposition } from './exposition.ts';
import type { createReadings } from './readings.ts';
import { parseSelector } from './series-selector.ts';
import type { MetricsQuery, MetricsSource } from './source.ts';

type ScrapeSpec = Extract<MetricsSpec, { kind: 'scrape' }>;

/** What one instance said at one moment. Absent: it does not have the series (yet). */
export interface Scraped {
  readonly atMs: number;
  readonly values: Readonly<Partial<Record<keyof ScrapeSpec['series'], number>>>;
  readonly buckets: readonly Bucket[];
}

export type ScrapeReadings = ReturnType<typeof createReadings<Scraped>>;

const BODY_MAX_BYTES = 8 * 1024 * 1024;

/**
 * The instances' own figures. Rates and latencies are differences between two readings: after a
 * start the first answer for them is `no_data`. All instances must answer: what one of them hides
 * is unknown, and unknown is not good.
 */
export function createScrapeSource(spec: ScrapeSpec, readings: ScrapeReadings): MetricsSource {
  const { series } = spec;
  const asked = JSON.stringify([spec.path, spec.format, series]);
  const signals: Signal[] = [];
  if (series.latency_p95 !== undefined) signals.push('latency_p95');
  if (series.requests !== undefined) signals.push('throughput');
  if (series.requests !== undefined && series.errors !== undefined) signals.push('error_rate');
  if (series.memory !== undefined) signals.push('memory');
  if (series.cpu !== undefined) signals.push('cpu');

  return {
    signals,
    async measure(query, signal) {
      const pairs = await Promise.all(
        query.instances.map(async (instance) => {
          const now = await scrape(spec, instance, signal);
          const key = `${query.service} ${instance.id} ${instance.port} ${asked}`;
          readings.add(key, now);
          return sinceStart({ now, before: readings.beginning(key, query.fromMs, now.atMs) });
        }),
      );
      const all = readingOf(spec, pairs, query);
      return Object.fromEntries(signals.map((name) => [name, all[name]]));
    },
  };
}

interface Pair {
  readonly now: Scraped;
  readonly before: Scraped | undefined;
}

const NO_EARLIER: Measurement = { kind: 'no_data', why: 'there is no earlier reading yet' };

function readingOf(
  spec: ScrapeSpec,
  pairs: readonly Pair[],
  { version }: MetricsQuery,
): Required<Reading> {
  if (pairs.length === 0) {
    const none: Measurement = { kind: 'no_data', why: `${version} has no instances` };
    return { latency_p95: none, throughput: none, error_rate: none, memory: none, cpu: none };
  }
  const requests = sum(pairs.map((pair) => grown(pair, 'requests')));
  const errors = sum(pairs.map((pair) => grown(pair, 'errors') ?? absentIsZero(pair)));
  const rate = sum(pairs.map((pair) => perSecond(pair, 'requests')));
  const cores = highest(pairs.map((pair) => perSecond(pair, 'cpu')));
  const memory = highest(pairs.map(({ now }) => now.values.memory));
  const samples = requests ?? 0;
  return {
    latency_p95: latencyOf(spec, pairs, samples),
    throughput:
      rate === undefined
        ? NO_EARLIER
        : { kind: 'value', value: rate, samples: Math.round(samples) },
    error_rate: ratioOf(errors, requests),
    memory:
      memory === undefined
        ? { kind: 'no_data', why: `no instance has ${spec.series.memory}` }
        : { kind: 'value', value: memory, samples: pairs.length },
    cpu: cores === undefined ? NO_EARLIER : { kind: 'value', value: cores, samples: pairs.length },
  };
}

/** A labelled error counter appears with its first error; until then there were none. */
function absentIsZero({ now, before }: Pair): number | undefined {
  return before !== undefined && now.values.errors === undefined ? 0 : undefined;
}

function ratioOf(errors: number | undefined, requests: number | undefined): Measurement {
  if (errors === undefined || requests === undefined) return NO_EARLIER;
  if (requests === 0) return { kind: 'no_data', why: 'there were no requests' };
  return { kind: 'value', value: errors / requests, samples: Math.round(requests) };
}

function latencyOf(spec: ScrapeSpec, pairs: readonly Pair[], samples: number): Measurement {
  if (spec.format === 'expvar') {
    const slowest = highest(pairs.map(({ now }) => now.values.latency_p95));
    if (slowest === undefined) return { kind: 'no_data', why: 'no instance has a latency' };
    return { kind: 'value', value: slowest * 1000, samples: Math.round(samples) };
  }
  if (pairs.some(({ before }) => before === undefined)) return NO_EARLIER;
  const counts = new Map<number, number>();
  for (const { now, before } of pairs) {
    for (const { upTo, count } of now.buckets) {
      const earlier = before?.buckets.find((bucket) => bucket.upTo === upTo)?.count ?? 0;
      counts.set(upTo, (counts.get(upTo) ?? 0) + count - earlier);
    }
  }
  const buckets = [...counts].map(([upTo, count]) => ({ upTo, count }));
  const seconds = bucketQuantile(0.95, buckets);
  if (seconds === undefined) return { kind: 'no_data', why: 'the histogram has no new values' };
  return { kind: 'value', value: seconds * 1000, samples: Math.round(counts.get(Infinity) ?? 0) };
}

function grown({ now, before }: Pair, name: 'requests' | 'errors' | 'cpu'): number | undefined {
  const value = now.values[name];
  if (value === undefined || before === undefined) return undefined;
  return value - (before.values[name] ?? 0);
}

/**
 * A counter that is lower than before has begun anew with its process, and so have all others,
 * also those that have overtaken what they were before.
 */
function sinceStart(pair: Pair): Pair {
  const { now, before } = pair;
  if (before === undefined) return pair;
  const isLower =
    (['requests', 'errors', 'cpu'] as const).some(
      (name) => (now.values[name] ?? 0) < (before.values[name] ?? 0),
    ) ||
    before.buckets.some(
      ({ upTo, count }) => (now.buckets.find((bucket) => bucket.upTo === upTo)?.count ?? 0) < count,
    );
  return isLower ? { now, before: { atMs: before.atMs, values: {}, buckets: [] } } : pair;
}

function perSecond(pair: Pair, name: 'requests' | 'cpu'): number | undefined {
  const value = grown(pair, name);
  if (value === undefined || pair.before === undefined) return undefined;
  return (value * 1000) / (pair.now.atMs - pair.before.atMs);
}

/** `undefined` as soon as one is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    total += value;
  }
  return total;
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length < values.length ? undefined : Math.max(...known);
}

async function scrape(spec: ScrapeSpec, instance: Instance, signal: AbortSignal): Promise<Scraped> {
  const url = `http://${instance.host}:${instance.port}${spec.path}`;
  let answer: LimitedBody;
  let status: number;
  try {
    const { statusCode, body } = await fetchUrl(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(spec.timeoutMs)]),
    });
    status = statusCode;
    answer = await readLimited(body, BODY_MAX_BYTES);
  } catch (error) {
    signal.throwIfAborted();
    throw new Failure('MetricsUnreachable', `${url}: ${String(error)}`, { cause: error });
  }
  if (status !== 200) throw new Failure('MetricsUnreachable', `${url} answered ${status}`);
  const { text, isWhole } = answer;
  if (!isWhole) throw new Failure('MetricsInvalid', `${url} answers more than 8 MiB`);
  return spec.format === 'expvar' ? readExpvar(spec, text) : readPrometheus(spec, text, url);
}

function readPrometheus(spec: ScrapeSpec, text: string, url: string): Scraped {
  let samples;
  try {
    samples = readExposition(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('MetricsInvalid', `${url} does not answer in the Prometheus format: ${why}`);
  }
  const total = (written: string | undefined): number | undefined => {
    if (written === undefined) return undefined;
    const { name, matches } = parseSelector(written);
    const found = samples.filter((sample) => sample.name === name && matches(sample.labels));
    const value = found.reduce((so, sample) => so + sample.value, 0);
    return found.length === 0 || !Number.isFinite(value) ? undefined : value;
  };
  const { latency_p95: histogram, requests, errors, memory, cpu } = spec.series;
  const buckets = new Map<number, number>();
  if (histogram !== undefined) {
    const { name, matches } = parseSelector(histogram);
    for (const sample of samples) {
      if (sample.name !== `${name}_bucket` || !matches(sample.labels)) continue;
      const upTo = sample.labels.le === '+Inf' ? Infinity : Number(sample.labels.le);
      if (!Number.isNaN(upTo)) buckets.set(upTo, (buckets.get(upTo) ?? 0) + sample.value);
    }
  }
  return {
    atMs: Date.now(),
    values: present({
      requests: total(requests),
      errors: total(errors),
      memory: total(memory),
      cpu: total(cpu),
    }),
    buckets: [...buckets].map(([upTo, count]) => ({ upTo, count })),
  };
}

function readExpvar(spec: ScrapeSpec, text: string): Scraped {
  const values = Object.entries(spec.series).map(([name, path]) => {
    const found = path === undefined ? undefined : valueAt(text, path);
    const value = found?.kind === 'value' ? found.value : undefined;
    return [name, typeof value === 'number' && Number.isFinite(value) ? value : undefined] as const;
  });
  return { atMs: Date.now(), values: present(Object.fromEntries(values)), buckets: [] };
}

function present(values: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const known: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) known[name] = value;
  }
  return known;
}
