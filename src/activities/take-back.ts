import { Failure, FAILURES } from '../domain/failure.ts';
import type { Verdict } from '../domain/judge/verdict.ts';
import { isGood, type WatchResult } from '../domain/release/decide.ts';
import type { ActivityDeps } from './deps.ts';
import type { WatchRequest } from './requests.ts';

/** What a watch may do by itself, and what of the request it needs for that. */
type TakeBackRequest = Pick<WatchRequest, 'service' | 'traffic' | 'purpose' | 'takeBack'>;

const AGAIN_AFTER_MS = 1000;
/** A load balancer that cannot be reached for so long is left to the workflow. */
const WITHIN_MS = 10 * 60_000;

/**
 * What an earlier attempt has done and could not report: traffic stands where only the watch itself
 * can have put it.
 */
export async function readBack(
  deps: ActivityDeps,
  { service, traffic, takeBack }: TakeBackRequest,
  signal: AbortSignal,
): Promise<WatchResult | undefined> {
  if (takeBack === undefined) return undefined;
  const { generation, key } = await deps.router(traffic).read(service, signal);
  if (generation !== takeBack.generation || key !== takeBack.key) return undefined;
  const summary =
    'an earlier attempt of this watch saw a breach while Temporal could not be reached, and has ' +
    `taken traffic back to ${namesOf(takeBack)} by itself (generation ${generation})`;
  return { kind: 'judged', verdict: { kind: 'fail', findings: [], summary }, takenBack: true };
}

/**
 * Traffic stands where the release has put it, as far as can be told: a load balancer that cannot
 * be asked keeps no breach from being reported.
 */
export async function requireOwn(
  deps: ActivityDeps,
  { service, traffic, standsAt }: Pick<WatchRequest, 'service' | 'traffic' | 'standsAt'>,
  result: WatchResult,
  signal: AbortSignal,
): Promise<void> {
  if (standsAt === undefined) return;
  const state = await deps
    .router(traffic)
    .read(service, signal)
    .catch((error: unknown) => {
      signal.throwIfAborted();
      if (isGoodResult(result)) throw error;
      return undefined;
    });
  if (state === undefined || state.generation <= standsAt) return;
  const { key, generation } = state;
  throw new Failure(
    'TrafficTakenBack',
    `traffic has been moved by ${key} (generation ${generation}), after the last write of this release`,
  );
}

function isGoodResult(result: WatchResult): boolean {
  return result.kind === 'judged' && isGood(result.verdict);
}

/**
 * The result as the workflow is to get it. Where it is bad and Temporal cannot be reached, traffic
 * is taken back first. A refusal means that somebody newer has decided, or that there is nobody
 * ready to go back to: then the result is all that there is to say.
 */
export async function takeBackIfAlone(
  deps: ActivityDeps,
  request: TakeBackRequest,
  result: WatchResult,
  signal: AbortSignal,
): Promise<WatchResult> {
  const { service, traffic, takeBack } = request;
  if (takeBack === undefined || !isBreach(result, request)) return result;
  const { key, generation, routes, after } = takeBack;
  const untilMs = deps.clock.nowMs() + WITHIN_MS;
  while (!(await deps.temporal.isReachable(signal))) {
    try {
      await deps.router(traffic).apply({ service, key, generation, routes, after }, signal);
      return withNote(
        result,
        `Temporal could not be reached: the watch has taken traffic back to ${namesOf(takeBack)}`,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      const mayMend = FAILURES[error.code].retry && deps.clock.nowMs() < untilMs;
      if (!mayMend) return result;
      await deps.clock.pause(AGAIN_AFTER_MS, signal);
    }
  }
  return result;
}

/** A guard never acts because there is no data; a judge has waited for it long enough. */
function isBreach(result: WatchResult, { purpose }: TakeBackRequest): boolean {
  switch (result.kind) {
    case 'unhealthy':
      return true;
    case 'judged':
      return purpose === 'guard' ? result.verdict.kind === 'fail' : isToGoBack(result.verdict);
    default:
      return result satisfies never;
  }
}

/** A step back, and what nothing can be said of, is for the workflow and for people. */
function isToGoBack({ kind, action }: Verdict): boolean {
  return action === undefined && (kind === 'fail' || kind === 'no_data');
}

function withNote(result: WatchResult, note: string): WatchResult {
  switch (result.kind) {
    case 'unhealthy':
      return { ...result, report: `${result.report}; ${note}`, takenBack: true };
    case 'judged': {
      const { verdict } = result;
      const summary = `${verdict.summary}; ${note}`;
      return { ...result, verdict: { ...verdict, summary }, takenBack: true };
    }
    default:
      return result satisfies never;
  }
}

function namesOf({ routes }: NonNullable<WatchRequest['takeBack']>): string {
  const served = routes.filter(({ weightPercent }) => weightPercent > 0);
  return served.map(({ version }) => version).join(' and ');
}
