import { isCancellation } from '@temporalio/workflow';
import { type Course, type Move, failed, levelOf } from '../domain/release/course.ts';
import { type WatchResult, isGood, isKnown, triggerOf } from '../domain/release/decide.ts';
import { type Granted, grantAt, kayentaOf } from '../domain/release/error-budget.ts';
import { effectKey } from '../domain/release/names.ts';
import type { RollbackTrigger } from '../domain/release/progress.ts';
import { refuse, steer } from '../domain/release/steer.ts';
import type { Comparison, Target } from '../activities/requests.ts';
import { type Context, routesAt, steeringAt } from './context.ts';
import { failureOf } from './failure.ts';

type Stay = Extract<Move, { kind: 'stay' }>;

/** What is not known to be bad waits for a person. */
export const NEVER_ALONE = { autoRollback: false, hasFallback: true };

/** Longer than anybody waits; the server ends it when the workflow does. */
export const OPEN_END_MS = 365 * 86_400_000;

/** What the watch of a stay comes back with; one that cannot be carried out knows nothing. */
export async function watch(context: Context, move: Stay): Promise<WatchResult> {
  const { spec, candidate, act, stable, baseline, course } = context;
  const untilMs = move.untilMs ?? Date.now() + OPEN_END_MS;
  const { service, traffic, environment, metrics, thresholds, health } = spec;
  const { weightPercent, sinceMs } = course.stand;
  const isWhole = weightPercent === 100;
  const beside = isWhole || stable === null ? null : (besideOf(baseline, weightPercent) ?? stable);
  const takeBack = takeBackOf(context);
  const standsAt = spec.mode === 'observe' ? undefined : context.trafficGeneration;
  const compare = comparisonOf(context, beside);
  try {
    return await act.watchFor(move.untilMs === null ? null : untilMs - Date.now())({
      service,
      traffic,
      environment,
      metrics,
      thresholds,
      health,
      watch: spec.watch,
      target: candidate,
      baseline: stable,
      limits: spec.validation,
      noData: spec.judge.noData,
      weightPercent,
      fromMs: isWhole && move.why === 'clock' ? Date.now() : sinceMs,
      untilMs,
      ...(beside === null ? {} : { beside }),
      ...(compare === undefined ? {} : { compare }),
      ...(isMirrored(context) ? { audience: 'mirror' as const } : {}),
      ...(spec.mode === 'observe' ? { instances: 'unknown' as const } : {}),
      purpose: move.judge ? 'judge' : 'guard',
      ...(takeBack === undefined ? {} : { takeBack }),
      ...(standsAt === undefined ? {} : { standsAt }),
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { code, message } = failureOf(error);
    if (code === 'TrafficTakenBack') throw error;
    const summary = `the watch ended: ${code}: ${message}`;
    // A judge knows nothing; a guard that is gone is for a person, who may be waited for already.
    if (!move.judge && move.why !== 'held') throw error;
    if (!move.judge) context.run.warn(`nobody watches any more: ${summary}`);
    return { kind: 'judged', verdict: { kind: 'no_data', findings: [], summary } };
  }
}

/** No user meets the candidate, but copies of their requests do. */
function isMirrored(context: Context): boolean {
  return context.course.stand.weightPercent === 0 && steeringAt(context)?.mirror !== undefined;
}

function besideOf(baseline: Context['baseline'], weightPercent: number) {
  return baseline !== null && weightPercent <= 25 ? baseline : undefined;
}

/** What the watch may do by itself when Temporal is away: traffic back, below any later decision. */
function takeBackOf(context: Context) {
  const { trafficGeneration: after, stable, spec, policy, run } = context;
  if (after === undefined || stable === null || !policy.autoRollback) return undefined;
  if (spec.mode === 'observe') return undefined;
  const generation = after + 1;
  return {
    key: effectKey(run.progress.workflowId, `taken-back-${generation}`),
    generation,
    after,
    routes: routesAt({ ...context, baseline: null }, 0),
  };
}

/** What both arms are compared by at this weight, and what of the error budget that may spend. */
function comparisonOf(context: Context, beside: Target | null): Comparison | undefined {
  const { course } = context;
  const { weightPercent } = course.stand;
  // At a barrier the next step has not begun: what is compared belongs to the one before.
  const at = course.stage === 'entering' ? levelOf(course) : course.at;
  const step = course.plan[at];
  if (beside === null || step === undefined) return undefined;
  const routes = routesAt(context, weightPercent);
  const other = routes.find(({ version }) => version === beside.version)?.weightPercent ?? 0;
  if (weightPercent === 0 || other === 0) return undefined;
  const granted = grantFor(context, step.name);
  if (granted === undefined) return undefined;
  const steering = steeringAt(context);
  const unit = steering?.affinity === undefined ? 'requests' : 'users';
  return {
    ...granted,
    split: weightPercent / (weightPercent + other),
    splitUnits: steering?.matches === undefined ? unit : undefined,
  };
}

/** What the comparisons of a step may spend, and where its own metrics are asked for. */
export function grantFor(
  context: Context,
  step: string,
): Omit<Comparison, 'split' | 'splitUnits'> | undefined {
  const { spec } = context;
  const granted = spec.judge.method === 'kayenta' ? kayentaOf(spec) : openedAt(context, step);
  if (granted === undefined) return undefined;
  const server = spec.metrics.find((source) => source.kind === 'prometheus');
  const wanted = granted.kayenta?.metrics ?? granted.metrics;
  const queries = wanted.flatMap(({ name }) => {
    const written = spec.judge.metrics.find((metric) => metric.name === name);
    return written === undefined ? [] : [[name, written.query] as const];
  });
  if (server?.kind !== 'prometheus' || queries.length === 0) return granted;
  return { ...granted, own: { server: serverOf(server), queries: Object.fromEntries(queries) } };
}

/** Out of the error budget, which is charged. */
function openedAt(context: Context, step: string): Granted | undefined {
  const { ledger, spec } = context;
  const opened = ledger === undefined ? undefined : grantAt(ledger, step, spec);
  if (opened !== undefined) context.ledger = opened.ledger;
  return opened?.granted;
}

function serverOf({ url, timeoutMs, headersFromEnv }: NonNullable<Comparison['own']>['server']) {
  return { url, timeoutMs, headersFromEnv };
}

interface Bad {
  readonly trigger: RollbackTrigger;
  readonly reason: string;
  readonly action: 'back' | 'step_back' | 'hold';
}

/** Back, or one weight down and held there, or held where it is, by what is bad. */
export function answerTo(context: Context, course: Course, { action, ...bad }: Bad): Course {
  const { policy, spec, notices } = context;
  const trouble = { ...bad, canRetry: false };
  switch (action) {
    case 'back':
      return failed(course, trouble, policy);
    case 'step_back': {
      if (refuse(course, 'step_back', {}, policy) !== undefined) {
        return failed(course, trouble, NEVER_ALONE);
      }
      notices.tell({
        occasion: `stepped-back-${course.at}`,
        about: 'held',
        title: `${spec.service} ${spec.version}: one weight down, a person must decide`,
        text: bad.reason,
      });
      const by = { requestId: `judge-${course.at}`, who: 'the judge', why: bad.reason };
      return steer(course, 'step_back', by, Date.now(), policy);
    }
    case 'hold':
      return failed(course, trouble, NEVER_ALONE);
    default:
      return action satisfies never;
  }
}

/** While it only guards, that nothing is known is no reason to move. */
export function whatIsBad(result: WatchResult, judge: boolean): Bad | undefined {
  if (result.kind === 'unhealthy') {
    return { trigger: 'health_check', reason: result.report, action: 'back' };
  }
  const { verdict } = result;
  if (isGood(verdict) || (!judge && !isKnown(verdict))) return undefined;
  const isOpen = verdict.kind === 'inconclusive';
  const action = verdict.action ?? (isOpen ? 'hold' : 'back');
  const reason = isOpen ? `inconclusive: ${verdict.summary}` : verdict.summary;
  return { trigger: triggerOf(verdict), reason, action };
}
