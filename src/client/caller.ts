import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, WorkflowUpdateFailedError } from '@temporalio/client';
import { Failure } from '../domain/failure.ts';
import { isTooEarly, translated } from './translate.ts';

/** A call that finds no worker must end: an update waits for one for ever. */
export const ANSWER_WITHIN_MS = 15_000;
const SERVER_ANSWERS_WITHIN_MS = 2000;

const TRIES_MAX = 5;
const TRY_AGAIN_AFTER_MS = 200;

/** How every call reaches Temporal: with an end, and with failures of the table only. */
export interface Caller {
  /** `about` names what was asked for, in messages. */
  call<T>(about: string, work: () => Promise<T>): Promise<T>;
  /** Of at most `withinMs`: whatever is silent for so long is `NoWorker`, also the server. */
  within<T>(withinMs: number, about: string, work: () => Promise<T>): Promise<T>;
  /** Without an end of its own, for waiting. */
  wait<T>(about: string, work: () => Promise<T>): Promise<T>;
}

export function createCaller({
  connection,
  taskQueue,
  address,
}: {
  readonly connection: Connection;
  readonly taskQueue: string;
  readonly address: string;
}): Caller {
  /** Nobody has answered: where the server itself does, it is the worker that is missing. */
  async function requireServer(cause: Failure): Promise<void> {
    const untilMs = Date.now() + SERVER_ANSWERS_WITHIN_MS;
    try {
      await connection.withDeadline(untilMs, () => connection.workflowService.getSystemInfo({}));
    } catch {
      throw new Failure(
        'TemporalUnreachable',
        `Temporal at ${address} does not answer; what was asked may still be carried out: ` +
          'repeat it with the same request id',
        { cause },
      );
    }
  }

  const wait: Caller['wait'] = (about, work) =>
    translated(() => untilTaken(work), { address, about, taskQueue });

  const within: Caller['within'] = (withinMs, about, work) =>
    wait(about, () => connection.withDeadline(Date.now() + withinMs, work));

  return {
    wait,
    within,
    async call(about, work) {
      try {
        return await within(ANSWER_WITHIN_MS, about, work);
      } catch (error) {
        if (error instanceof Failure && error.code === 'NoWorker') await requireServer(error);
        throw error;
      }
    },
  };
}

/**
 * Asks again where the server has taken an update back: the worker to which it was given, or the
 * server itself, went away before it was looked at. Nothing has been done then. The same goes for a
 * query that overtook the task of its workflow.
 */
async function untilTaken<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(isTakenBack(error) || isTooEarly(error)) || tries === TRIES_MAX) throw error;
      await sleep(TRY_AGAIN_AFTER_MS * tries);
    }
  }
}

/** As Temporal's server words it (service/history/workflow/update, `unprocessedUpdateFailure`). */
function isTakenBack(error: unknown): boolean {
  return (
    error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof Error &&
    /wasn't processed by worker/.test(error.cause.message)
  );
}
