import { Context, activityInfo } from '@temporalio/activity';
import { FAILURES, Failure } from '../domain/failure.ts';
import type { WatchResult } from '../domain/release/decide.ts';
import { sharesOf } from '../domain/release/capacity.ts';
import { beating } from './beating.ts';
import type { ActivityDeps } from './deps.ts';
import {
  EFFECTS_A_MOVEMENT,
  type Moved,
  type Movement,
  type MovementDetails,
  NOTHING_MOVED,
  isSurge,
  moveInstances,
} from './move-instances.ts';
import { awaitSources } from './reachable.ts';
import type { RollBatchRequest, RollBatchResult } from './requests.ts';
import { type WatchDetails, newWatch, watchUntil } from './watch-loop.ts';

/** What a later attempt begins from; plain JSON. */
interface Details {
  readonly forward: MovementDetails;
  readonly back: MovementDetails;
  /** Why the batch is being undone; null while it is not. */
  readonly undoing: string | null;
  readonly stabilizing: { readonly fromMs: number; readonly watch: WatchDetails } | null;
}

const FRESH: Details = {
  forward: NOTHING_MOVED,
  back: NOTHING_MOVED,
  undoing: null,
  stabilizing: null,
};

const SLACK_MS = 2 * 60_000;
const SOURCES_WITHIN_MS = 60_000;

/** Replaces instances of one version by instances of another, a batch at a time. */
export function createRollBatchActivities(deps: ActivityDeps) {
  return {
    /**
     * One batch of a rolling update, or of its way back, from taking instances out of the traffic
     * to watching the whole system. A batch whose new instances do not become healthy, or that
     * meets what no retry can mend, is undone in the same activity. A bad system after a good batch
     * is told in `watch` and left to the caller. Throws `NoData` where nobody could judge the batch,
     * before anything of it is moved. Called off, it throws and leaves all as it stands.
     */
    async rollBatch(request: RollBatchRequest): Promise<RollBatchResult> {
      const { heartbeatDetails } = activityInfo();
      let details = isDetails(heartbeatDetails) ? heartbeatDetails : FRESH;
      const change = (newer: Partial<Details>): void => {
        details = { ...details, ...newer };
      };
      return beating(
        async (signal) => {
          change({ undoing: details.undoing ?? (await undoBegun(deps, request, signal)) });
          const moved =
            details.undoing ?? (await forward(deps, request, details.forward, change, signal));
          if (typeof moved === 'string') {
            change({ undoing: moved });
            // At once, so that an attempt after this one knows why as well.
            Context.current().heartbeat(details);
            return undo(deps, request, moved, details.back, change, signal);
          }
          const { coming, going, report, standsAt } = moved;
          const watch = await stabilize(deps, request, moved, details, change, signal);
          return { kind: 'done', coming, going, watch, report, standsAt };
        },
        () => details,
      );
    },
  };
}

type Change = (newer: Partial<Details>) => void;

/** The batch as asked for, or why it is to be undone. What a retry may mend is thrown. */
async function forward(
  deps: ActivityDeps,
  request: RollBatchRequest,
  from: MovementDetails,
  change: Change,
  signal: AbortSignal,
): Promise<Moved | string> {
  const movement: Movement = { ...request, keyPrefix: `${request.key}/` };
  const onDetails = (newer: MovementDetails): void => change({ forward: newer });
  await requireSources(deps, request, signal);
  try {
    return await moveInstances(deps, movement, { from, onDetails }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    // Somebody has decided: the batch is not undone over their heads.
    if (error.code === 'TrafficTakenBack') throw error;
    const mayMend = FAILURES[error.code].retry && deps.clock.nowMs() < patienceEndMs(request);
    if (mayMend) throw error;
    return error.message;
  }
}

/** Before anything is moved that would be watched afterwards. */
async function requireSources(
  deps: ActivityDeps,
  request: RollBatchRequest,
  signal: AbortSignal,
): Promise<void> {
  if (request.stabilizeMs === 0) return;
  const { service, traffic, metrics, going, watch } = request;
  const about = { service, traffic, metrics, environment: going.environment };
  const deadlineMs = deps.clock.nowMs() + Math.min(watch.noDataBudgetMs, SOURCES_WITHIN_MS);
  await awaitSources(deps, about, going, deadlineMs, signal);
}

/** Until then an effect is tried again; what takes longer is as bad as what cannot be mended. */
function patienceEndMs(request: RollBatchRequest): number {
  const { drainDeadlineMs, going, health, warmup } = request;
  const usualMs = drainDeadlineMs + going.environment.stopGraceMs + health.deadlineMs;
  return activityInfo().scheduledTimestampMs + usualMs + warmup.durationMs + SLACK_MS;
}

/** An earlier attempt has begun to undo the batch, and its details did not arrive. */
async function undoBegun(
  deps: ActivityDeps,
  { service, traffic, key, coming, going }: RollBatchRequest,
  signal: AbortSignal,
): Promise<string | null> {
  const [state, ...effects] = await Promise.all([
    deps.router(traffic).read(service, signal),
    deps.environment(coming.environment).effects(service),
    deps.environment(going.environment).effects(service),
  ]);
  const keys = [state.key, ...effects.flat().map((effect) => effect.key)];
  const isBegun = keys.some((one) => one.startsWith(`${key}/undo-`));
  return isBegun ? 'it was found bad; why was lost with the worker that found it' : null;
}

/** The same movement the other way round, with the generations after those of the batch. */
async function undo(
  deps: ActivityDeps,
  request: RollBatchRequest,
  reason: string,
  from: MovementDetails,
  change: Change,
  signal: AbortSignal,
): Promise<RollBatchResult> {
  const { service, coming, going, desired, warmup } = request;
  const found = await deps.environment(coming.environment).find(service, coming.version);
  const started = found.slice(request.from).map(({ id, host, port }) => ({ id, host, port }));
  const { after: _after, ...rest } = request;
  const movement: Movement = {
    ...rest,
    // With a surge the old instances still run, and are warm.
    warmup: isSurge(request) ? { ...warmup, durationMs: 0 } : warmup,
    coming: { ...going, instances: going.instances.slice(0, desired - request.to) },
    going: { ...coming, instances: [...coming.instances.slice(0, request.from), ...started] },
    from: desired - request.to,
    to: desired - request.from,
    keyPrefix: `${request.key}/undo-`,
    generation: request.generation + EFFECTS_A_MOVEMENT,
  };
  const onDetails = (newer: MovementDetails): void => change({ back: newer });
  try {
    const back = await moveInstances(deps, movement, { from, onDetails }, signal);
    return { kind: 'undone', coming: back.going, going: back.coming, reason };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    const message = `the batch was bad (${reason}), and undoing it failed: ${error.message}`;
    throw new Failure(error.code, message, { cause: error });
  }
}

/** The whole system: the new version by its thresholds and beside the old one, both by health. */
async function stabilize(
  deps: ActivityDeps,
  request: RollBatchRequest,
  { coming, going }: Moved,
  { stabilizing }: Details,
  change: Change,
  signal: AbortSignal,
): Promise<WatchResult | null> {
  if (request.stabilizeMs === 0) return null;
  const { service, traffic, metrics, thresholds, watch, health, limits } = request;
  const fromMs = stabilizing?.fromMs ?? deps.clock.nowMs();
  const shares = sharesOf(coming.length, going.length);
  const { compare, noData } = request;
  const old = going.length === 0 ? null : { version: request.going.version, instances: going };
  return watchUntil(
    deps,
    {
      ...{ service, traffic, metrics, thresholds, watch, health, limits, fromMs },
      environment: request.coming.environment,
      target: { version: request.coming.version, instances: coming },
      weightPercent: shares.coming,
      ...(noData === undefined ? {} : { noData }),
      ...(compare === undefined || old === null
        ? {}
        : { compare: { ...compare, split: shares.coming / 100, splitUnits: 'requests' } }),
      untilMs: fromMs + request.stabilizeMs,
      baseline: old === null ? null : request.going,
      beside: old,
      others: old === null ? [] : [old],
    },
    stabilizing?.watch ?? newWatch(fromMs),
    (newer) => change({ stabilizing: { fromMs, watch: newer } }),
    signal,
  );
}

function isDetails(value: unknown): value is Details {
  return (
    typeof value === 'object' &&
    value !== null &&
    'forward' in value &&
    'back' in value &&
    'undoing' in value &&
    'stabilizing' in value
  );
}
