import { Failure } from '../domain/failure.ts';
import type { ArmFigures } from '../domain/judge/two-proportions.ts';
import type { TrafficCounts } from '../providers/traffic/router.ts';
import type { ActivityDeps } from './deps.ts';
import type { ArmCounts, CompareArmsRequest, Target } from './requests.ts';

export const ARMS = ['control', 'candidate'] as const;
export type Arm = (typeof ARMS)[number];

/** What an arm has done, or why nobody knows. Missing figures are not zero. */
export type Figures =
  | { readonly kind: 'figures'; readonly trials: number; readonly successes: number }
  | { readonly kind: 'none'; readonly why: string };

const NOTHING: ArmCounts[Arm] = { trials: 0, successes: 0 };
export const NO_COUNTS: ArmCounts = {
  untilMs: null,
  lostMs: 0,
  control: NOTHING,
  candidate: NOTHING,
};

const SECOND_MS = 1000;
/** A second is counted when it has been over for so long: answers and logs arrive late. */
export const SETTLED_AFTER_MS = 2 * SECOND_MS;
/** Somewhat less than what routers keep. */
export const KEPT_MS = (15 * 60 - 10) * SECOND_MS;

/** The counts of both arms up to now. A router that cannot be reached is asked the next time. */
export async function countOn(
  deps: ActivityDeps,
  request: CompareArmsRequest,
  counts: ArmCounts,
  signal: AbortSignal,
): Promise<ArmCounts> {
  const { service, traffic, fromMs } = request;
  const router = deps.router(traffic);
  const nowMs = deps.clock.nowMs();
  const begunMs = counts.untilMs ?? Math.ceil(fromMs / SECOND_MS) * SECOND_MS;
  // Where nobody has looked for too long, the beginning has been forgotten.
  const sinceMs = Math.max(begunMs, wholeSecond(nowMs - KEPT_MS));
  try {
    const ask = (arm: Arm, toMs: number) =>
      router.counts(
        { service, version: request[arm].version, audience: 'live', fromMs: sinceMs, toMs },
        signal,
      );
    const { countedUntilMs } = await ask('control', nowMs);
    const untilMs = wholeSecond(Math.min(nowMs, countedUntilMs) - SETTLED_AFTER_MS);
    if (untilMs <= sinceMs) return counts;
    const [control, candidate] = await Promise.all(ARMS.map((arm) => ask(arm, untilMs)));
    if (control === undefined || candidate === undefined) return counts;
    return {
      untilMs,
      lostMs: counts.lostMs + sinceMs - begunMs,
      control: added(counts.control, control),
      candidate: added(counts.candidate, candidate),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure && error.code === 'TrafficUnreachable') return counts;
    throw error;
  }
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}

function added(
  sum: ArmCounts[Arm],
  { requests, faulty, failed, givenUp }: TrafficCounts,
): ArmCounts[Arm] {
  const good = requests - faulty - failed - givenUp;
  return { trials: sum.trials + requests, successes: sum.successes + good };
}

/** What the counts say of an arm. */
export function countedFigures(counts: ArmCounts, arm: Arm): Figures {
  if (counts.untilMs !== null) return { kind: 'figures', ...counts[arm] };
  return { kind: 'none', why: 'the load balancer has not counted anything yet' };
}

/**
 * What the two queries of the file say of an arm since the beginning. Counters of Prometheus are
 * extrapolated: their increase is rounded to whole trials.
 */
export async function queriedFigures(
  deps: ActivityDeps,
  request: CompareArmsRequest,
  arm: Arm,
  signal: AbortSignal,
): Promise<Figures> {
  const { service, abTest, fromMs } = request;
  const { goal } = abTest;
  if (goal.kind !== 'prometheus') return { kind: 'none', why: 'the goal has no queries' };
  const query = { service, version: request[arm].version, fromMs, toMs: deps.clock.nowMs() };
  try {
    const [trials, successes] = await Promise.all(
      [goal.trials, goal.successes].map((one) => deps.askPrometheus(goal, one, query, signal)),
    );
    if (trials?.kind !== 'value') return { kind: 'none', why: `trials: ${trials?.why}` };
    if (successes?.kind !== 'value') return { kind: 'none', why: `successes: ${successes?.why}` };
    return {
      kind: 'figures',
      trials: Math.round(trials.value),
      successes: Math.round(successes.value),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure) || error.code !== 'MetricsUnreachable') throw error;
    return { kind: 'none', why: error.message };
  }
}

/** Distinct users of each version, where the router assigns them; it may not be able to say. */
export async function usersOf(
  deps: ActivityDeps,
  { service, traffic }: CompareArmsRequest,
  signal: AbortSignal,
): Promise<(target: Target) => number | undefined> {
  try {
    const assignments = await deps.router(traffic).assignments(service, signal);
    return ({ version }) => assignments.find((one) => one.version === version)?.users;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return () => undefined;
  }
}

export function armOf(
  { version }: Target,
  figures: Extract<Figures, { kind: 'figures' }>,
  users: number | undefined,
): ArmFigures {
  const { trials, successes } = figures;
  return { version, trials, successes, users };
}
