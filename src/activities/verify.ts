import { activityInfo } from '@temporalio/activity';
import { type Reading, SIGNALS, type Signal } from '../domain/judge/measurement.ts';
import { judgeThresholds, verifyLimits } from '../domain/judge/threshold.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import type { Thresholds } from '../domain/release/release.schema.ts';
import { beating } from './beating.ts';
import type { ActivityDeps } from './deps.ts';
import { hasThreshold, openMeasurer } from './measuring.ts';
import type { VerifyRequest } from './requests.ts';
import { onlyHealth } from './validate.ts';

/** Verifies the version that traffic has gone back to. */
export function createVerifyActivities(deps: ActivityDeps) {
  return {
    /**
     * Judges the live traffic since `fromMs` by the release's thresholds; where it has none, by
     * stable's own figures from before, as far as a source measures them under live traffic.
     * Instances must be healthy as well. Without data it looks again within the budget; then the
     * verdict is `no_data`.
     */
    async verifyRollback(request: VerifyRequest): Promise<Verdict> {
      const { service, target, thresholds, before, watch, health, fromMs } = request;
      const { scheduledTimestampMs } = activityInfo();
      const { version, instances } = target;
      const measurer = openMeasurer(deps, request, 'live');
      const limits: Partial<Thresholds> = {
        ...(before === null ? {} : verifyLimits(only(before, measurer.signals))),
        ...set(thresholds),
      };
      return beating(async (signal) => {
        for (;;) {
          const nowMs = deps.clock.nowMs();
          const [reading, round] = await Promise.all([
            measurer.measure(target, { fromMs, toMs: nowMs }, signal),
            deps.checkHealth(
              { service, version, instances, checks: health.checks },
              AbortSignal.any([signal, AbortSignal.timeout(health.deadlineMs)]),
            ),
          ]);
          const budgetOver = nowMs - scheduledTimestampMs >= watch.noDataBudgetMs;
          if (round.kind === 'unhealthy' && budgetOver) {
            return { kind: 'fail', findings: [], summary: `${version}: ${round.report}` };
          }
          const verdict = hasThreshold(limits)
            ? judgeThresholds({
                version,
                stage: 'verify',
                thresholds: limits,
                reading,
                limits: { ...request.limits, minSamples: watch.minSamples },
                weightPercent: 100,
                windowMs: nowMs - fromMs,
                judgeThroughput: true,
              })
            : onlyHealth(version);
          const decided = verdict.kind !== 'no_data' && round.kind === 'healthy';
          if (decided || budgetOver) return verdict;
          await deps.clock.pause(Math.min(watch.intervalMs, 5000), signal);
        }
      });
    },
  };
}

function only(reading: Reading, signals: ReadonlySet<Signal>): Reading {
  return Object.fromEntries(
    SIGNALS.flatMap((name) => {
      const measurement = reading[name];
      return measurement !== undefined && signals.has(name) ? [[name, measurement]] : [];
    }),
  );
}

function set(thresholds: Thresholds): Partial<Thresholds> {
  return Object.fromEntries(Object.entries(thresholds).filter(([, limit]) => limit !== undefined));
}
