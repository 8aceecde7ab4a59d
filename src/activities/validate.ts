import { activityInfo } from '@temporalio/activity';
import { judgeThresholds } from '../domain/judge/threshold.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import type { Reading } from '../domain/judge/measurement.ts';
import { beating } from './beating.ts';
import type { ActivityDeps } from './deps.ts';
import { hasThreshold, openMeasurer, withoutThroughput } from './measuring.ts';
import {
  NO_SAMPLES,
  type RequestOf,
  type SideSamples,
  addSamples,
  probeSides,
  readingOf,
} from './probe-load.ts';
import type { Target, ValidateRequest, ValidateResult } from './requests.ts';

/** What a later attempt goes on from: the probe load that has been answered so far. */
interface Details {
  readonly startedMs: number;
  readonly candidate: SideSamples;
  readonly stable: SideSamples;
}

const PROBE_TIMEOUT_MS = 10_000;
const MORE_MS = 5000;

/** Judges a candidate that has no users yet. */
export function createValidateActivities(deps: ActivityDeps) {
  return {
    /**
     * Sends the same probe load to candidate and stable through the preview path, collects for the
     * window, and judges the candidate by its thresholds and against stable. Without enough data it
     * goes on within the no-data budget; then the verdict is `no_data`, never a pass.
     */
    async validateCandidate(request: ValidateRequest): Promise<ValidateResult> {
      const { scheduledTimestampMs, heartbeatDetails } = activityInfo();
      let details: Details = isDetails(heartbeatDetails)
        ? heartbeatDetails
        : { startedMs: scheduledTimestampMs, candidate: NO_SAMPLES, stable: NO_SAMPLES };
      const { validation, stable } = request;
      const sides: { readonly name: 'candidate' | 'stable'; readonly request: RequestOf }[] = [
        { name: 'candidate', request: addressOf(deps, request, request.candidate) },
      ];
      if (stable !== null) {
        sides.push({ name: 'stable', request: addressOf(deps, request, stable) });
      }
      return beating(
        async (signal) => {
          const windowEndMs = Math.max(
            details.startedMs + validation.windowMs,
            deps.clock.nowMs() + 1000,
          );
          let untilMs = windowEndMs;
          for (;;) {
            await probeSides(
              deps,
              sides,
              { requestsPerSecond: validation.requestsPerSecond, untilMs },
              (side, sample) => {
                details = { ...details, [side]: addSamples(details[side], sample) };
              },
              signal,
            );
            const result = await judge(deps, request, details, signal);
            const budgetOver = deps.clock.nowMs() >= windowEndMs + validation.noDataBudgetMs;
            if (result.verdict.kind !== 'no_data' || budgetOver) return result;
            untilMs = deps.clock.nowMs() + MORE_MS;
          }
        },
        () => details,
      );
    },
  };
}

async function judge(
  deps: ActivityDeps,
  request: ValidateRequest,
  details: Details,
  signal: AbortSignal,
): Promise<ValidateResult> {
  const { candidate, stable, thresholds, validation } = request;
  const measurer = openMeasurer(deps, request, 'preview');
  const window = { fromMs: details.startedMs, toMs: deps.clock.nowMs() };
  const others = await measurer.measure(candidate, window, signal);
  const reading: Reading = { ...others, ...readingOf(details.candidate) };
  const baseline = stable === null ? null : readingOf(details.stable);
  if (baseline === null && !hasThreshold(withoutThroughput(thresholds))) {
    return { verdict: onlyHealth(candidate.version), baseline };
  }
  const verdict = judgeThresholds({
    version: candidate.version,
    stage: 'validate',
    thresholds,
    reading,
    ...(baseline === null ? {} : { baseline }),
    limits: {
      latencyIncreaseMax: validation.latencyIncreaseMax,
      errorRateIncreaseMax: validation.errorRateIncreaseMax,
      minSamples: validation.minSamples,
    },
    weightPercent: 0,
    windowMs: window.toMs - window.fromMs,
    judgeThroughput: false,
  });
  return { verdict, baseline };
}

/** A first release without thresholds: nothing can be compared, and that is said. */
export function onlyHealth(version: string): Verdict {
  return {
    kind: 'warn',
    findings: [],
    summary: `${version} is healthy; there are neither thresholds nor a baseline to judge it by`,
  };
}

/** Through the load balancer where it knows the version, else straight to the instances. */
function addressOf(deps: ActivityDeps, request: ValidateRequest, target: Target): RequestOf {
  const { path } = request.validation;
  if (request.stable === null) {
    return (count) => {
      const instance = target.instances[count % target.instances.length];
      return {
        url: `http://${instance?.host}:${instance?.port}${path}`,
        headers: {},
        timeoutMs: PROBE_TIMEOUT_MS,
      };
    };
  }
  const preview = deps.router(request.traffic).preview(request.service, target.version);
  return () => ({
    url: `${preview.url}${path}`,
    headers: preview.headers,
    timeoutMs: PROBE_TIMEOUT_MS,
  });
}

function isDetails(value: unknown): value is Details {
  return typeof value === 'object' && value !== null && 'startedMs' in value && 'stable' in value;
}
