import {
  QueryNotRegisteredError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  isGrpcDeadlineError,
  isGrpcServiceError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Failure, isFailureCode } from '../domain/failure.ts';
import { ASKED_TOO_EARLY } from '../workflows/task-guard.ts';

/** Of gRPC (https://grpc.io/docs/guides/status-codes). */
const CANCELLED = 1;

/** What a call was about, for the message. */
export interface About {
  readonly address: string;
  readonly about?: string;
  readonly taskQueue?: string;
}

/** Runs `work` and turns whatever Temporal throws into a failure of the table. */
export async function translated<T>(work: () => Promise<T>, about: About): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error, about);
  }
}

function translate(error: unknown, { address, about = 'Temporal', taskQueue }: About): Failure {
  if (error instanceof Failure) return error;
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure && isFailureCode(at.type)) {
      return new Failure(at.type, at.message, { cause: error });
    }
  }
  const cause = { cause: error };
  if (error instanceof WorkflowNotFoundError) {
    return new Failure('NotFound', `${about} is not known to Belay`, cause);
  }
  if (hasName(error, 'NamespaceNotFoundError')) {
    return new Failure(
      'TemporalUnreachable',
      `Temporal at ${address}: ${messageOf(error)}; TEMPORAL_NAMESPACE or the profile names it`,
      cause,
    );
  }
  const silent =
    isGrpcDeadlineError(error) ||
    hasName(error, 'WorkflowUpdateRPCTimeoutOrCancelledError') ||
    // A query whose worker went away in the middle of it.
    isCancelled(error) ||
    isTooEarly(error) ||
    // What the server says at once where it has seen no worker for a while.
    (isGrpcServiceError(error) && /no poller seen/i.test(error.message));
  if (silent) {
    return new Failure(
      'NoWorker',
      `no worker of task queue ${taskQueue ?? 'belay'} answered for ${about} in time; ` +
        'what was asked may still be carried out: repeat it with the same request id',
      cause,
    );
  }
  if (isGrpcServiceError(error) || hasName(error, 'TransportError')) {
    return new Failure('TemporalUnreachable', `Temporal at ${address}: ${messageOf(error)}`, cause);
  }
  if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError) {
    return new Failure('Internal', `${about}: ${messageOf(error.cause)}`, cause);
  }
  if (error instanceof QueryNotRegisteredError) {
    return new Failure('NotFound', `${about} is not a release or rollback`, cause);
  }
  const message = messageOf(error);
  if (/connect|ECONN|unavailable/i.test(message)) {
    return new Failure('TemporalUnreachable', `Temporal at ${address}: ${message}`, cause);
  }
  return new Failure('Internal', `${about}: ${message}`, cause);
}

/** A query that a worker has refused to answer yet. */
export function isTooEarly(error: unknown): boolean {
  return error instanceof QueryNotRegisteredError && error.message.includes(ASKED_TOO_EARLY);
}

function isCancelled(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at) && at.code === CANCELLED) return true;
  }
  return false;
}

function hasName(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
