import type { ParsedRelease } from './release.schema.ts';

/**
 * What a release carries through its whole life: the file with every default filled in, flat keys
 * resolved and units in the names. Plain JSON; a running release keeps the one it started with.
 */
export type ReleaseSpec = ReturnType<typeof toReleaseSpec>;

/**
 * Resolves a parsed file. `version` wins over the file's own; `folder` is where a relative or
 * missing `cwd` of the environment begins.
 */
export function toReleaseSpec(parsed: ParsedRelease, version: string, folder: string) {
  return {
    schemaVersion: 1 as const,
    service: parsed.service,
    version,
    strategy: parsed.strategy,
    environment: {
      ...parsed.environment,
      ...(parsed.environment.kind === 'process'
        ? { cwd: resolveFolder(folder, parsed.environment.cwd) }
        : {}),
    } as ParsedRelease['environment'],
    traffic: parsed.traffic,
    metrics: parsed.metrics,
    thresholds: parsed.performance_thresholds,
    health: {
      checks: healthChecks(parsed),
      deadlineMs: parsed.health_check_timeout,
      intervalMs: parsed.health_check_interval,
      failuresInARow: parsed.watch.failed_health_checks,
    },
    warmup: {
      durationMs: parsed.warmup_duration,
      requestsPerSecond: parsed.warmup_requests_per_second,
      path: parsed.validation.path,
    },
    validation: {
      windowMs: parsed.validation.window,
      requestsPerSecond: parsed.validation.requests_per_second,
      path: parsed.validation.path,
      minSamples: parsed.validation.min_samples,
      noDataBudgetMs: parsed.validation.no_data_budget,
      latencyIncreaseMax: parsed.validation.max_latency_increase,
      errorRateIncreaseMax: parsed.validation.max_error_rate_increase,
    },
    watch: {
      forMs: parsed.stabilization_period,
      intervalMs: parsed.watch.interval,
      windowMs: parsed.watch.window,
      minSamples: parsed.watch.min_samples,
      noDataBudgetMs: parsed.watch.no_data_budget,
    },
    autoRollback: parsed.auto_rollback_enabled,
    cleanupDelayMs: parsed.cleanup_delay,
    drainDeadlineMs: parsed.drain_timeout,
    rollbackVerifyAfterMs: parsed.rollback_verify_after,
    notifications: parsed.notifications,
    supersede: parsed.supersede,
    taskQueue: parsed.task_queue,
  };
}

function healthChecks(parsed: ParsedRelease): ParsedRelease['health_checks'] {
  const endpoint = parsed.health_check_endpoint;
  if (endpoint === undefined) {
    // Something must be checked: a version whose port does not even open is not healthy.
    return parsed.health_checks.length > 0
      ? parsed.health_checks
      : [{ kind: 'tcp', name: 'port', timeoutMs: 5000, retries: 0, port: undefined }];
  }
  return [
    {
      kind: 'http',
      name: `GET ${endpoint}`,
      timeoutMs: 5000,
      retries: 0,
      path: endpoint,
      url: undefined,
      method: 'GET',
      headers: {},
      statusCodes: ['2xx'],
      maxResponseTimeMs: undefined,
      requiredHeaders: {},
      bodyContains: undefined,
      json: undefined,
    },
    ...parsed.health_checks,
  ];
}

function resolveFolder(folder: string, cwd: string | undefined): string {
  if (cwd === undefined) return folder;
  return cwd.startsWith('/') ? cwd : `${folder}/${cwd}`;
}
