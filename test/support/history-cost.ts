import type { temporal } from '@temporalio/proto';
import { HEARTBEAT_THROTTLE_MS } from '../../src/worker/worker.ts';

export type Event = temporal.api.history.v1.IHistoryEvent;

/** What a run has cost, from its history. */
export interface Cost {
  readonly events: number;
  /** Billable ones, without the heartbeats. */
  readonly actions: number;
  /** That reach the server; each is billed as one Action more. An estimate: no history has them. */
  readonly heartbeats: number;
}

/** Events that are billed (https://docs.temporal.io/cloud/actions). */
const ACTIONS: readonly (readonly [keyof Event, number])[] = [
  ['workflowExecutionStartedEventAttributes', 1],
  ['activityTaskScheduledEventAttributes', 1],
  ['timerStartedEventAttributes', 1],
  ['upsertWorkflowSearchAttributesEventAttributes', 1],
  ['signalExternalWorkflowExecutionInitiatedEventAttributes', 1],
  ['workflowExecutionUpdateAcceptedEventAttributes', 1],
  // Its start is counted in its own history as well.
  ['startChildWorkflowExecutionInitiatedEventAttributes', 1],
];

/** `history`: of a time-skipping server. */
export function costOf(history: readonly Event[]): Cost {
  const billed = ACTIONS.reduce(
    (sum, [name, each]) => sum + each * history.filter((event) => event[name] != null).length,
    0,
  );
  // Each attempt after the first is billed, and has no event of its own.
  const retries = history.reduce(
    (sum, { activityTaskStartedEventAttributes: started }) =>
      sum + Math.max(0, (started?.attempt ?? 1) - 1),
    0,
  );
  return {
    events: history.length - EVENTS_A_TASK * emptyTasks(history),
    actions: billed + retries,
    heartbeats: heartbeatsOf(history),
  };
}

const EVENTS_A_TASK = 3;

/**
 * The time-skipping server asks a workflow once more, with nothing new, when an attempt of an
 * activity fails at the moment at which it asks. Real servers do not: there a canary of 6 steps has
 * the same number of events each time.
 */
function emptyTasks(history: readonly Event[]): number {
  return history.filter(
    (event, at) =>
      event.workflowTaskScheduledEventAttributes != null &&
      history[at - 1]?.workflowTaskCompletedEventAttributes != null,
  ).length;
}

/**
 * The events of an incident without those of its sends: three of each activity, and the workflow
 * tasks that only hear how sends have ended. `history`: of a time-skipping server, which also has a
 * task for each query.
 */
export function besideSends(history: readonly Event[]): number {
  let own = 0;
  let causes = 0;
  for (const [at, event] of history.entries()) {
    if (event.workflowTaskScheduledEventAttributes != null) {
      // The first one begins the workflow; an update asks for a task without an event before it.
      if (causes > 0 || at < EVENTS_A_TASK || isForUpdate(history, at)) own += EVENTS_A_TASK;
    } else if (event.workflowTaskStartedEventAttributes != null) {
      causes = 0;
    } else if (!isOfActivity(event) && event.workflowTaskCompletedEventAttributes == null) {
      own += 1;
      causes += isCause(event) ? 1 : 0;
    }
  }
  return own;
}

function isForUpdate(history: readonly Event[], at: number): boolean {
  return history[at + EVENTS_A_TASK]?.workflowExecutionUpdateAcceptedEventAttributes != null;
}

function isOfActivity(event: Event): boolean {
  return (
    event.activityTaskScheduledEventAttributes != null ||
    event.activityTaskStartedEventAttributes != null ||
    event.activityTaskCompletedEventAttributes != null ||
    event.activityTaskFailedEventAttributes != null ||
    event.activityTaskCanceledEventAttributes != null ||
    event.activityTaskTimedOutEventAttributes != null
  );
}

/** What makes the server ask a workflow for a task, beside the end of an activity. */
function isCause(event: Event): boolean {
  return (
    event.timerFiredEventAttributes != null ||
    event.workflowExecutionSignaledEventAttributes != null ||
    event.workflowExecutionStartedEventAttributes != null
  );
}

/** The most events from one activity of this type to the next, both in the same history. */
export function eventsBetween(history: readonly Event[], activityType: string): number {
  const ids = history
    .filter(
      ({ activityTaskScheduledEventAttributes: scheduled }) =>
        scheduled?.activityType?.name === activityType,
    )
    .map(({ eventId }) => Number(eventId));
  return Math.max(0, ...ids.slice(1).map((id, at) => id - (ids[at] ?? id)));
}

/**
 * An activity with a heartbeat timeout beats every second while it runs; of that the worker lets
 * one through in `HEARTBEAT_THROTTLE_MS`. So: the seconds that such activities ran, divided by that.
 */
function heartbeatsOf(history: readonly Event[]): number {
  const beating = new Set<number>();
  const startedMs = new Map<number, number>();
  let heartbeats = 0;
  for (const event of history) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const started = event.activityTaskStartedEventAttributes;
    const ended =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskCanceledEventAttributes ??
      event.activityTaskTimedOutEventAttributes;
    if (Number(scheduled?.heartbeatTimeout?.seconds ?? 0) > 0) beating.add(Number(event.eventId));
    if (started != null) startedMs.set(Number(started.scheduledEventId), msOf(event));
    const id = Number(ended?.scheduledEventId ?? 0);
    const fromMs = startedMs.get(id);
    if (!beating.has(id) || fromMs === undefined) continue;
    heartbeats += Math.floor((msOf(event) - fromMs) / HEARTBEAT_THROTTLE_MS);
  }
  return heartbeats;
}

function msOf({ eventTime }: Event): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
}
