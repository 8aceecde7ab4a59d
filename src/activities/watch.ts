import { activityInfo } from '@temporalio/activity';
import type { Reading } from '../domain/judge/measurement.ts';
import { judgeThresholds } from '../domain/judge/threshold.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import type { WatchResult } from '../domain/release/decide.ts';
import type { HealthRound } from '../providers/health/check-all.ts';
import { beating } from './beating.ts';
import type { ActivityDeps } from './deps.ts';
import {
  type Measurer,
  hasThreshold,
  openMeasurer,
  withoutThreshold,
  withoutThroughput,
} from './measuring.ts';
import type { WatchRequest } from './requests.ts';
import { onlyHealth } from './validate.ts';

/** What a later attempt begins from, so that a restart neither forgets nor forgives. */
interface Details {
  /** Up to here everything has been looked at. */
  readonly lookedUntilMs: number;
  readonly unhealthyInARow: number;
  /** When a look last had enough data. */
  readonly dataAtMs: number;
  /** Production's own figures from before the switch; measured once. */
  readonly baseline: Reading | undefined;
}

/** Watches a version under live traffic. */
export function createWatchActivities(deps: ActivityDeps) {
  return {
    /**
     * Looks every interval until `untilMs`, and returns at once when a limit is broken, when the
     * instances are unhealthy several times in a row, or when there was no data for longer than
     * the budget. A look after a restart also covers the time nobody looked.
     */
    async watchRelease(request: WatchRequest): Promise<WatchResult> {
      const { heartbeatDetails } = activityInfo();
      const { fromMs, untilMs, watch, health } = request;
      const measurer = openMeasurer(deps, request, 'live');
      let details: Details = isDetails(heartbeatDetails)
        ? heartbeatDetails
        : { lookedUntilMs: fromMs, unhealthyInARow: 0, dataAtMs: fromMs, baseline: undefined };

      return beating(
        async (signal) => {
          details = {
            ...details,
            baseline: details.baseline ?? (await before(measurer, request, signal)),
          };
          let dueMs = deps.clock.nowMs();
          for (;;) {
            const beganMs = deps.clock.nowMs();
            dueMs = Math.max(dueMs + watch.intervalMs, beganMs);
            // The end is looked at as well; what is not decided by then is asked at the same pace.
            const nextMs = beganMs < untilMs ? Math.min(dueMs, untilMs) : dueMs;
            await deps.clock.pause(nextMs - beganMs, signal);
            const nowMs = deps.clock.nowMs();
            const { verdict, healthy } = await lookAndCheck(
              (until) => look(measurer, request, details, nowMs, until),
              (until) => isHealthy(deps, request, until),
              signal,
            );
            if (healthy === undefined) return { kind: 'judged', verdict };
            const unhealthyInARow = healthy.kind === 'healthy' ? 0 : details.unhealthyInARow + 1;
            const hasData = verdict.kind !== 'no_data';
            details = {
              ...details,
              lookedUntilMs: nowMs,
              unhealthyInARow,
              dataAtMs: hasData ? nowMs : details.dataAtMs,
            };
            if (healthy.kind === 'unhealthy' && unhealthyInARow >= health.failuresInARow) {
              return { kind: 'unhealthy', report: healthy.report };
            }
            if (!hasData && nowMs - details.dataAtMs >= watch.noDataBudgetMs) {
              return { kind: 'judged', verdict };
            }
            if (nowMs >= untilMs && hasData && healthy.kind === 'healthy') {
              return { kind: 'judged', verdict };
            }
          }
        },
        () => details,
      );
    },
  };
}

/** A broken limit ends the watch at once: then the health checks, which may be slow, are let go. */
async function lookAndCheck(
  judge: (signal: AbortSignal) => Promise<Verdict>,
  check: (signal: AbortSignal) => Promise<HealthRound>,
  signal: AbortSignal,
): Promise<{ readonly verdict: Verdict; readonly healthy: HealthRound | undefined }> {
  const done = new AbortController();
  const checking = check(AbortSignal.any([signal, done.signal]));
  // Told below, unless nobody waits for it any more.
  checking.catch(() => undefined);
  try {
    const verdict = await judge(signal);
    return { verdict, healthy: verdict.kind === 'fail' ? undefined : await checking };
  } finally {
    done.abort();
  }
}

/** Stable's live figures from the window before, for the signals without a threshold. */
async function before(
  measurer: Measurer,
  request: WatchRequest,
  signal: AbortSignal,
): Promise<Reading> {
  const { baseline, thresholds, watch, fromMs } = request;
  if (baseline === null) return {};
  const window = { fromMs: fromMs - watch.windowMs, toMs: fromMs };
  return withoutThreshold(await measurer.measure(baseline, window, signal), thresholds);
}

async function look(
  measurer: Measurer,
  request: WatchRequest,
  details: Details,
  nowMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const { target, thresholds, watch, fromMs, untilMs, weightPercent } = request;
  const beginMs = Math.max(fromMs, Math.min(nowMs - watch.windowMs, details.lookedUntilMs));
  const reading = await measurer.measure(target, { fromMs: beginMs, toMs: nowMs }, signal);
  const { baseline } = details;
  // A rate over the first moments says nothing yet.
  const judgeThroughput = nowMs - fromMs >= watch.windowMs || nowMs >= untilMs;
  const judged = judgeThroughput ? thresholds : withoutThroughput(thresholds);
  if (!hasThreshold(judged) && request.baseline === null) return onlyHealth(target.version);
  return judgeThresholds({
    version: target.version,
    stage: 'watch',
    thresholds,
    reading,
    ...(baseline === undefined || Object.keys(baseline).length === 0 ? {} : { baseline }),
    limits: {
      latencyIncreaseMax: request.limits.latencyIncreaseMax,
      errorRateIncreaseMax: request.limits.errorRateIncreaseMax,
      minSamples: watch.minSamples,
    },
    weightPercent,
    windowMs: nowMs - beginMs,
    judgeThroughput,
  });
}

function isHealthy(deps: ActivityDeps, request: WatchRequest, signal: AbortSignal) {
  const { service, target, health } = request;
  const { version, instances } = target;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(health.deadlineMs)]);
  return deps.checkHealth({ service, version, instances, checks: health.checks }, limit);
}

function isDetails(value: unknown): value is Details {
  return typeof value === 'object' && value !== null && 'lookedUntilMs' in value;
}
