import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Instance } from '../../../src/domain/release/instance.ts';
import { createReadings } from '../../../src/providers/metrics/readings.ts';
import { type Scraped, createScrapeSource } from '../../../src/providers/metrics/scrape.ts';
import { type LocalServer, closedPort, startHttp } from '../../support/local-server.ts';
import { sourceOf } from './specs.ts';

const { signal } = new AbortController();

const SERIES = {
  latency_p95: 'seconds',
  requests: 'requests_total',
  errors: 'requests_total{code=~"5.."}',
  memory: 'memory_bytes',
  cpu: 'cpu_seconds_total',
};

/** What an instance of the test shows next; a text stands for itself. */
interface Shown {
  readonly good?: number;
  readonly bad?: number;
  readonly fast?: number;
  readonly slow?: number;
  readonly memory?: number;
  readonly cpu?: number;
}

function exposition({ good = 0, bad, fast = 0, slow = 0, memory = 0, cpu = 0 }: Shown): string {
  return [
    `requests_total{code="200"} ${good}`,
    ...(bad === undefined ? [] : [`requests_total{code="500"} ${bad}`]),
    `seconds_bucket{le="0.1"} ${fast}`,
    `seconds_bucket{le="0.3"} ${fast + slow}`,
    `seconds_bucket{le="+Inf"} ${fast + slow}`,
    `memory_bytes ${memory}`,
    `cpu_seconds_total ${cpu}`,
  ].join('\n');
}

const servers: LocalServer[] = [];
const shown: (Shown | string)[] = [];
let readings = createReadings<Scraped>();

async function instance(place: number): Promise<Instance> {
  servers[place] ??= await startHttp((_request, response) => {
    const next = shown[place] ?? '';
    response.end(typeof next === 'string' ? next : exposition(next));
  });
  const { host, port } = servers[place];
  return { id: `v1/${place}`, host, port };
}

beforeEach(() => {
  shown.length = 0;
  readings = createReadings<Scraped>();
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

async function measure(
  options: {
    readonly places?: readonly number[];
    readonly fields?: Readonly<Record<string, unknown>>;
    readonly until?: AbortSignal;
    readonly fromMs?: number;
  } = {},
) {
  const { places = [0], fields = { series: SERIES }, until = signal, fromMs = 0 } = options;
  const source = createScrapeSource(sourceOf('scrape', fields), readings);
  const instances = await Promise.all(places.map(instance));
  // Readings of one millisecond cannot be told apart.
  await new Promise((resolve) => setTimeout(resolve, 2));
  return source.measure(
    {
      service: 'shop',
      version: 'v1',
      instances,
      audience: 'live',
      fromMs,
      toMs: Date.now(),
    },
    until,
  );
}

const NONE = { kind: 'no_data', why: 'there is no earlier reading yet' };

describe('counters', () => {
  test('have no data at the first reading, gauges have', async () => {
    shown[0] = { good: 1000, bad: 10, fast: 1000, memory: 42, cpu: 5 };
    expect(await measure()).toEqual({
      latency_p95: NONE,
      error_rate: NONE,
      throughput: NONE,
      cpu: NONE,
      memory: { kind: 'value', value: 42, samples: 1 },
    });
  });

  test('are the difference to an earlier reading', async () => {
    shown[0] = { good: 1000, bad: 100, fast: 1000, cpu: 5 };
    await measure();
    shown[0] = { good: 1090, bad: 110, fast: 1050, slow: 50, cpu: 6 };
    const reading = await measure();
    expect(reading).toMatchObject({
      error_rate: { kind: 'value', value: 0.1, samples: 100 },
      // Nine tenths through the bucket from 100 to 300 ms.
      latency_p95: { kind: 'value', value: expect.closeTo(280, 6), samples: 100 },
      throughput: { kind: 'value', samples: 100 },
      cpu: { kind: 'value', samples: 1 },
    });
  });

  test('begin where the window begins, not with the first reading of all', async () => {
    shown[0] = { good: 0, bad: 0 };
    await measure();
    shown[0] = { good: 0, bad: 100 };
    await measure();
    await new Promise((resolve) => setTimeout(resolve, 2));
    const fromMs = Date.now();
    shown[0] = { good: 50, bad: 100 };
    const reading = await measure({ fromMs });
    expect(reading.error_rate).toEqual({ kind: 'value', value: 0, samples: 50 });
  });

  test('that have not moved are no requests, and no figure of errors or latency', async () => {
    shown[0] = { good: 10, bad: 1, fast: 10 };
    await measure();
    const reading = await measure();
    expect(reading.throughput).toEqual({ kind: 'value', value: 0, samples: 0 });
    expect(reading.error_rate).toEqual({ kind: 'no_data', why: 'there were no requests' });
    expect(reading.latency_p95).toMatchObject({ kind: 'no_data' });
  });

  test('of errors appear with the first error; until then there were none', async () => {
    shown[0] = { good: 10 };
    await measure();
    shown[0] = { good: 30 };
    expect((await measure()).error_rate).toEqual({ kind: 'value', value: 0, samples: 20 });
    shown[0] = { good: 30, bad: 20 };
    expect((await measure()).error_rate).toEqual({ kind: 'value', value: 0.5, samples: 40 });
  });

  test('begin anew together when the process does, also where one has overtaken itself', async () => {
    shown[0] = { good: 1000, bad: 20, fast: 20, slow: 1000, cpu: 90 };
    await measure();
    // Since its restart it has failed 30 times of 40: more often than before, in fewer requests.
    shown[0] = { good: 10, bad: 30, fast: 40, slow: 0, cpu: 1 };
    const reading = await measure();
    expect(reading).toMatchObject({
      error_rate: { kind: 'value', value: 0.75, samples: 40 },
      latency_p95: { kind: 'value', value: expect.closeTo(95, 6), samples: 40 },
      throughput: { kind: 'value', samples: 40 },
    });
  });

  test('of other series of the same instance do not mix', async () => {
    shown[0] = { good: 10, bad: 10 };
    const all = { series: { requests: 'requests_total' } };
    const bad = { series: { requests: 'requests_total{code="500"}' } };
    const elsewhere = { ...all, path: '/other' };
    await measure({ fields: all });
    for (const fields of [bad, elsewhere]) {
      expect((await measure({ fields })).throughput).toEqual(NONE);
    }
    expect((await measure({ fields: all })).throughput).toMatchObject({ kind: 'value' });
  });
});

describe('several instances', () => {
  test('are one version: requests add up, the worst gauge counts', async () => {
    shown[0] = { good: 0, bad: 0, memory: 10 };
    shown[1] = { good: 500, bad: 5, memory: 30 };
    await measure({ places: [0, 1] });
    shown[0] = { good: 90, bad: 0, memory: 10 };
    shown[1] = { good: 500, bad: 15, memory: 20 };
    expect(await measure({ places: [0, 1] })).toMatchObject({
      error_rate: { kind: 'value', value: 0.1, samples: 100 },
      memory: { kind: 'value', value: 20, samples: 2 },
    });
  });

  test('must all have been read before', async () => {
    shown[0] = { good: 10 };
    shown[1] = { good: 10, memory: 7 };
    await measure();
    const reading = await measure({ places: [0, 1] });
    expect(reading).toMatchObject({ throughput: NONE, error_rate: NONE, latency_p95: NONE });
    expect(reading.memory).toEqual({ kind: 'value', value: 7, samples: 2 });
  });

  test('must all have the series', async () => {
    shown[0] = { good: 10 };
    shown[1] = 'other 1';
    await measure({ places: [0, 1] });
    const reading = await measure({ places: [0, 1] });
    expect(reading).toMatchObject({ throughput: NONE, error_rate: NONE, cpu: NONE });
    expect(reading.memory).toEqual({ kind: 'no_data', why: 'no instance has memory_bytes' });
  });

  test('must all answer', async () => {
    shown[0] = { good: 10 };
    shown[1] = 'this is no exposition at all';
    await expect(measure({ places: [0, 1] })).rejects.toMatchObject({
      code: 'MetricsInvalid',
      message: expect.stringContaining('line 1 is not a sample'),
    });
  });

  test('that are none measure nothing', async () => {
    const none = { kind: 'no_data', why: 'v1 has no instances' };
    const reading = await measure({ places: [] });
    expect(Object.values(reading)).toEqual([none, none, none, none, none]);
  });
});

describe('expvar', () => {
  const fields = {
    format: 'expvar',
    series: {
      latency_p95: 'http.p95',
      requests: 'http.requests',
      errors: 'http.errors',
      memory: 'memstats.Alloc',
    },
  };

  test('is read by the path of each figure', async () => {
    shown[0] = '{"http":{"p95":0.2,"requests":100,"errors":0},"memstats":{"Alloc":4096}}';
    await measure({ fields });
    shown[0] = '{"http":{"p95":0.3,"requests":150,"errors":5},"memstats":{"Alloc":2048}}';
    expect(await measure({ fields })).toMatchObject({
      latency_p95: { kind: 'value', value: 300, samples: 50 },
      error_rate: { kind: 'value', value: 0.1, samples: 50 },
      throughput: { kind: 'value', samples: 50 },
      memory: { kind: 'value', value: 2048, samples: 1 },
    });
  });

  test.each(['', 'not JSON', '[]', '{"http":{"p95":"fast","requests":null},"memstats":{}}'])(
    '%j has no figure',
    async (text) => {
      shown[0] = text;
      await measure({ fields });
      const reading = await measure({ fields });
      expect(Object.values(reading).map(({ kind }) => kind)).toEqual(
        Array.from({ length: 4 }, () => 'no_data'),
      );
    },
  );
});

test('figures that are none are no data', async () => {
  shown[0] =
    'memory_bytes NaN\ncpu_seconds_total +Inf\nrequests_total NaN\nseconds_bucket{le="x"} 1';
  await measure();
  const reading = await measure();
  expect(Object.values(reading).map(({ kind }) => kind)).toEqual(
    Array.from({ length: 5 }, () => 'no_data'),
  );
});

test('only what has a series is measured', async () => {
  const signals = (series: object) =>
    createScrapeSource(sourceOf('scrape', { series }), readings).signals;
  expect(signals({ errors: 'e' })).toEqual([]);
  expect(signals({ requests: 'r', errors: 'e' })).toEqual(['throughput', 'error_rate']);
  expect(signals({ latency_p95: 'l', cpu: 'c' })).toEqual(['latency_p95', 'cpu']);
});

test('a selector that is none is refused for good', async () => {
  shown[0] = { good: 1 };
  await expect(measure({ fields: { series: { memory: 'rate(x[1m])' } } })).rejects.toMatchObject({
    code: 'MetricsInvalid',
  });
});

describe('an instance that misbehaves', () => {
  async function measureAt(fields: object, port: number, until = signal) {
    const spec = sourceOf('scrape', { series: { memory: 'm' }, timeout: '200ms', ...fields });
    const instances = [{ id: 'v1/0', host: '127.0.0.1', port }];
    const query = { service: 'shop', version: 'v1', instances, audience: 'live' as const };
    return createScrapeSource(spec, readings).measure({ ...query, fromMs: 0, toMs: 1 }, until);
  }

  test.each([
    ['/404', 'MetricsUnreachable', 'answered 404'],
    ['/500', 'MetricsUnreachable', 'answered 500'],
    ['/redirect', 'MetricsUnreachable', 'answered 302'],
    ['/silent', 'MetricsUnreachable', 'TimeoutError'],
    ['/slow', 'MetricsUnreachable', 'TimeoutError'],
    ['/cut', 'MetricsUnreachable', '/cut: '],
    ['/endless', 'MetricsInvalid', 'answers more than 8 MiB'],
  ])('at %s is %s', async (path, code, message) => {
    const server = await startHttp((_request, response) => {
      if (path === '/silent') return;
      if (path === '/slow') return response.write('m 1\n');
      if (path === '/redirect') return response.writeHead(302, { location: '/metrics' }).end();
      if (path === '/cut') {
        response.setHeader('content-length', 100);
        return response.write('m 1\n', () => response.destroy());
      }
      if (path === '/endless') {
        const more = (): void => {
          if (!response.destroyed) response.write('m 1\n'.repeat(100_000), more);
        };
        return more();
      }
      return response.writeHead(Number(path.slice(1))).end('m 1\n');
    });
    await expect(
      measureAt({ path, timeout: path === '/endless' ? '20s' : '200ms' }, server.port),
    ).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    await server.close();
  });

  test('and one that is gone may come back', async () => {
    await expect(measureAt({}, await closedPort())).rejects.toMatchObject({
      code: 'MetricsUnreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('does not hold up one that is called off', async () => {
    await expect(measureAt({}, await closedPort(), AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
