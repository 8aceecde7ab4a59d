import type { ActivateInput, WorkflowInterceptors } from '@temporalio/workflow';

/** What a question is answered that came too early; the client asks again. */
export const ASKED_TOO_EARLY = 'asked before the task of this workflow has begun: ask again';

type Activation = ActivateInput['activation'];
type Job = NonNullable<Activation['jobs']>[number];

/**
 * Refuses to act on events whose task has not begun. When a task is lost with its worker, the server
 * sends waiting queries to any other one, with the whole history; if that one has nothing cached,
 * Core (seen with 1.24 of the SDK and 1.32 of the server) hands over what came after the last task
 * too, by that task's clock, and keeps what follows from it for the task that will come. A replay goes
 * by that task's own clock. Where both come to different commands the workflow would be stuck for
 * good (TMPRL1100). Here the query fails instead, and the worker forgets what it has of the run.
 */
export const interceptors = (): WorkflowInterceptors => {
  let last = { clock: '', events: 0 };
  return {
    internals: [
      {
        activate(input, next) {
          const { activation } = input;
          if (activation.jobs?.every(isQuestion) !== true) {
            const now = { clock: clockOf(activation), events: Number(activation.historyLength) };
            const isEarly = now.clock === last.clock && now.events > last.events;
            if (isEarly && canTell(activation)) throw new Error(ASKED_TOO_EARLY);
            last = now;
          }
          next(input);
        },
      },
    ],
  };
};

function isQuestion({ queryWorkflow }: Job): boolean {
  return queryWorkflow !== null && queryWorkflow !== undefined;
}

function clockOf({ timestamp }: Activation): string {
  return `${timestamp?.seconds}.${timestamp?.nanos}`;
}

/**
 * A server that skips time counts in milliseconds, and two tasks may share one. What a local activity
 * brings comes within a task, however often that has been prolonged.
 */
function canTell({ isReplaying, timestamp, jobs }: Activation): boolean {
  if (isReplaying === true || (timestamp?.nanos ?? 0) % 1_000_000 === 0) return false;
  return jobs?.every(({ resolveActivity }) => resolveActivity?.isLocal === true) !== true;
}
