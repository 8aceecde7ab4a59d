import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../../src/domain/document/problem.ts';
import { readRelease, requireRelease } from '../../../src/domain/release/release-file.ts';

/** Lines 1 to 5 of every file here; what a case adds begins in line 6. */
const HEAD = `service: shop
version: '2'
strategy: blue_green
environment: { kind: memory }
traffic: { kind: memory }
`;

function problemsOf(text: string): readonly string[] {
  const read = readRelease({
    forTests: true,
    text,
    file: 'r.yaml',
    folder: '/srv',
    version: undefined,
  });
  return read.kind === 'valid' ? [] : read.problems.map(formatProblem);
}

function specOf(text: string, version?: string) {
  return requireRelease({ forTests: true, text, file: 'r.yaml', folder: '/srv', version }).spec;
}

describe('a good file', () => {
  test('has every default filled in and every unit in its name', () => {
    expect(specOf(HEAD)).toMatchObject({
      schemaVersion: 1,
      service: 'shop',
      version: '2',
      autoRollback: true,
      cleanupDelayMs: 300_000,
      rollbackVerifyAfterMs: 30_000,
      health: { checks: [{ kind: 'tcp', timeoutMs: 5000 }], deadlineMs: 120_000 },
      validation: { latencyIncreaseMax: 0.5, errorRateIncreaseMax: 0.01, minSamples: 20 },
      watch: { forMs: 600_000, intervalMs: 5000, windowMs: 60_000, noDataBudgetMs: 120_000 },
      metrics: [{ kind: 'traffic' }],
      notifications: [{ kind: 'log' }],
    });
  });

  test('means the same as JSON, with tabs, with CRLF and with a byte order mark', () => {
    const document = {
      service: 'shop',
      version: '2',
      strategy: 'blue_green',
      environment: { kind: 'memory' },
      traffic: { kind: 'memory' },
    };
    const spec = specOf(HEAD);
    expect(specOf(JSON.stringify(document))).toEqual(spec);
    expect(specOf(JSON.stringify(document, undefined, '\t'))).toEqual(spec);
    expect(specOf(HEAD.replaceAll('\n', '\r\n'))).toEqual(spec);
    expect(specOf(`\uFEFF${HEAD}`)).toEqual(spec);
  });

  test('crosses Temporal unchanged: it is plain JSON', () => {
    const spec = specOf(HEAD);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  test('takes its version from the command line before its own', () => {
    expect(specOf(HEAD, '3').version).toBe('3');
    expect(specOf(HEAD.replace("version: '2'\n", ''), '3').version).toBe('3');
  });

  test('checks the endpoint that is named shortly before all other checks', () => {
    const { checks } = specOf(
      `${HEAD}health_check_endpoint: /up\nhealth_checks: [{ kind: tcp }]`,
    ).health;
    expect(checks).toMatchObject([
      { kind: 'http', path: '/up', statusCodes: ['2xx'] },
      { kind: 'tcp' },
    ]);
  });

  test.each([
    [undefined, '/srv'],
    ['bin', '/srv/bin'],
    ['/opt/shop', '/opt/shop'],
  ])('runs its program from %s as %s', (cwd, expected) => {
    const block = `{ kind: process, command: [./shop]${cwd === undefined ? '' : `, cwd: ${cwd}`} }`;
    const { environment } = specOf(HEAD.replace('{ kind: memory }', block));
    expect(environment).toMatchObject({ kind: 'process', cwd: expected });
  });

  test('says what it does not act upon, and what it lacks', () => {
    const read = readRelease({
      forTests: true,
      text: `${HEAD}canary_traffic_percent: 10\nrollout_duration: 1h`,
      file: 'r.yaml',
      folder: '/',
      version: undefined,
    });
    expect(read.kind === 'valid' ? read.remarks : read).toEqual([
      'canary_traffic_percent has no effect under strategy blue_green',
      'rollout_duration has no effect under strategy blue_green without switch_steps',
      expect.stringContaining('no performance_thresholds'),
    ]);
  });

  test('says which query cannot tell candidate from stable', () => {
    const queries = '{ error_rate: "a{version=\\"{version}\\"}", throughput: b }';
    const read = readRelease({
      forTests: true,
      text: `${HEAD}metrics: [{ kind: prometheus, url: "http://p", queries: ${queries} }]`,
      file: 'r.yaml',
      folder: '/',
      version: undefined,
    });
    expect(read.kind === 'valid' ? read.remarks : read).toContain(
      'the query for throughput has no {version}: it measures all versions together',
    );
  });
});

test.each([
  ['a misspelt key', 'stratgy: canary', '6:1: stratgy: unknown key: did you mean strategy?'],
  [
    'a misspelt key of a block',
    'watch: { intervall: 5s }',
    '6:10: watch.intervall: unknown key: did you mean interval?',
  ],
  [
    'a key with hyphens',
    'stabilization-period: 10m',
    '6:1: stabilization-period: unknown key: did you mean stabilization_period?',
  ],
  [
    'a key like no other',
    'validation: { zebra: 1 }',
    '6:15: validation.zebra: unknown key; known here: window, requests_per_second, path, ' +
      'min_samples, no_data_budget, max_latency_increase, max_error_rate_increase',
  ],
  [
    'a duration without its unit',
    'stabilization_period: 10',
    '6:23: stabilization_period: a duration is written with its unit, like 90s, 10m or 1h30m: ' +
      'did you mean 10s?',
  ],
  [
    'a duration in quotes without its unit',
    'stabilization_period: "10"',
    '6:23: stabilization_period: "10" is not a duration: write it like 90s, 10m or 1h30m, ' +
      'for example 10s',
  ],
  [
    'a duration with another unit',
    'stabilization_period: 10min',
    '6:23: stabilization_period: "10min" is not a duration: write it like 90s, 10m or 1h30m',
  ],
  [
    'a duration below zero',
    'cleanup_delay: -5m',
    '6:16: cleanup_delay: "-5m" is not a duration: write it like 90s, 10m or 1h30m',
  ],
  [
    'a duration of more than a month',
    'cleanup_delay: 31d',
    '6:16: cleanup_delay: 31d is longer than 30d, the most that is taken',
  ],
  [
    'a wait that no timer can have',
    'health_check_timeout: 25d',
    '6:23: health_check_timeout: must be at most 1d',
  ],
  [
    'a duration of zero where something must happen in it',
    'watch: { window: 0s, interval: 1s }',
    '6:18: watch.window: must be longer than 0s',
  ],
  [
    'a size without its unit',
    'performance_thresholds: { max_memory_usage: 512 }',
    '6:45: performance_thresholds.max_memory_usage: a size is written with its unit, like ' +
      '512MiB or 1GB',
  ],
  [
    'a size with another unit',
    'performance_thresholds: { max_memory_usage: 512mb }',
    '6:45: performance_thresholds.max_memory_usage: "512mb" is not a size: write it like 512MiB ' +
      'or 1GB',
  ],
  [
    'a size beyond counting',
    `performance_thresholds: { max_memory_usage: ${'9'.repeat(400)}TB }`,
    '6:45: performance_thresholds.max_memory_usage: is more than any machine has',
  ],
  [
    'a rate beyond counting',
    `performance_thresholds: { min_throughput: ${'9'.repeat(400)}/s }`,
    '6:43: performance_thresholds.min_throughput: is more than 1000000000/s',
  ],
  [
    'a rate by another time',
    'performance_thresholds: { min_throughput: 5/min }',
    '6:43: performance_thresholds.min_throughput: "5/min": a rate is written like 20/s or 600/m',
  ],
  [
    'a figure that is none',
    'performance_thresholds: { max_error_rate: .nan }',
    '6:43: performance_thresholds.max_error_rate: a share is written like 1% or 0.01',
  ],
  [
    'a share that could be percent',
    'performance_thresholds: { max_error_rate: 5 }',
    '6:43: performance_thresholds.max_error_rate: 5 is above 1: write 5% if you mean percent',
  ],
  [
    'a share with a blank in it',
    'performance_thresholds: { max_error_rate: 5 % }',
    '6:43: performance_thresholds.max_error_rate: "5 %": a share is written like 1% or 0.01',
  ],
  [
    'a share of more than all',
    'performance_thresholds: { max_error_rate: 500% }',
    '6:43: performance_thresholds.max_error_rate: 500% is more than 100%',
  ],
  [
    'growth that could be percent',
    'validation: { max_latency_increase: 5 }',
    '6:37: validation.max_latency_increase: 5 is above 1: write 5% if you mean percent',
  ],
  [
    'growth beyond all measure',
    'validation: { max_latency_increase: 1001% }',
    '6:37: validation.max_latency_increase: is more than 1000%',
  ],
  [
    'a percentage of two parts',
    'canary_traffic_percent: 12.5%',
    '6:25: canary_traffic_percent: "12.5%": a whole number of percents is written like 10 or 10%',
  ],
  ['a block with nothing in it', 'watch:', '6:7: watch: must be a set of keys, but nothing stands'],
  ['a word for a block', 'watch: often', '6:8: watch: must be a set of keys, not "often"'],
  ['a word for a list', 'health_checks: /up', '6:16: health_checks: must be a list, not "/up"'],
  [
    'a word for a truth',
    'auto_rollback_enabled: maybe',
    '6:24: auto_rollback_enabled: must be true or false, not "maybe"',
  ],
  [
    'a check with a path and a url',
    'health_checks: [{ kind: http, path: /a, url: "http://x/" }]',
    '6:37: health_checks.0.path: an http check has either a path or a url',
  ],
  [
    'a check with neither',
    'health_checks: [{ kind: http }]',
    '6:17: health_checks.0.path: an http check has either a path or a url',
  ],
  [
    'a class of status codes that is none',
    'health_checks: [{ kind: http, path: /a, status_code: [200, 6xx] }]',
    '6:60: health_checks.0.status_code.1: a class of status codes is written like 2xx',
  ],
  [
    'a kind that does not exist',
    'notifications: [{ kind: webhok, url: "http://x" }]',
    '6:25: notifications.0.kind: "webhok" is not one of log, webhook: did you mean webhook?',
  ],
  [
    'a missing kind',
    'metrics: [{}]',
    '6:11: metrics.0.kind: is missing: write one of traffic, environment, scrape, prometheus',
  ],
  [
    'an address without its scheme',
    'notifications: [{ kind: webhook, url: "chat:80" }]',
    '6:39: notifications.0.url: a URL begins with http:// or https://',
  ],
  [
    'a program name that no system takes',
    'health_checks: [{ kind: command, command: ["a\\0b"] }]',
    '6:44: holds a NUL character, which no program takes',
  ],
])('%s is told with its place and what to write', (_name, line, expected) => {
  const [first = '', ...others] = problemsOf(HEAD + line);
  expect(first.slice(0, `r.yaml:${expected}`.length)).toBe(`r.yaml:${expected}`);
  expect(others).toEqual([]);
});

test.each([
  ['a missing key', 'strategy: blue_green\n', '', '1:1: strategy: is missing'],
  [
    'a missing version',
    "version: '2'\n",
    '',
    '1:1: names no version: add `version: …` or pass --version',
  ],
  ['a version that is a number', "'2'", '1.10', '2:10: version: a version is text: put it in quo'],
  ['a strategy that is none', 'blue_green', 'bluegreen', '3:11: strategy: "bluegreen" is not one'],
  ['a name in capitals', 'shop', 'Shop', '1:10: service: a service is named in lower case'],
])('%s is told with its place and what to write', (_name, from, to, expected) => {
  expect(problemsOf(HEAD.replace(from, to))).toEqual([
    expect.stringContaining(`r.yaml:${expected}`),
  ]);
});

test('a version on the command line that cannot be one is refused', () => {
  const read = readRelease({
    forTests: true,
    text: HEAD,
    file: 'r.yaml',
    folder: '/',
    version: 'a b',
  });
  expect(read).toMatchObject({
    problems: [{ message: expect.stringContaining('--version "a b"') }],
  });
});

test('parts that only tests have are refused: a release of them would do nothing', () => {
  const text = `${HEAD}metrics: [{ kind: memory }]\nnotifications: [{ kind: memory }]`;
  const read = readRelease({ text, file: 'r.yaml', folder: '/', version: undefined });
  const does = "memory is for Belay's own tests and does nothing here: write";
  expect(read).toMatchObject({
    problems: [
      { line: 4, path: 'environment.kind', message: `${does} process` },
      { line: 5, path: 'traffic.kind', message: `${does} haproxy or embedded` },
      { line: 6, path: 'metrics.0.kind', message: `${does} traffic` },
      { line: 7, path: 'notifications.0.kind', message: `${does} log or webhook` },
    ],
  });
});

test('every problem is told at once, in the order of the lines', () => {
  const text = `${HEAD}watch: { intervall: 5s }\nstabilization_period: 10\nfoo: 1`;
  expect(problemsOf(text).map((problem) => problem.split(' ')[0])).toEqual([
    'r.yaml:6:10:',
    'r.yaml:7:23:',
    'r.yaml:8:1:',
  ]);
});

test('one failure with the code of the table carries every problem', () => {
  const source = { text: 'service: 1', file: 'r.yaml', folder: '/', version: undefined };
  expect(() => requireRelease(source)).toThrow(
    expect.objectContaining({
      code: 'ReleaseFileInvalid',
      message: expect.stringMatching(
        /traffic: is missing\n.*r\.yaml:1:10: service: must be text, not 1/,
      ),
    }),
  );
});
