import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Reading } from '../../../src/domain/judge/measurement.ts';
import { bucketQuantile } from '../../../src/providers/metrics/bucket-quantile.ts';
import { createPrometheusSource } from '../../../src/providers/metrics/prometheus.ts';
import type { MetricsQuery } from '../../../src/providers/metrics/source.ts';
import { type LocalServer, closedPort, startHttp, startTcp } from '../../support/local-server.ts';
import { type RealPrometheus, startPrometheus } from '../../support/real-prometheus.ts';
import { HISTOGRAMS, histogramExposition } from './histograms.ts';
import { sourceOf } from './specs.ts';

const { signal } = new AbortController();

const REQUESTS = 'http_requests_total{version="{version}"';
const QUERIES = {
  throughput: `sum(rate(${REQUESTS}}[{window}]))`,
  error_rate: `sum(rate(${REQUESTS},code=~"5.."}[{window}])) / sum(rate(${REQUESTS}}[{window}]))`,
  latency_p95:
    'histogram_quantile(0.95, sum by (le) (rate(http_seconds_bucket{version="{version}"}[{window}]))) * 1000',
};

function windowOf(seconds: number): Pick<MetricsQuery, 'fromMs' | 'toMs'> {
  const toMs = Date.now();
  return { fromMs: toMs - seconds * 1000, toMs };
}

function measure(
  url: string,
  queries: Readonly<Record<string, string>>,
  options: {
    readonly version?: string;
    readonly timeout?: string;
    readonly headers_from_env?: Readonly<Record<string, string>>;
    readonly secrets?: Readonly<Record<string, string>>;
    readonly until?: AbortSignal;
  } = {},
): Promise<Reading> {
  const { version = 'v1', secrets = {}, until = signal, ...fields } = options;
  const spec = sourceOf('prometheus', { url, queries, ...fields });
  const source = createPrometheusSource(spec, (name) => secrets[name]);
  const query = { service: 'shop', version, instances: [], audience: 'live' as const };
  return source.measure({ ...query, ...windowOf(60) }, until);
}

describe('against a real Prometheus', () => {
  let target: LocalServer;
  let histograms: LocalServer;
  let prometheus: RealPrometheus;
  let halfBlind: RealPrometheus;

  beforeAll(async () => {
    const registry = new Registry();
    const registers = [registry];
    const labelNames = ['version', 'code'];
    const requests = new Counter({ name: 'http_requests_total', help: 'h', labelNames, registers });
    const seconds = new Histogram({
      name: 'http_seconds',
      help: 'h',
      labelNames: ['version'],
      buckets: [0.1, 0.2, 0.4],
      registers,
    });
    const memory = new Gauge({
      name: 'memory_bytes',
      help: 'h',
      labelNames: ['version'],
      registers,
    });
    memory.set({ version: 'v1' }, 1024);
    requests.inc({ version: 'idle', code: '200' });
    target = await startHttp((_request, response) => {
      // The same happens between any two scrapes, so that every ratio is known exactly.
      requests.inc({ version: 'v1', code: '200' }, 90);
      requests.inc({ version: 'v1', code: '503' }, 10);
      requests.inc({ version: 'v2', code: '200' }, 100);
      for (let i = 0; i < 50; i += 1) seconds.observe({ version: 'v1' }, 0.05);
      for (let i = 0; i < 50; i += 1) seconds.observe({ version: 'v1' }, 0.3);
      void registry.metrics().then((text) => response.end(text));
    });
    const lines = histogramExposition();
    histograms = await startHttp((_request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(lines.join(''));
    });
    const targets = {
      shop: `${target.host}:${target.port}`,
      histograms: `${histograms.host}:${histograms.port}`,
    };
    const nobody = `http://127.0.0.1:${await closedPort()}/read`;
    [prometheus, halfBlind] = await Promise.all([
      startPrometheus({ targets }),
      startPrometheus({
        targets,
        moreConfig: `remote_read: [{ url: '${nobody}', read_recent: true }]`,
      }),
    ]);
    await Promise.all([
      prometheus.until('rate(http_requests_total{code="503"}[60s])', 1),
      halfBlind.until('memory_bytes', 1),
      prometheus.until('case_bucket', lines.length),
    ]);
  });
  afterAll(async () => {
    await Promise.all([prometheus.close(), halfBlind.close()]);
    await target.close();
    await histograms.close();
  });

  test('every signal has its value, with the number of requests behind it', async () => {
    const reading = await measure(prometheus.url, { ...QUERIES, memory: 'memory_bytes' });
    expect(reading).toMatchObject({
      error_rate: { kind: 'value', value: expect.closeTo(0.1, 9) },
      // Half of the values are in the bucket from 200 to 400 ms: 0.95 is nine tenths through it.
      latency_p95: { kind: 'value', value: expect.closeTo(380, 6) },
      throughput: { kind: 'value' },
      memory: { kind: 'value', value: 1024, samples: 1 },
    });
    const { throughput, error_rate: errors, latency_p95: latency } = reading;
    if (throughput?.kind !== 'value' || errors?.kind !== 'value' || latency?.kind !== 'value') {
      throw new Error('there is no value');
    }
    expect(throughput.samples).toBe(Math.round(throughput.value * 60));
    expect(throughput.samples).toBeGreaterThan(0);
    expect([errors.samples, latency.samples]).toEqual([throughput.samples, throughput.samples]);
  });

  test('versions are kept apart by the query', async () => {
    const reading = await measure(prometheus.url, QUERIES, { version: 'v2' });
    // No 5xx was ever counted for v2: to divide nothing by something gives no series.
    expect(reading.error_rate).toEqual({ kind: 'no_data', why: 'the query has no series' });
    expect(reading.throughput).toMatchObject({ kind: 'value' });
  });

  test.each([
    [
      'a version that has never been seen',
      'sum(rate(nothing{version="{version}"}[{window}]))',
      'the query has no series',
    ],
    [
      'nothing divided by nothing',
      'sum(rate(http_requests_total{version="idle"}[{window}])) / sum(rate(http_requests_total{version="idle"}[{window}]))',
      'the query answers NaN',
    ],
    ['something divided by nothing', 'vector(1) / vector(0)', 'the query answers +Inf'],
    ['several series', 'http_requests_total', 'the query has 4 series; one is needed'],
    ['a scalar that is no number', 'scalar(nothing)', 'the query answers NaN'],
  ])('%s is no data', async (_name, promql, why) => {
    const { memory } = await measure(prometheus.url, { memory: promql });
    expect(memory).toEqual({ kind: 'no_data', why });
  });

  test('no requests in the window leave latency and errors without samples', async () => {
    const reading = await measure(prometheus.url, {
      throughput: 'sum(rate(http_requests_total{version="idle"}[{window}]))',
      error_rate: 'vector(0)',
    });
    expect(reading).toEqual({
      throughput: { kind: 'value', value: 0, samples: 0 },
      error_rate: { kind: 'value', value: 0, samples: 0 },
    });
  });

  test('a scalar is a value', async () => {
    // A scrape that took too long leaves nothing to be asked for until the next one.
    await expect
      .poll(async () => {
        const { memory } = await measure(prometheus.url, { memory: 'scalar(sum(memory_bytes))' });
        return memory;
      })
      .toEqual({ kind: 'value', value: 1024, samples: 1 });
  });

  test.each([
    ['that is not PromQL', 'rate(', 'parse error'],
    ['that answers ranges', 'memory_bytes[1m]', 'the query answers a matrix'],
    ['that answers text', '"memory"', 'the query answers a string'],
  ])('a query %s is refused for good', async (_name, promql, message) => {
    await expect(measure(prometheus.url, { memory: promql })).rejects.toMatchObject({
      code: 'MetricsInvalid',
      message: expect.stringContaining(message),
    });
  });

  test('an answer from a part of the data alone is no data', async () => {
    const { memory } = await measure(halfBlind.url, { memory: 'memory_bytes' });
    expect(memory).toMatchObject({
      kind: 'no_data',
      why: expect.stringContaining('the answer is not whole: remote_read'),
    });
  });

  test.each([0.01, 0.5, 0.9, 0.95, 0.999, 1])(
    'the quantile %d of scraped buckets is that of histogram_quantile',
    async (q) => {
      const promql = `sum by (case) (histogram_quantile(${q}, case_bucket))`;
      const answers = await prometheus.query(promql);
      // A histogram without buckets is not there at all.
      expect(answers.size).toBe(HISTOGRAMS.length - 1);
      for (const [index, buckets] of HISTOGRAMS.entries()) {
        const theirs = answers.get(JSON.stringify({ case: String(index) })) ?? Number.NaN;
        const ours = bucketQuantile(q, buckets) ?? Number.NaN;
        expect({ buckets, value: ours }).toEqual({
          buckets,
          value: Number.isNaN(theirs) ? Number.NaN : expect.closeTo(theirs, 9),
        });
      }
    },
  );
});

describe('against a server that misbehaves', () => {
  let server: LocalServer;
  const success = (result: unknown, more: object = {}) =>
    JSON.stringify({ status: 'success', data: { resultType: 'vector', result }, ...more });
  const answers: Readonly<Record<string, readonly [number, string]>> = {
    '/teapot': [418, 'I am a teapot'],
    '/html': [502, '<h1>Bad gateway</h1>'],
    '/forbidden': [403, ''],
    '/busy': [503, '{"status":"error","errorType":"timeout","error":"query timed out"}'],
    '/refused': [400, '{"status":"error","errorType":"bad_data","error":"no such function"}'],
    '/other': [200, '{"status":"success","data":{"resultType":"vector","result":[{"value":7}]}}'],
    '/list': [200, '[]'],
    '/native': [200, success([{ metric: {}, histogram: [1, { count: '1' }] }])],
    '/remark': [200, success([{ metric: {}, value: [1, '7'] }], { warnings: ['PromQL info: a'] })],
    '/warning': [200, success([{ metric: {}, value: [1, '7'] }], { warnings: ['half of it'] })],
    '/negative': [200, success([{ metric: {}, value: [1, '-7'] }])],
  };

  beforeAll(async () => {
    server = await startHttp(({ path }, response) => {
      const place = path.replace('/api/v1/query', '');
      if (place === '/silent') return;
      if (place === '/redirect') {
        response.writeHead(302, { location: `${server.url}/remark/api/v1/query` });
        return response.end();
      }
      if (place === '/endless') {
        const more = (): void => {
          if (!response.destroyed) response.write('x'.repeat(65_536), more);
        };
        return more();
      }
      const [status, text] = answers[place] ?? [404, 'not here'];
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  afterAll(() => server.close());

  const ask = (place: string, options: Parameters<typeof measure>[2] = {}) =>
    measure(
      server.url + place,
      { memory: 'm{service="{service}",v="{version}"}[{window}]' },
      options,
    );

  test.each([
    ['/teapot', 'answered: I am a teapot'],
    ['/html', 'answered: <h1>Bad gateway</h1>'],
    ['/forbidden', 'answered: '],
    ['/busy', 'query timed out'],
    ['/other', 'answered: {'],
    ['/list', 'answered: []'],
    ['/redirect', 'answered: '],
    ['/endless', 'answered: xxx'],
  ])('what %s answers is no figure, and a retry may help', async (place, message) => {
    const failure: unknown = await ask(place).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'MetricsUnreachable',
      message: expect.stringContaining(message),
    });
    expect(String(failure).length).toBeLessThan(500);
  });

  test('a query that it refuses cannot be mended by asking again', async () => {
    await expect(ask('/refused')).rejects.toMatchObject({
      code: 'MetricsInvalid',
      message: expect.stringContaining('no such function'),
    });
  });

  test('an answer that takes too long is given up', async () => {
    await expect(ask('/silent', { timeout: '100ms' })).rejects.toMatchObject({
      code: 'MetricsUnreachable',
      message: expect.stringContaining('TimeoutError'),
    });
  });

  test('a connection that is refused or reset may be better next time', async () => {
    const reset = await startTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const nobody = `http://127.0.0.1:${await closedPort()}`;
    for (const url of [reset.url, nobody]) {
      await expect(measure(url, { memory: 'm' })).rejects.toMatchObject({
        code: 'MetricsUnreachable',
      });
    }
    await reset.close();
  });

  test('a question that is called off throws the reason', async () => {
    const calledOff = new AbortController();
    const asked = ask('/silent', { until: calledOff.signal });
    setTimeout(() => calledOff.abort(), 20);
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  });

  test.each([
    ['/native', { kind: 'no_data', why: 'the series is a histogram' }],
    ['/warning', { kind: 'no_data', why: 'the answer is not whole: half of it' }],
    ['/remark', { kind: 'value', value: 7, samples: 1 }],
    ['/negative', { kind: 'value', value: -7, samples: 1 }],
  ])('what %s answers is read as it stands', async (place, expected) => {
    expect((await ask(place)).memory).toEqual(expected);
  });

  test('service, version and window are filled in, and the moment is the end of the window', async () => {
    await ask('/remark', { version: 'v7' });
    const { body, headers } = server.received.at(-1) ?? {};
    const form = new URLSearchParams(body);
    expect(form.get('query')).toBe('m{service="shop",v="v7"}[60s]');
    expect(Math.abs(Number(form.get('time')) * 1000 - Date.now())).toBeLessThan(60_000);
    expect(headers?.['content-type']).toBe('application/x-www-form-urlencoded');
  });

  test('a header has the value of the variable that the file names', async () => {
    const names = { headers_from_env: { Authorization: 'PROM_TOKEN' } };
    await ask('/remark', { ...names, secrets: { PROM_TOKEN: 'Bearer abc' } });
    expect(server.received.at(-1)?.headers.authorization).toBe('Bearer abc');
    await expect(ask('/remark', names)).rejects.toMatchObject({
      code: 'MetricsInvalid',
      message: "the worker's environment has no PROM_TOKEN, which the header Authorization needs",
    });
    const twoLines = { ...names, secrets: { PROM_TOKEN: 'Bearer abc\ndef' } };
    await expect(ask('/remark', twoLines)).rejects.toMatchObject({
      code: 'MetricsInvalid',
      message: expect.not.stringContaining('abc'),
    });
  });

  test('only what has a query is measured', async () => {
    const spec = sourceOf('prometheus', {
      url: server.url,
      queries: { throughput: 'a', cpu: 'b' },
    });
    expect(createPrometheusSource(spec, () => undefined).signals).toEqual(['throughput', 'cpu']);
  });
});
