import { Context, activityInfo, metricMeter } from '@temporalio/activity';
import {
  type ArmFigures,
  compareAtAnyTime,
  compareProportions,
} from '../domain/judge/two-proportions.ts';
import { formatDuration } from '../domain/quantity.ts';
import {
  ARMS,
  NO_COUNTS,
  armOf,
  countOn,
  countedFigures,
  queriedFigures,
  usersOf,
} from './arm-figures.ts';
import { lookAtMeans } from './arm-means.ts';
import { beating } from './beating.ts';
import type { ActivityDeps } from './deps.ts';
import type { ArmCounts, CompareArmsRequest, CompareArmsResult } from './requests.ts';

/**
 * Half of what a test may err by is for the looks before its end, all of them together, and half
 * for the plain test at its end: one that is looked at thousands of times finds no winner by chance.
 */
const SHARE_BEFORE_END = 0.5;

/** Finds out which arm of an A/B test is better. */
export function createCompareArmsActivities(deps: ActivityDeps) {
  return {
    /**
     * Reads both arms' figures since `fromMs` every interval. Returns early, but never before the
     * minimum duration and sample, when one arm is clearly better; at `untilMs` with what there is.
     * A restart loses no count that the load balancer still has. Called off, it returns what it has
     * counted, for the next comparison to go on from.
     */
    async compareArms(request: CompareArmsRequest): Promise<CompareArmsResult> {
      const { heartbeatDetails } = activityInfo();
      const { abTest, fromMs, untilMs, watch } = request;
      let counts = isCounts(heartbeatDetails) ? heartbeatDetails : (request.counts ?? NO_COUNTS);
      const compared = beating(
        async (signal): Promise<CompareArmsResult> => {
          for (;;) {
            const beganMs = deps.clock.nowMs();
            const restMs = Math.max(0, untilMs - beganMs);
            await deps.clock.pause(Math.min(watch.intervalMs, restMs), signal);
            const nowMs = deps.clock.nowMs();
            const isOver = nowMs >= untilMs;
            const looked = await look(deps, request, counts, isOver, signal);
            ({ counts } = looked);
            const { result } = looked;
            expose(request.service, result.arms);
            if (!isOver && nowMs - fromMs < abTest.minDurationMs) continue;
            if (isOver || result.winner !== 'undecided') return result;
          }
        },
        () => counts,
      );
      return compared.catch((error: unknown) => {
        if (Context.current().cancellationDetails?.cancelRequested !== true) throw error;
        return { winner: 'undecided', arms: [], summary: 'called off', stopped: counts };
      });
    },
  };
}

/** The counts of each arm, for dashboards: a test runs for days before it is decided. */
function expose(service: string, arms: readonly ArmFigures[]): void {
  const gauge = (name: string, what: string) =>
    metricMeter.createGauge(name, 'int', undefined, what);
  const trials = gauge('belay_ab_trials', 'How often each arm of an A/B test was tried');
  const successes = gauge('belay_ab_successes', 'How often that went well');
  const users = gauge('belay_ab_users', 'Distinct users that were assigned to each arm');
  for (const { version, ...figures } of arms) {
    trials.set(figures.trials, { service, version });
    successes.set(figures.successes, { service, version });
    if (figures.users !== undefined) users.set(figures.users, { service, version });
  }
}

async function look(
  deps: ActivityDeps,
  request: CompareArmsRequest,
  before: ArmCounts,
  isOver: boolean,
  signal: AbortSignal,
): Promise<{ readonly counts: ArmCounts; readonly result: CompareArmsResult }> {
  const { goal } = request.abTest;
  switch (goal.kind) {
    case 'mean':
      return lookAtMeans(deps, request, goal, before, signal);
    case 'traffic': {
      const counts = await countOn(deps, request, before, signal);
      return { counts, result: await compare(deps, request, counts, isOver, signal) };
    }
    case 'prometheus':
      return { counts: before, result: await compare(deps, request, before, isOver, signal) };
    default:
      return goal satisfies never;
  }
}

async function compare(
  deps: ActivityDeps,
  request: CompareArmsRequest,
  counts: ArmCounts,
  isOver: boolean,
  signal: AbortSignal,
): Promise<CompareArmsResult> {
  const { goal, minSamples, confidence } = request.abTest;
  const [figures, users] = await Promise.all([
    Promise.all(
      ARMS.map(async (arm) =>
        goal.kind === 'traffic'
          ? countedFigures(counts, arm)
          : queriedFigures(deps, request, arm, signal),
      ),
    ),
    usersOf(deps, request, signal),
  ]);
  const missing: string[] = [];
  const known = ARMS.map((arm, at): ArmFigures | undefined => {
    const target = request[arm];
    const found = figures[at] ?? { kind: 'none', why: 'nobody looked' };
    if (found.kind === 'figures') return armOf(target, found, users(target));
    missing.push(`no figures of ${target.version}: ${found.why}`);
    return undefined;
  });
  const arms = known.flatMap((arm) => arm ?? []);
  const [control, candidate] = known;
  if (control === undefined || candidate === undefined) {
    return { winner: 'undecided', arms, summary: missing.join('; ').slice(0, 1000) };
  }
  const rule = { minSamples, confidence: 1 - (1 - confidence) * SHARE_BEFORE_END };
  const early = compareAtAnyTime(control, candidate, rule);
  const isEnough = early.winner !== 'undecided' || !isOver;
  const { winner, summary } = isEnough ? early : compareProportions(control, candidate, rule);
  return { winner, arms, summary: `${summary}${lost(counts)}` };
}

function lost({ lostMs }: ArmCounts): string {
  if (lostMs === 0) return '';
  return `; ${formatDuration(lostMs)} of both were forgotten before anybody counted them`;
}

function isCounts(value: unknown): value is ArmCounts {
  return (
    typeof value === 'object' &&
    value !== null &&
    'untilMs' in value &&
    'lostMs' in value &&
    'control' in value &&
    'candidate' in value
  );
}
