import { ApplicationFailure, Context, activityInfo } from '@temporalio/activity';
import type { Client, WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { poll } from './poll.ts';

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

interface Ending {
  readonly workflowId: string;
  readonly runId: string;
  readonly activityId: string;
}

const WITHIN_MS = 20_000;
const { PENDING_ACTIVITY_STATE_SCHEDULED: SCHEDULED } =
  proto.temporal.api.enums.v1.PendingActivityState;

/**
 * The test server breaks for good where a task calls off a page that has ended since the task began
 * (ACTIVITY_UNKNOWN); a real one takes it. So no page ends while somebody speaks, and nobody speaks
 * before the end of each has been recorded. That a page begins or arrives waits for nobody.
 */
export function createTurns(client: Client) {
  let speaking: Promise<void> | undefined;
  const endings = new Set<Ending>();

  const eventsOf = async (id: string, runId?: string): Promise<Events> =>
    (await client.workflow.getHandle(id, runId).fetchHistory()).events ?? [];

  async function recorded(one: Ending): Promise<void> {
    await poll(WITHIN_MS, async () =>
      hasEnded(await eventsOf(one.workflowId, one.runId), one.activityId) ? true : undefined,
    );
    endings.delete(one);
  }

  /** One after the other, and none amid a task of its workflow, which may call it off by itself. */
  let ended: Promise<void> = Promise.resolve();

  async function end(): Promise<void> {
    const { activityId, workflowExecution } = activityInfo();
    const before = ended;
    let isGone = false;
    const turn = async (): Promise<void> => {
      await before;
      while (speaking !== undefined && !isGone) await speaking;
      if (workflowExecution === undefined || isGone) return;
      await Promise.all([...endings].map(recorded)).catch(() => undefined);
      const { workflowId, runId } = workflowExecution;
      await poll(WITHIN_MS, async () =>
        !isGone && isAmidTask(await eventsOf(workflowId, runId)) ? undefined : true,
      ).catch(() => undefined);
      // Somebody may have begun to speak meanwhile, and must be heard first.
      while (speaking !== undefined && !isGone) await speaking;
      if (!isGone) endings.add({ ...workflowExecution, activityId });
    };
    ended = turn();
    // A worker that shuts down waits for nobody's turn.
    await Promise.race([ended, untilWorkerStops()]);
    isGone = true;
  }

  /** No page ends, and nobody else speaks, until the returned function is called. */
  async function takeTurn(): Promise<() => void> {
    while (speaking !== undefined) await speaking;
    const { promise, resolve } = Promise.withResolvers<void>();
    speaking = promise;
    return () => {
      if (speaking === promise) speaking = undefined;
      resolve();
    };
  }

  async function untilNone(
    ids: readonly string[],
    isSo: (id: string) => Promise<boolean>,
  ): Promise<void> {
    await poll(WITHIN_MS, async () =>
      (await Promise.all(ids.map(isSo))).includes(true) ? undefined : true,
    );
  }

  return {
    /** The same activity, which ends in its turn. */
    activity<Asked, Done>(work: (asked: Asked) => Promise<Done>): (asked: Asked) => Promise<Done> {
      return async (asked) => {
        try {
          const done = await work(asked);
          await end();
          return done;
        } catch (error) {
          if (error instanceof ApplicationFailure && error.nonRetryable === true) await end();
          throw error;
        }
      };
    },

    /**
     * From now on no page ends, and no task of these is due or under way, until the returned function
     * is called. A task that a worker takes while it shuts down is lost, and once that is noticed the
     * test server skips no more time.
     */
    async hush(ids: readonly string[]): Promise<() => void> {
      const free = await takeTurn();
      try {
        await Promise.all([...endings].map(recorded));
        await untilNone(ids, async (id) => isAmidTask(await eventsOf(id)));
      } catch (error) {
        free();
        throw error;
      }
      return free;
    },

    /** A worker has taken each page of these that is to be sent for the first time. */
    async taken(ids: readonly string[]): Promise<void> {
      await untilNone(ids, async (id) => {
        const { raw } = await client.workflow.getHandle(id).describe();
        return (raw.pendingActivities ?? []).some(
          ({ state, attempt }) => state === SCHEDULED && (attempt ?? 1) <= 1,
        );
      });
    },

    /** Says something to an incident; pages end again when it has been heard or answered. */
    async speak<T>(
      id: string,
      say: () => Promise<T>,
      kind: 'update' | 'signal' = 'update',
    ): Promise<T> {
      const free = await takeTurn();
      try {
        await Promise.all([...endings].map(recorded));
        const before = (await eventsOf(id)).length;
        let isOver = false;
        const answer = say();
        answer.then(
          // That a signal has arrived does not mean that it has been heard.
          () => (isOver ||= kind === 'update'),
          () => (isOver = true),
        );
        void poll(WITHIN_MS, async () =>
          isOver || isHeard((await eventsOf(id)).slice(before)) ? true : undefined,
        ).then(free, free);
        return await answer;
      } catch (error) {
        free();
        throw error;
      }
    },
  };
}

/** An update has been accepted, or a task that began after a signal has been completed. */
function isHeard(events: Events): boolean {
  const after = (from: number, name: keyof Events[number]): number =>
    from === -1 ? -1 : events.findIndex((one, index) => index >= from && one[name] != null);
  const signal = Math.max(
    after(0, 'workflowExecutionSignaledEventAttributes'),
    after(0, 'workflowExecutionCancelRequestedEventAttributes'),
  );
  // The server writes a signal down at once, amid a task that knows nothing of it.
  const task = after(signal, 'workflowTaskStartedEventAttributes');
  return (
    after(0, 'workflowExecutionUpdateAcceptedEventAttributes') !== -1 ||
    after(task, 'workflowTaskCompletedEventAttributes') !== -1
  );
}

function untilWorkerStops(): Promise<void> {
  const { cancellationSignal: signal } = Context.current();
  const isStopping = (): boolean =>
    signal.reason instanceof Error && signal.reason.message === 'WORKER_SHUTDOWN';
  return new Promise((resolve) => {
    const look = (): void => {
      if (isStopping()) resolve();
    };
    if (signal.aborted) look();
    else signal.addEventListener('abort', look, { once: true });
  });
}

/** A task is due, or has begun and is not over. */
function isAmidTask(events: Events): boolean {
  const last = events.findLast(
    (one) =>
      one.workflowTaskScheduledEventAttributes != null ||
      one.workflowTaskStartedEventAttributes != null ||
      one.workflowTaskCompletedEventAttributes != null,
  );
  return last !== undefined && last.workflowTaskCompletedEventAttributes == null;
}

function hasEnded(events: Events, activityId: string): boolean {
  const scheduled = events.find(
    ({ activityTaskScheduledEventAttributes: one }) => one?.activityId === activityId,
  );
  return events.some((one) => {
    const end =
      one.activityTaskCompletedEventAttributes ??
      one.activityTaskFailedEventAttributes ??
      one.activityTaskCanceledEventAttributes ??
      one.activityTaskTimedOutEventAttributes;
    if (end != null) return String(end.scheduledEventId) === String(scheduled?.eventId);
    return (
      one.workflowExecutionCompletedEventAttributes != null ||
      one.workflowExecutionFailedEventAttributes != null ||
      one.workflowExecutionContinuedAsNewEventAttributes != null ||
      one.workflowExecutionTerminatedEventAttributes != null
    );
  });
}
