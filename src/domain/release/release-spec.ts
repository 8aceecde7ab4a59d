import type { ParsedRelease } from './release.schema.ts';
import { filledIn } from './silenced.ts';

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
      breachForMs: parsed.watch.breach_for,
      hysteresis: parsed.watch.hysteresis,
    },
    judge: parsed.judge,
    autoRollback: parsed.auto_rollback_enabled,
    cleanupDelayMs: parsed.cleanup_delay,
    drainDeadlineMs: parsed.drain_timeout,
    rollbackVerifyAfterMs: parsed.rollback_verify_after,
    notifications: parsed.notifications,
    incidents: parsed.incidents,
    ...alertsOf(parsed, version),
    supersede: parsed.supersede,
    mode: parsed.mode,
    gates: parsed.gates,
    hooks: parsed.hooks,
    freezeWindows: parsed.freeze_windows,
    promotion: parsed.promotion,
    rolloutMs: parsed.rollout_duration,
    canaryTrafficPercent: parsed.canary_traffic_percent,
    steps: parsed.steps,
    /** Fewer than all only where the file scales by steps of its own; grows with the weight. */
    instancesAtStart:
      parsed.steps?.some(({ scale }) => scale !== undefined) === true ? 1 : undefined,
    baseline: parsed.baseline,
    affinity: parsed.session_affinity,
    switchSteps: parsed.switch_steps,
    keepOnAbortMs: parsed.keep_on_abort,
    rollbackWindowMs: parsed.rollback_window,
    rolling: {
      batch: parsed.rolling.batch,
      maxSurge: parsed.rolling.max_surge,
      maxUnavailable: parsed.rolling.max_unavailable,
      stabilizeMs: parsed.rolling.stabilize,
    },
    abTest: parsed.strategy === 'ab_test' ? abTestOf(parsed.ab_test) : undefined,
    taskQueue: parsed.task_queue,
  };
}

/** With the names of this release in them: whoever silences need read no matchers. */
function alertsOf({ alerts, service }: ParsedRelease, version: string) {
  return alerts === undefined
    ? {}
    : { alerts: { silence: filledIn(alerts.silence, { service, version }) } };
}

type WrittenAbTest = ParsedRelease['ab_test'];

function abTestOf(written: WrittenAbTest) {
  return {
    share: written.share,
    match: written.match,
    minDurationMs: written.min_duration,
    maxDurationMs: written.max_duration,
    minSamples: written.min_samples,
    confidence: written.confidence,
    undecided: written.undecided,
    goal: written.goal,
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
