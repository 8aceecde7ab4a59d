import { Failure } from '../domain/failure.ts';
import { type AbState, beginAb, lookAb } from '../domain/judge/sequential/ab.ts';
import type { MeansBlock } from '../domain/judge/sequential/means.ts';
import { ARMS, NO_COUNTS } from './arm-figures.ts';
import type { ActivityDeps } from './deps.ts';
import type { ArmCounts, CompareArmsRequest, CompareArmsResult } from './requests.ts';

type MeanGoal = Extract<CompareArmsRequest['abTest']['goal'], { kind: 'mean' }>;

const SECOND_MS = 1000;
const BLOCK_MAX_MS = 60 * SECOND_MS;
/** What a Prometheus has scraped of a block is there so long after its end. */
const SETTLED_AFTER_MS = 2 * SECOND_MS;
/** Questions have a limit: what is left is asked for at the next look. */
const BLOCKS_A_LOOK_MAX = 12;

/**
 * The test of a goal that is a mean, with the blocks that are over since the last look. Any
 * difference counts; all looks together err by `1 - confidence` at most. A block in which an arm
 * has no value is none; a Prometheus that cannot be reached is asked again.
 */
export async function lookAtMeans(
  deps: ActivityDeps,
  request: CompareArmsRequest,
  goal: MeanGoal,
  counts: ArmCounts,
  signal: AbortSignal,
): Promise<{ readonly counts: ArmCounts; readonly result: CompareArmsResult }> {
  const before = counts.means ?? begin(request, goal);
  const blockMs = blockOf(request);
  const fromMs = counts.untilMs ?? Math.ceil(request.fromMs / SECOND_MS) * SECOND_MS;
  const overMs = deps.clock.nowMs() - SETTLED_AFTER_MS;
  const count = Math.min(BLOCKS_A_LOOK_MAX, Math.max(0, Math.floor((overMs - fromMs) / blockMs)));
  const asked = await blocksOf(deps, request, goal, { fromMs, count }, signal);
  const blocks = asked?.flat() ?? [];
  const { state, reading } = lookAb(before, { candidate: { goal: { kind: 'mean', blocks } } });
  const untilMs = asked === undefined ? fromMs : fromMs + count * blockMs;
  return {
    counts: { ...NO_COUNTS, untilMs, means: state },
    result: resultOf(reading.arms.candidate?.metrics.goal),
  };
}

function begin({ abTest }: CompareArmsRequest, { better }: MeanGoal): AbState {
  return beginAb({
    alpha: 1 - abTest.confidence,
    arms: ['candidate'],
    metrics: {
      goal: {
        ...{ kind: 'mean', role: 'goal', history: [], worseAbove: 0 },
        worse: better === 'higher' ? 'lower' : 'higher',
        blocksMin: abTest.minSamples,
      },
    },
  });
}

function blockOf({ watch }: CompareArmsRequest): number {
  const seconds = Math.max(1, Math.ceil(watch.intervalMs / SECOND_MS));
  return Math.min(BLOCK_MAX_MS, seconds * SECOND_MS);
}

/** Undefined where the Prometheus cannot be reached. */
async function blocksOf(
  deps: ActivityDeps,
  request: CompareArmsRequest,
  goal: MeanGoal,
  { fromMs, count }: { readonly fromMs: number; readonly count: number },
  signal: AbortSignal,
): Promise<readonly (readonly MeansBlock[])[] | undefined> {
  const blockMs = blockOf(request);
  try {
    return await Promise.all(
      Array.from({ length: count }, async (_, at): Promise<readonly MeansBlock[]> => {
        const beginMs = fromMs + at * blockMs;
        const [control, candidate] = await Promise.all(
          ARMS.map((arm) => {
            const { version } = request[arm];
            const about = { service: request.service, version, fromMs: beginMs };
            const whole = { ...about, toMs: beginMs + blockMs };
            return deps.askPrometheus(goal, goal.query, whole, signal);
          }),
        );
        return control?.kind === 'value' && candidate?.kind === 'value'
          ? [{ baseline: control.value, candidate: candidate.value }]
          : [];
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure) || error.code !== 'MetricsUnreachable') throw error;
    return undefined;
  }
}

const WINNERS = { better: 'candidate', worse: 'control', undecided: 'undecided' } as const;

function resultOf(
  goal: ReturnType<typeof lookAb>['reading']['arms'][string]['metrics'][string] | undefined,
): CompareArmsResult {
  const reason = goal?.reading?.reason ?? 'no block of both arms has been seen';
  return { winner: WINNERS[goal?.decision ?? 'undecided'], arms: [], summary: reason };
}
