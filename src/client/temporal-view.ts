import { Connection, isGrpcServiceError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Failure } from '../domain/failure.ts';
import { onOneLine } from '../domain/paging/page-words.ts';
import type { PendingActivity, RunStanding, RunTimer } from '../domain/watchdog/run-problems.ts';

/** One run of a workflow. */
export interface RunId {
  readonly workflowId: string;
  readonly runId: string;
}

export interface FoundRuns {
  readonly runs: readonly RunId[];
  /** For the next part; `undefined`: this was the last one. */
  readonly next: Uint8Array | undefined;
}

/**
 * What can be seen of Temporal from outside, without a worker. Nothing is changed by it. Each call
 * ends within 10 s and throws `TemporalUnreachable` where there was no answer, or an error.
 */
export interface TemporalView {
  readonly address: string;
  readonly namespace: string;
  /**
   * When a worker last asked a task queue for work; 0: not for minutes. An answer that is later
   * than `enoughMs` may not be the latest.
   */
  lastAsked(queue: string, kind: 'workflow' | 'activity', enoughMs: number): Promise<number>;
  /**
   * Running workflows of a task queue, newest first, as visibility has them: it lags behind. Where
   * the server does not take `after` (any more), the first part is given again.
   */
  running(queue: string, max: number, after: Uint8Array | undefined): Promise<FoundRuns>;
  /** Those whose workflow tasks the server reports as failing; none where it does not report. */
  reported(queue: string, max: number): Promise<readonly RunId[]>;
  /** `undefined`: it does not run any more. */
  standing(run: RunId): Promise<RunStanding | undefined>;
  /** Timers that have neither fired nor been cancelled, of those begun in the last `events`. */
  openTimers(run: RunId, events: number): Promise<readonly RunTimer[]>;
  /** Forgets its connection: one that has failed is only slowly tried again. */
  reconnect(): void;
  close(): Promise<void>;
}

const ANSWERS_WITHIN_MS = 10_000;

/** Of gRPC (https://grpc.io/docs/guides/status-codes). */
const UNKNOWN = 2;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const INTERNAL = 13;
/** Which of these a server says to a token that it cannot read depends on where it keeps its lists. */
const TOKEN_REFUSED = [UNKNOWN, INVALID_ARGUMENT, INTERNAL];

/** Of temporal/api/enums/v1. */
const ENHANCED = 1;
const QUEUE_TYPE = { workflow: 1, activity: 2 } as const;
const TASK_STARTED = 2;
const ACTIVITY = { scheduled: 1, started: 2, cancelRequested: 3 };
const TIMER = { started: 17, fired: 18, cancelled: 19 };
const RUNNING = 1;

/** Connects as Temporal's own tools do, when it is first asked. */
export function createTemporalView(
  options: { readonly address?: string; readonly namespace?: string } = {},
): TemporalView {
  const config = loadClientConnectConfig();
  const address = options.address ?? config.connectionOptions.address ?? 'localhost:7233';
  const namespace = options.namespace ?? config.namespace ?? 'default';
  // Nothing is tried again within a look: the next one is near, and what is wrong is seen at once.
  const connect = () => Connection.lazy({ ...config.connectionOptions, address, interceptors: [] });
  let connection = connect();

  async function ask<T>(
    what: string,
    work: (service: Connection['workflowService']) => Promise<T>,
  ): Promise<T> {
    const { workflowService } = connection;
    try {
      return await connection.withDeadline(Date.now() + ANSWERS_WITHIN_MS, () =>
        work(workflowService),
      );
    } catch (error) {
      const why = onOneLine(error instanceof Error ? error.message : String(error));
      throw new Failure('TemporalUnreachable', `${what}: ${why}`, { cause: error });
    }
  }

  async function found(query: string, pageSize: number, nextPageToken?: Uint8Array) {
    const page = await ask('ListWorkflowExecutions', (service) =>
      service.listWorkflowExecutions({
        ...{ namespace, query, pageSize },
        ...(nextPageToken === undefined ? {} : { nextPageToken }),
      }),
    );
    const next = page.nextPageToken;
    return {
      runs: page.executions.flatMap(({ execution }) => runOf(execution)),
      next: next.length === 0 ? undefined : next,
    };
  }

  return {
    address,
    namespace,
    lastAsked: (queue, kind, enoughMs) => lastAsked({ ask, namespace }, { queue, kind }, enoughMs),
    async running(queue, max, after) {
      try {
        return await found(runningOn(queue), max, after);
      } catch (error) {
        // It would be refused whenever it is asked with.
        const isAnswered = TOKEN_REFUSED.some((status) => hasStatus(error, status));
        if (after === undefined || !isAnswered) throw error;
        return found(runningOn(queue), max);
      }
    },
    reported: (queue, max) => reported(found, queue, max),
    async standing(run) {
      const described = await ask('DescribeWorkflowExecution', (service) =>
        service.describeWorkflowExecution({ namespace, execution: run }),
      ).catch(noneIfGone);
      if (described?.workflowExecutionInfo?.status !== RUNNING) return undefined;
      return standingOf(run, described);
    },
    async openTimers(run, events) {
      const history = await ask('GetWorkflowExecutionHistoryReverse', (service) =>
        service.getWorkflowExecutionHistoryReverse({
          ...{ namespace, execution: run, maximumPageSize: events },
        }),
      ).catch(noneIfGone);
      return openTimersIn(history?.history?.events ?? []);
    },
    reconnect() {
      // Nobody waits for the end of a connection that has failed.
      void connection.close().catch(() => undefined);
      connection = connect();
    },
    close: () => connection.close(),
  };
}

function runningOn(queue: string): string {
  return `TaskQueue = '${queue}' AND ExecutionStatus = 'Running'`;
}

/** Servers that do not know the search attribute report nothing. */
async function reported(
  found: (query: string, pageSize: number) => Promise<FoundRuns>,
  queue: string,
  max: number,
): Promise<readonly RunId[]> {
  const reports = ['WorkflowTaskFailed', 'WorkflowTaskTimedOut'];
  const values = reports.map((name) => `'category=${name}'`).join(', ');
  const query = `${runningOn(queue)} AND TemporalReportedProblems IN (${values})`;
  try {
    return (await found(query, max)).runs;
  } catch (error) {
    if (hasStatus(error, INVALID_ARGUMENT)) return [];
    throw error;
  }
}

type Ask = <T>(
  what: string,
  work: (service: Connection['workflowService']) => Promise<T>,
) => Promise<T>;

/**
 * The root partition of the queue is asked first. Where nobody asked it of late, all partitions are
 * looked at, in a way that servers may cease to support.
 */
async function lastAsked(
  { ask, namespace }: { readonly ask: Ask; readonly namespace: string },
  { queue: name, kind }: { readonly queue: string; readonly kind: keyof typeof QUEUE_TYPE },
  enoughMs: number,
): Promise<number> {
  const question = { namespace, taskQueue: { name }, taskQueueType: QUEUE_TYPE[kind] };
  const root = await ask('DescribeTaskQueue', (service) => service.describeTaskQueue(question));
  const atRootMs = latestOf(root.pollers);
  if (atRootMs > enoughMs) return atRootMs;
  const all = await ask('DescribeTaskQueue', (service) =>
    service.describeTaskQueue({
      ...question,
      ...{ apiMode: ENHANCED, taskQueueTypes: [QUEUE_TYPE[kind]], reportPollers: true },
    }),
  ).catch((error: unknown) => {
    if (hasStatus(error, INVALID_ARGUMENT)) return undefined;
    throw error;
  });
  const elsewhere = Object.values(all?.versionsInfo ?? {})
    .flatMap(({ typesInfo }) => Object.values(typesInfo ?? {}))
    .flatMap(({ pollers }) => pollers ?? []);
  return Math.max(atRootMs, latestOf(elsewhere));
}

function latestOf(pollers: readonly { readonly lastAccessTime?: Time }[]): number {
  return Math.max(0, ...pollers.map(({ lastAccessTime }) => msOf(lastAccessTime)));
}

function hasStatus(error: unknown, status: number): boolean {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  return isGrpcServiceError(cause) && cause.code === status;
}

/** A run that has ended, or is too old to be kept, is no error. A lost namespace is. */
function noneIfGone(error: unknown): undefined {
  const isRun = error instanceof Error && !/namespace/i.test(error.message);
  if (isRun && hasStatus(error, NOT_FOUND)) return undefined;
  throw error;
}

type Described = Awaited<ReturnType<Connection['workflowService']['describeWorkflowExecution']>>;

function standingOf({ workflowId }: RunId, described: Described): RunStanding {
  const { workflowExecutionInfo: info, pendingWorkflowTask: task } = described;
  return {
    workflowId,
    type: info?.type?.name ?? 'unknown',
    historyLength: Number(info?.historyLength ?? 0),
    task: task == null ? { kind: 'none' } : taskOf(task),
    activities: described.pendingActivities.flatMap((one) => activityOf(one)),
  };
}

function taskOf(task: NonNullable<Described['pendingWorkflowTask']>): RunStanding['task'] {
  const attempt = task.attempt ?? 1;
  return task.state === TASK_STARTED
    ? { kind: 'with_a_worker', attempt, sinceMs: msOf(task.startedTime) }
    : { kind: 'waits', attempt, sinceMs: msOf(task.scheduledTime) };
}

/** None where nothing is due: it is paused, or nothing limits its time. */
function activityOf(pending: Described['pendingActivities'][number]): readonly PendingActivity[] {
  const type = pending.activityType?.name ?? 'unknown';
  switch (pending.state) {
    case ACTIVITY.scheduled: {
      const dueMs = Math.max(msOf(pending.scheduledTime), msOf(pending.nextAttemptScheduleTime));
      return [{ type, dueMs, waitsFor: 'a worker' }];
    }
    case ACTIVITY.started:
    case ACTIVITY.cancelRequested: {
      const dueMs = msOf(pending.expirationTime);
      return dueMs > 0 ? [{ type, dueMs, waitsFor: 'its end' }] : [];
    }
    default:
      return [];
  }
}

type Event = NonNullable<
  NonNullable<
    Awaited<
      ReturnType<Connection['workflowService']['getWorkflowExecutionHistoryReverse']>
    >['history']
  >['events']
>[number];

/** `events`: newest first. */
function openTimersIn(events: readonly Event[]): readonly RunTimer[] {
  const over = new Set<string>();
  const open: RunTimer[] = [];
  for (const event of events) {
    const ended = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
    if (event.eventType === TIMER.fired || event.eventType === TIMER.cancelled) {
      over.add(String(ended?.startedEventId));
    }
    if (event.eventType !== TIMER.started || over.has(String(event.eventId))) continue;
    const { timerId, startToFireTimeout } = event.timerStartedEventAttributes ?? {};
    const lastsMs = msOf(startToFireTimeout);
    open.push({ id: timerId ?? 'unknown', dueMs: msOf(event.eventTime) + lastsMs });
  }
  return open;
}

type Time =
  { readonly seconds?: unknown; readonly nanos?: number | null | undefined } | null | undefined;

/** A time or a duration of protobuf; 0 where there is none. */
function msOf(time: Time): number {
  // Year 1 stands for no time in servers written in Go.
  return Math.max(0, Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6);
}

function runOf(
  execution:
    | {
        readonly workflowId?: string | null | undefined;
        readonly runId?: string | null | undefined;
      }
    | null
    | undefined,
): readonly RunId[] {
  const { workflowId, runId } = execution ?? {};
  return workflowId == null || runId == null ? [] : [{ workflowId, runId }];
}
