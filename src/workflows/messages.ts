import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  Accepted,
  Asked,
  DeployCommand,
  RollbackCommand,
  ServiceView,
  ServingNote,
} from '../domain/release/commands.ts';
import type { Progress, RunReport } from '../domain/release/progress.ts';

/**
 * Everything that can be said to a workflow. Each command names who and why; its request id is the
 * update id, so that a repeat gives the first answer. A validator refuses without leaving a trace,
 * where the request itself or the phase of a run says enough.
 */

export const deployUpdate = defineUpdate<Accepted, [DeployCommand]>('deploy');
export const rollbackUpdate = defineUpdate<Accepted, [RollbackCommand]>('rollback');
export const stateQuery = defineQuery<ServiceView>('state');

/** Sent by a run as soon as it is true. */
export const servingSignal = defineSignal<[ServingNote]>('serving');
/** Sent by a run that has ended but for messages that a channel has not taken yet. */
export const endedSignal = defineSignal<[RunReport]>('ended');

export const abortUpdate = defineUpdate<{ readonly phase: string }, [Asked]>('abort');
export const promoteUpdate = defineUpdate<{ readonly phase: string }, [Asked]>('promote');
/** The twin of `abort` for callers that can only signal; a service passes a rollback on by it. */
export const abortSignal = defineSignal<[Asked]>('abort-signal');
export const progressQuery = defineQuery<Progress>('progress');
