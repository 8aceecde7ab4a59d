import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.ts';
import type { CallInput, RollBatchRequest } from '../activities/requests.ts';
import type { HookCall } from '../domain/release/hook.schema.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import { WATCH_QUEUE_SUFFIX } from './queues.ts';

const MINUTE_MS = 60_000;
/** Longer than any gate or pause ought to be; at its end the guard begins anew. */
const GUARD_MAX_MS = 365 * 24 * 60 * MINUTE_MS;
/** Between two attempts at a program of the user's. */
const CALL_RETRY = { initialInterval: 1000, backoffCoefficient: 2, maximumInterval: 30_000 };

/**
 * Every proxy with its time limits and retries in one place. Where a retry may help, it goes on
 * until `scheduleToCloseTimeout`; failures that no retry can mend say so themselves.
 */
export function activitiesFor(spec: ReleaseSpec, taskQueue: string) {
  const own = spec.taskQueue;
  // A queue of the user's may have no worker at all: say so instead of waiting for ever. Our own
  // queue may wait, because a worker that comes back is all that is needed.
  const queue =
    own === undefined ? { taskQueue } : { taskQueue: own, scheduleToStartTimeout: 2 * MINUTE_MS };
  const watchQueue = `${taskQueue}${WATCH_QUEUE_SUFFIX}`;
  const retry = { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 5000 };
  const { drainDeadlineMs, environment, health, warmup, validation, watch } = spec;

  const retireAfter = (delayMs: number) => {
    const limitMs = drainDeadlineMs + environment.stopGraceMs + MINUTE_MS;
    return proxyActivities<Activities>({
      ...queue,
      startToCloseTimeout: limitMs,
      scheduleToCloseTimeout: limitMs + 4 * MINUTE_MS + delayMs,
      heartbeatTimeout: 5000,
      retry,
      // Whoever calls it off must know when nothing is being stopped any more.
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      summary: 'drain, then stop the instances',
    }).retireVersion;
  };

  return {
    deploy: proxyActivities<Activities>({
      ...queue,
      startToCloseTimeout: 2 * MINUTE_MS,
      scheduleToCloseTimeout: 10 * MINUTE_MS,
      heartbeatTimeout: 5000,
      retry,
      summary: 'start the instances',
    }).deployVersion,

    countInstances: proxyActivities<Activities>({
      ...queue,
      startToCloseTimeout: 10_000,
      retry,
      summary: 'count the instances that run',
    }).countInstances,

    proveReady: proxyActivities<Activities>({
      taskQueue: watchQueue,
      startToCloseTimeout: health.deadlineMs + warmup.durationMs + 2 * MINUTE_MS,
      heartbeatTimeout: 5000,
      retry,
      summary: 'health checks, then warm-up',
    }).proveReady,

    validate: proxyActivities<Activities>({
      taskQueue: watchQueue,
      startToCloseTimeout: validation.windowMs + validation.noDataBudgetMs + 5 * MINUTE_MS,
      heartbeatTimeout: 5000,
      retry,
      summary: 'probe load to both sides, judged',
    }).validateCandidate,

    switchTraffic: proxyActivities<Activities>({
      ...queue,
      startToCloseTimeout: 10_000,
      scheduleToCloseTimeout: 2 * MINUTE_MS,
      retry: { ...retry, maximumInterval: 1000 },
      summary: 'switch traffic to the candidate',
    }).switchTraffic,

    trafficBack: proxyActivities<Activities>({
      ...queue,
      startToCloseTimeout: 10_000,
      scheduleToCloseTimeout: MINUTE_MS,
      retry: { ...retry, maximumInterval: 1000 },
      summary: 'traffic back to what is known good',
    }).switchTraffic,

    /** A watch of another length than the release's own; null, a guard without an end. */
    watchFor(durationMs: number | null) {
      const limitMs =
        durationMs === null ? GUARD_MAX_MS : durationMs + watch.noDataBudgetMs + 5 * MINUTE_MS;
      return proxyActivities<Activities>({
        taskQueue: watchQueue,
        startToCloseTimeout: limitMs,
        scheduleToCloseTimeout: limitMs,
        heartbeatTimeout: 5000,
        retry: { ...retry, maximumInterval: 1000 },
        summary: durationMs === null ? 'guard what has been reached' : 'watch under live traffic',
      }).watchRelease;
    },

    compareArms(durationMs: number) {
      return proxyActivities<Activities>({
        taskQueue: watchQueue,
        startToCloseTimeout: durationMs + 5 * MINUTE_MS,
        scheduleToCloseTimeout: durationMs + 10 * MINUTE_MS,
        heartbeatTimeout: 5000,
        retry,
        // What has been counted until then is worth waiting for.
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        summary: 'compare the arms',
      }).compareArms;
    },

    /** Its limits follow from the request: there and back again, then the watch. */
    rollBatch(request: RollBatchRequest) {
      const { going, coming } = request;
      const graceMs = Math.max(going.environment.stopGraceMs, coming.environment.stopGraceMs);
      const oneWayMs =
        request.drainDeadlineMs + graceMs + request.health.deadlineMs + request.warmup.durationMs;
      const watchMs = request.stabilizeMs + request.watch.noDataBudgetMs;
      const limitMs = 2 * (oneWayMs + 5 * MINUTE_MS) + watchMs;
      return proxyActivities<Activities>({
        ...queue,
        startToCloseTimeout: limitMs,
        scheduleToCloseTimeout: limitMs + 5 * MINUTE_MS,
        heartbeatTimeout: 5000,
        retry: { ...retry, maximumInterval: 1000 },
        summary: `${coming.version}: instances ${request.from} to ${request.to}`,
      }).rollBatch(request);
    },

    verify: proxyActivities<Activities>({
      taskQueue: watchQueue,
      startToCloseTimeout: watch.noDataBudgetMs + 5 * MINUTE_MS,
      scheduleToCloseTimeout: watch.noDataBudgetMs + 10 * MINUTE_MS,
      heartbeatTimeout: 5000,
      retry,
      summary: 'verify the version that traffic is back on',
    }).verifyRollback,

    retire: retireAfter(0),
    /** Waits as long between two attempts of the activity: that costs no event. */
    retireAfter,

    ...callsFor(taskQueue),

    notify: proxyActivities<Activities>({
      taskQueue,
      startToCloseTimeout: 15_000,
      scheduleToCloseTimeout: 24 * 60 * MINUTE_MS,
      retry: { initialInterval: 1000, backoffCoefficient: 2, maximumInterval: MINUTE_MS },
      summary: 'tell people',
    }).notify,
  };
}

/** The calendar is read by Belay's own workers. */
export function findFreezesOn(taskQueue: string) {
  return proxyActivities<Activities>({
    taskQueue,
    startToCloseTimeout: 10_000,
    retry: { initialInterval: 500, maximumInterval: 10_000 },
    summary: 'look for freeze windows',
  }).findFreezes;
}

/** For the owner of a service that finds runs which it does not know. */
export function readGenerationOf(spec: ReleaseSpec, taskQueue: string) {
  return proxyActivities<Activities>({
    taskQueue: spec.taskQueue ?? taskQueue,
    startToCloseTimeout: 10_000,
    scheduleToCloseTimeout: 2 * MINUTE_MS,
    retry: { initialInterval: 500, maximumInterval: 5000 },
    summary: 'ask the load balancer for its newest generation',
  }).readGeneration;
}

/** What asks programs of the user's: each call has its own time and attempts. */
export function callsFor(taskQueue: string) {
  return {
    callHook: (call: Extract<HookCall, { kind: 'webhook' }>, input: CallInput) =>
      proxyActivities<Activities>({
        taskQueue,
        startToCloseTimeout: call.timeoutMs + 10_000,
        heartbeatTimeout: 5000,
        retry: { ...CALL_RETRY, maximumAttempts: call.attempts },
        summary: `${input.when}: the hook ${input.name}`,
      }).callHook({ call, input }),

    /** An activity of the user's, by its name, on their own task queue. */
    async callForeign(
      call: Extract<HookCall, { kind: 'activity' }>,
      input: CallInput,
    ): Promise<unknown> {
      const theirs = proxyActivities<Record<string, (input: CallInput) => Promise<unknown>>>({
        taskQueue: call.taskQueue,
        startToCloseTimeout: call.timeoutMs,
        // Nobody may listen there: that is said, instead of waiting for ever.
        scheduleToStartTimeout: 2 * MINUTE_MS,
        ...(call.heartbeatMs === undefined ? {} : { heartbeatTimeout: call.heartbeatMs }),
        retry: { ...CALL_RETRY, maximumAttempts: call.attempts },
        summary: `${input.when}: the hook ${input.name}`,
      });
      return theirs[call.type]?.(input);
    },

    /** `forMs`: until the end that the request names. */
    askGate: (forMs: number) =>
      proxyActivities<Activities>({
        taskQueue: `${taskQueue}${WATCH_QUEUE_SUFFIX}`,
        startToCloseTimeout: Math.max(0, forMs) + 5 * MINUTE_MS,
        heartbeatTimeout: 5000,
        retry: CALL_RETRY,
        summary: 'ask at a gate',
      }).askGate,
  };
}

/** For the `service` workflow, which has no specification of its own. */
export function runStateActivity(taskQueue: string) {
  return proxyActivities<Activities>({
    taskQueue,
    startToCloseTimeout: 10_000,
    retry: { initialInterval: 500, maximumInterval: 10_000 },
    summary: 'ask Temporal how the run stands',
  }).runState;
}
