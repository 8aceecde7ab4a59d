import { describe, expect, test } from 'vitest';
import { readRelease } from '../../../src/domain/release/release-file.ts';

function messagesOf(changes: Readonly<Record<string, unknown>>): readonly string[] {
  const document = {
    service: 'shop',
    version: '2',
    strategy: 'blue_green',
    environment: { kind: 'memory' },
    traffic: { kind: 'memory' },
    ...changes,
  };
  const read = readRelease({
    forTests: true,
    text: JSON.stringify(document),
    file: 'r.json',
    folder: '/',
    version: undefined,
  });
  if (read.kind === 'valid') return [];
  return read.problems.map(({ path, message }) => `${path}: ${message}`);
}

const PROCESS = { kind: 'process', command: ['./shop'], instances: 3 };
const LIMITS = { max_latency_p95: '250ms', max_error_rate: '1%' };
const SCRAPE = { kind: 'scrape', series: { latency_p95: 'l', requests: 'r', errors: 'e' } };
const QUERIES = { latency_p95: 'l', error_rate: 'e', throughput: 't' };
const PROMETHEUS = { kind: 'prometheus', url: 'http://prometheus:9090', queries: QUERIES };

describe('parts that cannot hold together are told where and why', () => {
  test.each([
    ['watch.window', { watch: { window: '16m' } }, 'counts are kept for 15m'],
    ['watch.interval', { watch: { interval: '2m' } }, 'is longer than watch.window (1m)'],
    [
      'watch.interval',
      { stabilization_period: '3s', watch: { interval: '5s' } },
      'is longer than stabilization_period (3s)',
    ],
    [
      'environment.ports',
      { environment: { ...PROCESS, ports: { from: 3000, to: 3004 } } },
      'has 5 ports; two versions side by side need 6 (2 × 3 instances)',
    ],
    [
      'performance_thresholds.max_latency_p95',
      { performance_thresholds: LIMITS, metrics: [{ kind: 'traffic', signals: ['error_rate'] }] },
      'no source under metrics measures latency_p95',
    ],
    [
      'performance_thresholds.min_throughput',
      { performance_thresholds: { min_throughput: '1/s' }, metrics: [{ kind: 'environment' }] },
      'no source under metrics measures throughput',
    ],
  ])('%s', (path, changes, message) => {
    expect(messagesOf(changes)).toEqual([expect.stringContaining(`${path}: `)]);
    expect(messagesOf(changes)[0]).toContain(message);
  });
});

describe('a source that cannot answer is refused before anything starts', () => {
  test.each([
    [
      'a scrape of errors without requests',
      [{ kind: 'scrape', series: { errors: 'e', memory: 'm' } }, { kind: 'traffic' }],
      'metrics.0.series: has errors without requests',
    ],
    [
      'a latency from expvar without requests',
      [{ kind: 'scrape', format: 'expvar', series: { latency_p95: 'l' } }, { kind: 'traffic' }],
      'metrics.0.series: has latency_p95 without requests',
    ],
    [
      'a scrape of nothing',
      [{ kind: 'traffic' }, { kind: 'scrape', series: {} }],
      'metrics.1.series: names no series',
    ],
    [
      'queries of Prometheus without the number of requests',
      [{ ...PROMETHEUS, queries: { latency_p95: 'l', error_rate: 'e' } }],
      'metrics.0.queries: has latency_p95 and error_rate without throughput',
    ],
    [
      'Prometheus without a query',
      [{ kind: 'traffic' }, { ...PROMETHEUS, queries: {} }],
      'metrics.1.queries: names no query',
    ],
    [
      'memory from the load balancer',
      [{ kind: 'traffic', signals: ['latency_p95', 'error_rate', 'memory'] }],
      'metrics.0.signals: the load balancer does not measure memory',
    ],
    [
      'errors from the environment',
      [{ kind: 'traffic' }, { kind: 'environment', signals: ['error_rate'] }],
      'metrics.1.signals: the environment does not measure error_rate',
    ],
  ])('%s', (_name, metrics, message) => {
    const [first, ...others] = messagesOf({ performance_thresholds: LIMITS, metrics });
    expect(first).toContain(message);
    // What such a source is then missing for may be told as well.
    expect(others.every((other) => other.startsWith('performance_thresholds'))).toBe(true);
  });

  test.each([
    ['errors have a limit', {}, 'has no max_latency_p95'],
    ['latency has a limit', { max_latency_p95: '250ms' }, 'has no max_error_rate'],
  ])('a scrape alone, where %s, cannot compare the rest with stable', (_name, limits, message) => {
    const messages = messagesOf({ performance_thresholds: limits, metrics: [SCRAPE] });
    expect(messages[0]).toContain(`performance_thresholds: ${message}`);
    expect(messages[0]).toContain('`- kind: traffic`');
  });

  test('no limit and no source of latency or errors leave nothing to judge by', () => {
    expect(messagesOf({ metrics: [{ kind: 'environment' }] })).toEqual([
      expect.stringContaining('metrics: measures neither latency_p95 nor error_rate'),
    ]);
  });
});

test.each([
  ['what is judged by default', {}],
  [
    'a scrape that has limits for all it is judged by',
    { performance_thresholds: LIMITS, metrics: [SCRAPE] },
  ],
  [
    'a scrape beside the load balancer, which looks back',
    { metrics: [SCRAPE, { kind: 'traffic' }] },
  ],
  [
    'a scrape of the histogram alone',
    {
      performance_thresholds: { max_latency_p95: '1s' },
      metrics: [{ kind: 'scrape', series: { latency_p95: 'l' } }],
    },
  ],
  ['Prometheus with the number of requests', { metrics: [PROMETHEUS] }],
  [
    'Prometheus for memory alone',
    { metrics: [{ kind: 'traffic' }, { ...PROMETHEUS, queries: { memory: 'm' } }] },
  ],
  [
    'a limit of memory alone',
    { performance_thresholds: { max_memory_usage: '1GB' }, metrics: [{ kind: 'environment' }] },
  ],
  ['throughput alone', { performance_thresholds: { min_throughput: 1 } }],
  [
    'as many ports as blue and green need',
    { environment: { ...PROCESS, ports: { from: 3000, to: 3005 } } },
  ],
])('%s is taken', (_name, changes) => {
  expect(messagesOf(changes)).toEqual([]);
});

test('a release that nobody would watch is refused', () => {
  expect(messagesOf({ stabilization_period: '0s' }).join()).toContain('nobody would look');
});

describe('what a load balancer cannot do is refused before anything starts', () => {
  const haproxy = { kind: 'haproxy', socket: '/s', url: 'http://shop', tap: 'http://tap' };
  const embedded = { kind: 'embedded', control: 'http://control', url: 'http://shop' };
  const canary = { strategy: 'canary', steps: [{ mirror: '10%' }, { weight: '50%' }] };

  test('HAProxy cannot copy requests, the embedded one can', () => {
    expect(messagesOf({ ...canary, traffic: haproxy })).toEqual([
      'steps.0.mirror: haproxy cannot copy requests; embedded can',
    ]);
    expect(messagesOf({ ...canary, traffic: embedded })).toEqual([]);
  });

  test('both tell users apart and keep them where they are', () => {
    const match = { header: 'x-beta', present: true };
    const steps = [{ match }, { session_affinity: {} }, { weight: '50%' }];
    expect(messagesOf({ strategy: 'canary', steps, traffic: haproxy })).toEqual([]);
    expect(messagesOf({ strategy: 'ab_test', ab_test: { match }, traffic: embedded })).toEqual([]);
  });
});
