import { Failure } from '../domain/failure.ts';
import {
  type ArmJudgeState,
  type ArmLook,
  beginArmJudge,
  lookAtArms,
} from '../domain/judge/arm-judge.ts';
import type { ArmBlock, Tally } from '../domain/judge/arm-metric.ts';
import {
  type TrafficCounts,
  type TrafficRouter,
  USERS_COUNTED_MAX,
} from '../providers/traffic/router.ts';
import { KEPT_MS, SETTLED_AFTER_MS } from './arm-figures.ts';
import type { ActivityDeps } from './deps.ts';
import type { Comparison, Target, WatchRequest } from './requests.ts';

/** A comparison that goes on from here; plain JSON, part of a watch's heartbeat. */
export interface ComparedSoFar {
  readonly judge: ArmJudgeState;
  /** Every block up to here has been looked at. */
  readonly untilMs: number;
  /** Users of each arm that have been looked at, where users are assigned to arms. */
  readonly users: Units;
}

interface Units {
  readonly baseline: number;
  readonly candidate: number;
}

type Compared = Pick<
  WatchRequest,
  'service' | 'traffic' | 'target' | 'baseline' | 'fromMs' | 'untilMs' | 'noData'
> & {
  readonly watch: Pick<WatchRequest['watch'], 'intervalMs' | 'noDataBudgetMs'>;
  readonly beside: Target;
  readonly compare: Comparison;
};

const SECOND_MS = 1000;
const BLOCK_MAX_MS = 60 * SECOND_MS;
const HISTORY_BLOCKS_MAX = 240;
/** So many blocks at most are asked of a Prometheus at one look. */
const OWN_BLOCKS_MAX = 12;

/** Of a router that cannot say how it was before there is no history: then more must be seen. */
export async function beginComparison(
  deps: ActivityDeps,
  plan: Compared,
  signal: AbortSignal,
): Promise<ComparedSoFar> {
  const { compare, fromMs, baseline } = plan;
  const router = deps.router(plan.traffic);
  const blockMs = blockOf(plan);
  const toMs = Math.floor(fromMs / SECOND_MS) * SECOND_MS;
  const blocks = Math.min(HISTORY_BLOCKS_MAX, Math.floor(KEPT_MS / blockMs));
  const window = { fromMs: toMs - blocks * blockMs, toMs };
  const history = baseline === null ? [] : await talliesOf(router, plan, baseline, window, signal);
  return {
    judge: beginArmJudge({ ...compare, history: history.filter(({ requests }) => requests > 0) }),
    untilMs: beginOf(plan),
    users: { baseline: 0, candidate: 0 },
  };
}

/** Looks at every whole block that is over since the last look. */
export async function compareOn(
  deps: ActivityDeps,
  plan: Compared,
  from: ComparedSoFar,
  signal: AbortSignal,
): Promise<{ readonly compared: ComparedSoFar; readonly look: ArmLook }> {
  const { compare, target, beside } = plan;
  const router = deps.router(plan.traffic);
  const blockMs = blockOf(plan);
  const nowMs = deps.clock.nowMs();
  // What has been forgotten is no evidence any more, for either arm.
  const missed = Math.ceil(Math.max(0, nowMs - KEPT_MS - from.untilMs) / blockMs);
  const fromMs = from.untilMs + missed * blockMs;
  const count = Math.floor((nowMs - SETTLED_AFTER_MS - fromMs) / blockMs);
  const window = { fromMs, toMs: fromMs + Math.max(0, count) * blockMs };
  const [candidate, baseline, users] = await Promise.all([
    count > 0 ? talliesOf(router, plan, target, window, signal) : [],
    count > 0 ? talliesOf(router, plan, beside, window, signal) : [],
    compare.splitUnits === 'users' ? usersOf(router, plan, from.users, signal) : from.users,
  ]);
  const counted = candidate.slice(0, baseline.length).flatMap((one, at): readonly ArmBlock[] => {
    const other = baseline[at];
    return other === undefined ? [] : [{ candidate: one, baseline: other }];
  });
  const blocks = await withOwnValues(deps, plan, counted, window.fromMs, signal);
  const units = compare.splitUnits === 'users' ? newUnits(users, from.users) : requestsOf(blocks);
  const moment = nowMs >= plan.untilMs ? 'end' : 'during';
  const untilMs = fromMs + blocks.length * blockMs;
  const isBehind = nowMs - untilMs >= lagMaxOf(plan, untilMs);
  const options = { ...compare, ...(plan.noData === undefined ? {} : { noData: plan.noData }) };
  const { state, look } = lookAtArms(from.judge, blocks, units, options, {
    moment,
    isBehind,
    blockMs,
  });
  return { compared: { judge: state, untilMs, users }, look };
}

/** What had begun before this weight may end in its first seconds. */
function beginOf({ fromMs }: Pick<Compared, 'fromMs'>): number {
  return Math.ceil(fromMs / SECOND_MS) * SECOND_MS + SETTLED_AFTER_MS;
}

/**
 * How old what has been counted may be at the end: the budget for missing data. Where nothing has
 * been, no older than the first block may be; a step without room for it is judged by its limits.
 */
function lagMaxOf(plan: Compared, untilMs: number): number {
  const usualMs = blockOf(plan) + SETTLED_AFTER_MS + SECOND_MS;
  return untilMs === beginOf(plan) ? usualMs : Math.max(plan.watch.noDataBudgetMs, usualMs);
}

function blockOf({ watch }: Compared): number {
  const seconds = Math.ceil(watch.intervalMs / SECOND_MS);
  return Math.min(BLOCK_MAX_MS, Math.max(1, seconds) * SECOND_MS);
}

/** Blocks up to where the router has counted; none where it cannot be reached. */
async function talliesOf(
  router: TrafficRouter,
  { service, ...plan }: Compared,
  { version }: Target,
  window: { readonly fromMs: number; readonly toMs: number },
  signal: AbortSignal,
): Promise<readonly Tally[]> {
  const blockMs = blockOf({ service, ...plan });
  const query = { service, version, audience: 'live' as const, blockMs, ...window };
  try {
    const counted = await router.countsByBlock(query, signal);
    const isCounted = ({ countedUntilMs }: TrafficCounts, at: number): boolean =>
      window.fromMs + (at + 1) * blockMs <= countedUntilMs;
    return counted.filter(isCounted).map(tallyOf);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure && error.code === 'TrafficUnreachable') return [];
    throw error;
  }
}

function tallyOf({ requests, faulty, failed, latency }: TrafficCounts): Tally {
  return { requests, errors: faulty + failed, latency };
}

/** What a Prometheus says of each block, of the file's own metrics. */
async function withOwnValues(
  deps: ActivityDeps,
  plan: Compared,
  blocks: readonly ArmBlock[],
  fromMs: number,
  signal: AbortSignal,
): Promise<readonly ArmBlock[]> {
  const { own } = plan.compare;
  if (own === undefined) return blocks;
  const blockMs = blockOf(plan);
  // After a long absence the oldest have been compared by counts alone: questions have a limit.
  const asked = blocks.slice(-OWN_BLOCKS_MAX);
  const skipped = blocks.length - asked.length;
  const values = await Promise.all(
    asked.map((_, at) => {
      const beginMs = fromMs + (skipped + at) * blockMs;
      return ownValuesOf(deps, plan, own, { fromMs: beginMs, toMs: beginMs + blockMs }, signal);
    }),
  );
  return blocks.map((block, at): ArmBlock => {
    const known = values[at - skipped];
    return known === undefined ? block : { ...block, values: known };
  });
}

async function ownValuesOf(
  deps: ActivityDeps,
  { service, target, beside }: Compared,
  { server, queries }: NonNullable<Comparison['own']>,
  window: { readonly fromMs: number; readonly toMs: number },
  signal: AbortSignal,
): Promise<NonNullable<ArmBlock['values']>> {
  const ask = async (query: string, { version }: Target): Promise<number | undefined> => {
    try {
      const about = { service, version, ...window };
      const answer = await deps.askPrometheus(server, query, about, signal);
      return answer.kind === 'value' ? answer.value : undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Failure && error.code === 'MetricsUnreachable') return undefined;
      throw error;
    }
  };
  const entries = await Promise.all(
    Object.entries(queries).map(async ([name, query]) => {
      const [candidate, control] = await Promise.all([ask(query, target), ask(query, beside)]);
      return candidate === undefined || control === undefined
        ? []
        : [[name, { candidate, control }] as const];
    }),
  );
  return Object.fromEntries(entries.flat());
}

async function usersOf(
  router: TrafficRouter,
  { service, target, beside }: Compared,
  before: Units,
  signal: AbortSignal,
): Promise<Units> {
  try {
    const all = await router.assignments(service, signal);
    const of = ({ version }: Target): number =>
      all.find((one) => one.version === version)?.users ?? 0;
    return { baseline: of(beside), candidate: of(target) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure && error.code === 'TrafficUnreachable') return before;
    throw error;
  }
}

/** Of an arm that is counted no further the other one's users would only seem to grow. */
function newUnits(now: Units, before: Units): Units {
  const isFull = Math.max(now.baseline, now.candidate) >= USERS_COUNTED_MAX;
  if (isFull) return { baseline: 0, candidate: 0 };
  return {
    baseline: Math.max(0, now.baseline - before.baseline),
    candidate: Math.max(0, now.candidate - before.candidate),
  };
}

function requestsOf(blocks: readonly ArmBlock[]): Units {
  const sum = (arm: 'baseline' | 'candidate'): number =>
    blocks.reduce((total, block) => total + block[arm].requests, 0);
  return { baseline: sum('baseline'), candidate: sum('candidate') };
}
