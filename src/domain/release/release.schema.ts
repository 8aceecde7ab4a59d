import { z } from 'zod';
import {
  duration,
  growth,
  positiveDuration,
  rate,
  ratio,
  size,
  waitingTime,
  wholePercent,
} from './quantities.schema.ts';
import { alerts } from './alerts.schema.ts';
import { SIGNALS } from '../judge/measurement.ts';
import { freezeWindows } from './freeze.schema.ts';
import { callUrl as httpUrl, headersFromEnv, phaseGate } from './gate.schema.ts';
import { hook } from './hook.schema.ts';
import { incidents } from './incidents.schema.ts';
import { judge } from './judge.schema.ts';
import { strategyFields } from './strategy.schema.ts';

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const VERSION = /^[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,62}[A-Za-z0-9])?$/;
const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const ENVIRONMENT_VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

const path = z.string().startsWith('/', 'a path begins with /').max(2048);
const statusCode = z.union([
  z.number().int().min(100).max(599),
  z.string().regex(/^[1-5]xx$/, 'a class of status codes is written like 2xx'),
]);
const command = z
  .array(z.string().min(1).max(4096))
  .min(1)
  .max(64)
  .describe('Program and arguments; {version}, {port} and {instance} are filled in.');

const checkFields = {
  name: z.string().min(1).max(64).optional(),
  timeout: waitingTime.prefault('5s').describe('Of one attempt.'),
  retries: z.number().int().min(0).max(20).default(0).describe('More attempts within one round.'),
};

const httpCheck = z
  .strictObject({
    kind: z.literal('http'),
    ...checkFields,
    path: path.optional().describe('On every instance; the other choice is `url`.'),
    url: httpUrl.optional().describe('One address for the whole version; {version} is filled in.'),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']).default('GET'),
    headers: z.record(z.string().regex(HEADER), z.string()).default({}),
    status_code: z.union([statusCode, z.array(statusCode).min(1).max(20)]).default('2xx'),
    max_response_time: positiveDuration.optional(),
    required_headers: z
      .record(z.string().regex(HEADER), z.string())
      .default({})
      .describe('Header and the value it must have; "*" takes any value.'),
    body_contains: z.string().min(1).max(4096).optional(),
    json: z
      .strictObject({
        path: z
          .string()
          .min(1)
          .describe('Keys and indexes with dots between them: checks.0.status'),
        equals: z.union([z.string(), z.number(), z.boolean(), z.null()]),
      })
      .optional(),
  })
  .refine((check) => (check.path === undefined) !== (check.url === undefined), {
    message: 'an http check has either a path or a url',
    path: ['path'],
  })
  .transform((check) => ({
    kind: check.kind,
    name: check.name,
    timeoutMs: check.timeout,
    retries: check.retries,
    path: check.path,
    url: check.url,
    method: check.method,
    headers: check.headers,
    statusCodes: Array.isArray(check.status_code) ? check.status_code : [check.status_code],
    maxResponseTimeMs: check.max_response_time,
    requiredHeaders: check.required_headers,
    bodyContains: check.body_contains,
    json: check.json,
  }));

const tcpCheck = z
  .strictObject({
    kind: z.literal('tcp'),
    ...checkFields,
    port: z.number().int().min(1).max(65_535).optional().describe('Default: of the instance.'),
  })
  .transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs }));

const commandCheck = z
  .strictObject({
    kind: z.literal('command'),
    ...checkFields,
    command: command.describe('Healthy when it exits 0; {version}, {host}, {port} are filled in.'),
  })
  .transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs }));

const hookCheck = z
  .strictObject({
    kind: z.literal('hook'),
    ...checkFields,
    url: httpUrl.describe('Gets {service, version, instance} by POST; healthy if it answers 2xx.'),
  })
  .transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs }));

const healthCheck = z.discriminatedUnion('kind', [httpCheck, tcpCheck, commandCheck, hookCheck]);

const thresholds = z
  .strictObject({
    max_latency_p95: positiveDuration.optional().describe('critical'),
    min_throughput: rate.optional().describe('critical; live traffic only, scaled by weight'),
    max_error_rate: ratio.optional().describe('critical'),
    max_memory_usage: size.optional().describe('warning; of one instance'),
    max_cpu_usage: ratio.optional().describe('warning; 100% is one whole core, of one instance'),
  })
  .transform((written) => ({
    latencyP95MaxMs: written.max_latency_p95,
    throughputMinPerSecond: written.min_throughput,
    errorRateMax: written.max_error_rate,
    memoryMaxBytes: written.max_memory_usage,
    cpuMaxCores: written.max_cpu_usage,
  }));

const environment = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('process'),
      instances: z.number().int().min(1).max(100).default(1),
      command,
      cwd: z.string().min(1).optional().describe('Default: the folder of the release file.'),
      env: z
        .record(z.string().regex(ENVIRONMENT_VARIABLE), z.string())
        .default({})
        .describe('PORT, BELAY_VERSION and BELAY_INSTANCE are set as well.'),
      host: z.string().default('127.0.0.1'),
      ports: z
        .strictObject({
          from: z.number().int().min(1024).max(65_535),
          to: z.number().int().min(1024).max(65_535),
        })
        .refine((range) => range.from <= range.to, 'from is above to')
        .optional()
        .describe('Default: any free port.'),
      stop_grace: duration.prefault('10s').describe('From SIGTERM to SIGKILL.'),
    })
    .transform(({ stop_grace: stopGraceMs, ...rest }) => ({ ...rest, stopGraceMs })),
  z
    .strictObject({
      kind: z.literal('memory'),
      instances: z.number().int().min(1).max(100).default(1),
    })
    .transform((written) => ({ ...written, stopGraceMs: 0 })),
]);

const traffic = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('haproxy'),
      socket: z.string().min(1).describe('The Runtime API: a path, or host:port.'),
      master_socket: z.string().min(1).optional().describe('Of `haproxy -W -S`: tells of reloads.'),
      url: httpUrl.describe('Where users reach the service: writes are confirmed through it.'),
      tap: httpUrl.describe('The address of `belay tap`, which counts requests from the log.'),
    })
    .transform(({ master_socket: masterSocket, ...rest }) => ({ ...rest, masterSocket })),
  z.strictObject({
    kind: z.literal('embedded'),
    control: httpUrl.describe('The control address of `belay router`.'),
    url: httpUrl.describe('Where users reach the service: writes are confirmed through it.'),
  }),
  z.strictObject({ kind: z.literal('memory') }),
]);

const signals = z.array(z.enum(SIGNALS)).min(1).optional();
const metricsSource = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('traffic'),
    signals: signals.describe('Default: latency_p95, error_rate and throughput.'),
  }),
  z.strictObject({ kind: z.literal('environment'), signals: signals.describe('memory and cpu.') }),
  z
    .strictObject({
      kind: z.literal('scrape'),
      path: path.default('/metrics'),
      format: z.enum(['prometheus', 'expvar']).default('prometheus'),
      timeout: waitingTime.prefault('2s'),
      series: z
        .strictObject({
          latency_p95: z.string().min(1).optional().describe('A histogram, in seconds.'),
          requests: z.string().min(1).optional().describe('A counter of all requests.'),
          errors: z.string().min(1).optional().describe('A counter of the failed ones.'),
          memory: z.string().min(1).optional().describe('A gauge, in bytes.'),
          cpu: z.string().min(1).optional().describe('A counter, in seconds of one core.'),
        })
        .describe('Names of series, with label matchers in braces where needed.'),
    })
    .transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs })),
  z
    .strictObject({
      kind: z.literal('prometheus'),
      url: httpUrl,
      timeout: waitingTime.prefault('5s'),
      queries: z
        .partialRecord(z.enum(SIGNALS), z.string().min(1).max(4096))
        .describe('PromQL a signal; {service}, {version}, {window} (like 60s) are filled in.'),
      headers_from_env: headersFromEnv,
    })
    .transform(({ timeout: timeoutMs, headers_from_env: headers, ...rest }) => ({
      ...rest,
      timeoutMs,
      headersFromEnv: headers,
    })),
  z.strictObject({ kind: z.literal('memory') }),
]);

export const OUTCOMES = [
  'succeeded',
  'failed',
  'rolled_back',
  'rollback_unverified',
  'aborted',
  'observed',
] as const;

/** When people are told: how a run ended, that it cannot go on, or waits for one of them. */
export const OCCASIONS = [...OUTCOMES, 'held', 'waiting'] as const;

const notification = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('log'),
    on: z.array(z.enum(OCCASIONS)).default([...OCCASIONS]),
  }),
  z
    .strictObject({
      kind: z.literal('webhook'),
      url: httpUrl,
      on: z.array(z.enum(OCCASIONS)).default([...OCCASIONS]),
      headers_from_env: headersFromEnv,
    })
    .transform(({ headers_from_env: headers, ...rest }) => ({ ...rest, headersFromEnv: headers })),
  z.strictObject({
    kind: z.literal('memory'),
    on: z.array(z.enum(OCCASIONS)).default([...OCCASIONS]),
  }),
]);

const validation = z.strictObject({
  window: positiveDuration.prefault('5m').describe('How long the probe load is collected.'),
  requests_per_second: z.number().min(1).max(200).default(10).describe('To each side.'),
  path: path.default('/'),
  min_samples: z.number().int().min(1).max(100_000).default(20),
  no_data_budget: duration.prefault('1m'),
  max_latency_increase: growth.prefault('50%').describe('Of p95 over stable, beside 10 ms.'),
  max_error_rate_increase: ratio.prefault('1%').describe('Over stable, in points.'),
});

const watch = z.strictObject({
  interval: positiveDuration.prefault('5s').describe('Between two looks.'),
  window: positiveDuration.prefault('1m').describe('What a look sees; at most 15m.'),
  min_samples: z.number().int().min(1).max(100_000).default(20),
  no_data_budget: duration.prefault('2m'),
  breach_for: duration.prefault('0s').describe('A limit must be broken for so long to count.'),
  hysteresis: ratio
    .prefault('0%')
    .describe('A breach that has begun ends only when a figure is so far within its limit.'),
  failed_health_checks: z.number().int().min(1).max(100).default(3).describe('In a row.'),
});

/** A release file as people write it. */
export const releaseSchema = z.strictObject({
  $schema: z.string().optional(),
  service: z.string().regex(NAME, 'a service is named in lower case letters, digits and -'),
  version: z
    .string('a version is text: put it in quotes')
    .regex(VERSION, 'a version has letters, digits and . _ + - inside, at most 64')
    .optional()
    .describe('May be given by --version instead.'),
  strategy: z.enum(['blue_green', 'canary', 'rolling', 'ab_test']),
  health_check_endpoint: path.optional().describe('Short for one http check of this path.'),
  health_check_timeout: waitingTime.prefault('2m').describe('For all checks together.'),
  health_check_interval: waitingTime.prefault('1s').describe('First wait; grows to 5 times.'),
  health_checks: z.array(healthCheck).max(50).default([]),
  warmup_duration: duration.prefault('30s'),
  warmup_requests_per_second: z.number().min(1).max(200).default(5),
  canary_traffic_percent: wholePercent.optional().describe('canary only'),
  rollout_duration: positiveDuration
    .optional()
    .describe('canary, rolling, switch_steps: of all steps together; default: 30m.'),
  stabilization_period: duration.prefault('10m'),
  auto_rollback_enabled: z.boolean().default(true),
  performance_thresholds: thresholds.prefault({}),
  environment,
  traffic,
  metrics: z
    .array(metricsSource)
    .min(1)
    .max(10)
    .default([{ kind: 'traffic', signals: undefined }]),
  validation: validation.prefault({}),
  watch: watch.prefault({}),
  judge: judge.prefault({}),
  cleanup_delay: duration.prefault('5m').describe('How long blue stays after the watch.'),
  drain_timeout: duration.prefault('30s').describe('For open requests, before an instance ends.'),
  rollback_verify_after: positiveDuration.prefault('30s'),
  notifications: z
    .array(notification)
    .max(20)
    .default([{ kind: 'log', on: [...OCCASIONS] }]),
  incidents: incidents
    .optional()
    .describe('Pages people when it goes back by itself, or a rollback cannot be verified.'),
  alerts: alerts.optional().describe('Keeps alerts of its own instances from paging anybody.'),
  supersede: z
    .enum(['reject', 'queue', 'coalesce', 'replace'])
    .default('reject')
    .describe('What a release does that finds another one running.'),
  mode: z
    .enum(['act', 'observe'])
    .default('act')
    .describe('observe: judges what runs and says what it would have done; moves nothing.'),
  gates: z.array(phaseGate).max(20).default([]),
  hooks: z.array(hook).max(50).default([]),
  freeze_windows: freezeWindows.default([]),
  ...strategyFields,
  task_queue: z
    .string()
    .regex(/^[A-Za-z0-9._/-]{1,200}$/)
    .optional()
    .describe('Of the workers for environment and traffic; default: Belay’s own.'),
});

/** What a person writes. */
export type ReleaseDocument = z.input<typeof releaseSchema>;
/** The document with its defaults and units; the names of keys are still those of the file. */
export type ParsedRelease = z.output<typeof releaseSchema>;

export type EnvironmentSpec = ParsedRelease['environment'];
export type TrafficSpec = ParsedRelease['traffic'];
export type MetricsSpec = ParsedRelease['metrics'][number];
export type NotificationSpec = ParsedRelease['notifications'][number];
export type HealthCheckSpec = ParsedRelease['health_checks'][number];
export type Thresholds = ParsedRelease['performance_thresholds'];
export type Strategy = ParsedRelease['strategy'];
export type ReleaseOutcome = (typeof OUTCOMES)[number];
export type Occasion = (typeof OCCASIONS)[number];
