import type { Reading, Signal } from '../domain/judge/measurement.ts';
import { judgeThresholds } from '../domain/judge/threshold.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import { withComparison } from '../domain/judge/with-comparison.ts';
import { type WatchResult, isBreach, isKnown } from '../domain/release/decide.ts';
import type { HealthRound } from '../providers/health/check-all.ts';
import { type ComparedSoFar, beginComparison, compareOn } from './arm-blocks.ts';
import type { ActivityDeps } from './deps.ts';
import {
  type Measurer,
  hasThreshold,
  openMeasurer,
  withoutThreshold,
  withoutThroughput,
} from './measuring.ts';
import type { Target, WatchRequest } from './requests.ts';
import { onlyHealth } from './validate.ts';

/** What a later attempt begins from, so that a restart neither forgets nor forgives. Plain JSON. */
export interface WatchDetails {
  /** Up to here everything has been looked at. */
  readonly lookedUntilMs: number;
  readonly unhealthyInARow: number;
  /** When a look last had enough data. */
  readonly dataAtMs: number;
  /** Production's own figures from before the switch; measured once. */
  readonly baseline: Reading | undefined;
  /** Since when a limit has been broken at every look; absent or null while none is. */
  readonly brokenSinceMs?: number | null;
  /** Where the comparison with `beside` stands; absent before its first look. */
  readonly compared?: ComparedSoFar;
}

export interface WatchPlan extends Omit<WatchRequest, 'takeBack'> {
  /** Other versions whose instances must be healthy as well. */
  readonly others: readonly Target[];
}

export function newWatch(fromMs: number): WatchDetails {
  return { lookedUntilMs: fromMs, unhealthyInARow: 0, dataAtMs: fromMs, baseline: undefined };
}

export function isWatchDetails(value: unknown): value is WatchDetails {
  return typeof value === 'object' && value !== null && 'lookedUntilMs' in value;
}

/**
 * Looks every interval until the plan's end and returns at once when a limit is broken or when the
 * instances are unhealthy several times in a row. A plan that judges also ends when there was no
 * data for longer than the budget, and not before its version has been found good or bad; one that
 * guards ends at its time, with what it then knows.
 */
export async function watchUntil(
  deps: ActivityDeps,
  plan: WatchPlan,
  from: WatchDetails,
  onDetails: (details: WatchDetails) => void,
  signal: AbortSignal,
): Promise<WatchResult> {
  const { untilMs, watch, health } = plan;
  const measurer = openMeasurer(deps, plan, 'live');
  const own = openMeasurer(deps, plan, plan.audience ?? 'live');
  let details = { ...from, baseline: from.baseline ?? (await before(measurer, plan, signal)) };
  onDetails(details);
  let dueMs = deps.clock.nowMs();
  for (;;) {
    const beganMs = deps.clock.nowMs();
    dueMs = Math.max(dueMs + watch.intervalMs, beganMs);
    // The end is looked at as well; what is not decided by then is asked at the same pace.
    const nextMs = beganMs < untilMs ? Math.min(dueMs, untilMs) : dueMs;
    await deps.clock.pause(nextMs - beganMs, signal);
    const nowMs = deps.clock.nowMs();
    const { verdict, healthy } = await lookAndCheck(
      async (until) => {
        const byLimits = await look({ own, others: measurer }, plan, details, nowMs, until);
        const isBroken = byLimits.kind === 'fail';
        details = { ...details, brokenSinceMs: brokenSince(details, isBroken, nowMs) };
        const compared = await compareArms(deps, plan, details, byLimits, until);
        details = { ...details, ...compared.details };
        return compared.verdict;
      },
      (seen) => isBreach(seen) && !isYoung(plan, details, seen, nowMs),
      (until) => checkHealth(deps, plan, until),
      signal,
    );
    if (healthy === undefined) return { kind: 'judged', verdict };
    const hasData = isKnown(verdict);
    details = {
      ...details,
      lookedUntilMs: nowMs,
      unhealthyInARow: healthy.kind === 'healthy' ? 0 : details.unhealthyInARow + 1,
      dataAtMs: hasData ? nowMs : details.dataAtMs,
    };
    onDetails(details);
    if (healthy.kind === 'unhealthy' && details.unhealthyInARow >= health.failuresInARow) {
      return { kind: 'unhealthy', report: healthy.report };
    }
    const isOver = nowMs >= untilMs;
    if (plan.purpose === 'guard') {
      if (isOver) return { kind: 'judged', verdict };
      continue;
    }
    const budgetOver = nowMs - details.dataAtMs >= watch.noDataBudgetMs;
    const decided = isOver && hasData && healthy.kind === 'healthy' && !isBreach(verdict);
    if (decided || (!hasData && budgetOver)) return { kind: 'judged', verdict };
  }
}

function brokenSince(
  { brokenSinceMs = null }: WatchDetails,
  isBroken: boolean,
  nowMs: number,
): number | null {
  return isBroken ? (brokenSinceMs ?? nowMs) : null;
}

/**
 * A limit has not been broken for as long as the file asks. A comparison that is lost waits for
 * nothing, but one of severity `warning`, or a part of a score, makes no rollback of a young breach.
 */
function isYoung(
  { watch }: WatchPlan,
  { brokenSinceMs = null }: WatchDetails,
  { findings }: Verdict,
  nowMs: number,
): boolean {
  const isCompared = findings.some(
    ({ kind, severity, method }) =>
      kind === 'violation' && severity === 'critical' && method !== undefined,
  );
  return brokenSinceMs !== null && !isCompared && nowMs - brokenSinceMs < watch.breachForMs;
}

/** The verdict with what the comparison says, where there is one. */
async function compareArms(
  deps: ActivityDeps,
  plan: WatchPlan,
  { compared }: WatchDetails,
  verdict: Verdict,
  signal: AbortSignal,
): Promise<{ readonly verdict: Verdict; readonly details: Pick<WatchDetails, 'compared'> }> {
  const { compare, beside = null } = plan;
  if (compare === undefined || beside === null) return { verdict, details: {} };
  const arms = { ...plan, compare, beside };
  const from = compared ?? (await beginComparison(deps, arms, signal));
  const { compared: next, look: said } = await compareOn(deps, arms, from, signal);
  return { verdict: withComparison(verdict, said, compare.budget), details: { compared: next } };
}

/** A broken limit ends the watch at once: then the health checks, which may be slow, are let go. */
async function lookAndCheck(
  judge: (signal: AbortSignal) => Promise<Verdict>,
  isEnd: (verdict: Verdict) => boolean,
  check: (signal: AbortSignal) => Promise<HealthRound>,
  signal: AbortSignal,
): Promise<{ readonly verdict: Verdict; readonly healthy: HealthRound | undefined }> {
  const done = new AbortController();
  const checking = check(AbortSignal.any([signal, done.signal]));
  // Told below, unless nobody waits for it any more.
  checking.catch(() => undefined);
  try {
    const verdict = await judge(signal);
    return { verdict, healthy: isEnd(verdict) ? undefined : await checking };
  } finally {
    done.abort();
  }
}

/** Stable's live figures from the window before, for the signals without a threshold. */
async function before(
  measurer: Measurer,
  plan: WatchPlan,
  signal: AbortSignal,
): Promise<Reading | undefined> {
  const { baseline, beside = null, thresholds, watch, fromMs } = plan;
  if (beside !== null) return undefined;
  if (baseline === null) return {};
  const window = { fromMs: fromMs - watch.windowMs, toMs: fromMs };
  return withoutThreshold(await measurer.measure(baseline, window, signal), thresholds);
}

interface Sides {
  readonly own: Reading;
  /** What the version is compared with; empty, nothing. */
  readonly compared: Reading;
}

async function look(
  measurers: { readonly own: Measurer; readonly others: Measurer },
  plan: WatchPlan,
  details: WatchDetails,
  nowMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const { target, thresholds, watch, fromMs, untilMs, beside = null } = plan;
  const isCompared = beside !== null || plan.baseline !== null;
  // A rate over the first moments says nothing yet.
  const judgeThroughput = nowMs - fromMs >= watch.windowMs || nowMs >= untilMs;
  const judged = judgeThroughput ? thresholds : withoutThroughput(thresholds);
  const beginMs = Math.max(fromMs, Math.min(nowMs - watch.windowMs, details.lookedUntilMs));
  const measure = async (sinceMs: number): Promise<Sides> => {
    const window = { fromMs: sinceMs, toMs: nowMs };
    const [own, compared] = await Promise.all([
      measurers.own.measure(target, window, signal),
      beside === null ? (details.baseline ?? {}) : measurers.others.measure(beside, window, signal),
    ]);
    return { own, compared };
  };
  const sides = await measure(beginMs);
  if (!hasThreshold(judged) && !isCompared) return onlyHealth(target.version);
  const judge = ({ own, compared }: Sides): Verdict =>
    judgeThresholds({
      version: target.version,
      stage: 'watch',
      thresholds,
      reading: own,
      ...(Object.keys(compared).length === 0 ? {} : { baseline: compared }),
      limits: { ...limitsBeside(plan), minSamples: watch.minSamples },
      weightPercent: plan.weightPercent,
      windowMs: nowMs - beginMs,
      judgeThroughput,
      hysteresis: details.brokenSinceMs == null ? 0 : watch.hysteresis,
      ...(plan.noData === undefined ? {} : { noData: plan.noData }),
    });
  const verdict = judge(sides);
  const canWiden = verdict.kind === 'no_data' && beginMs > fromMs;
  if (!canWiden || !isThin(sides)) return verdict;
  return judge(widened(sides, await measure(fromMs)));
}

/** How much wider the limit by stable's errors is while a test compares them. */
const CRUDE_FACTOR = 10;

/**
 * Where a test compares errors, a limit of a point above stable would only err beside its error
 * budget: what is left of it is for what is plain to see, before the test knows enough.
 */
function limitsBeside({ limits, compare }: WatchPlan): WatchPlan['limits'] {
  if (compare?.errors === undefined) return limits;
  return { ...limits, errorRateIncreaseMax: limits.errorRateIncreaseMax * CRUDE_FACTOR };
}

const COUNTED: readonly Signal[] = ['latency_p95', 'error_rate'];

/**
 * Each side had requests, though too few. A window in which one had none is not widened: what was
 * seen before the silence does not say how it is now.
 */
function isThin({ own, compared }: Sides): boolean {
  const isHeard = (reading: Reading): boolean =>
    COUNTED.some((name) => {
      const measurement = reading[name];
      return measurement?.kind === 'value' && measurement.samples > 0;
    });
  return isHeard(own) && (Object.keys(compared).length === 0 || isHeard(compared));
}

/** The other signals are not a matter of samples, and stay those of the window. */
function widened(sides: Sides, wide: Sides): Sides {
  const counted = ({ latency_p95: latency, error_rate: errors }: Reading): Reading => ({
    ...(latency === undefined ? {} : { latency_p95: latency }),
    ...(errors === undefined ? {} : { error_rate: errors }),
  });
  return {
    own: { ...sides.own, ...counted(wide.own) },
    compared: { ...sides.compared, ...counted(wide.compared) },
  };
}

async function checkHealth(
  deps: ActivityDeps,
  { service, target, others, health, instances: known }: WatchPlan,
  signal: AbortSignal,
): Promise<HealthRound> {
  if (known === 'unknown') return { kind: 'healthy', checks: 0 };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(health.deadlineMs)]);
  const rounds = await Promise.all(
    [target, ...others].map(({ version, instances }) =>
      deps.checkHealth({ service, version, instances, checks: health.checks }, limit),
    ),
  );
  const bad = rounds.filter((round) => round.kind === 'unhealthy');
  const [first] = rounds;
  if (bad.length === 0 && first !== undefined) return first;
  const failures = bad.reduce((sum, round) => sum + round.failures, 0);
  return { kind: 'unhealthy', failures, report: bad.map(({ report }) => report).join('; ') };
}
