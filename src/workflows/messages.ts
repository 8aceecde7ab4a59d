import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  Accepted,
  Asked,
  Begun,
  CancelCommand,
  DeployCommand,
  RollbackCommand,
  ServiceView,
  ServingNote,
} from '../domain/release/commands.ts';
import type { Progress, RunReport, Verb } from '../domain/release/progress.ts';
import type { Steering } from '../domain/release/steer.ts';

/**
 * Everything that can be said to a workflow. Each command names who and why; its request id is the
 * update id, so that a repeat gives the first answer. A validator refuses without leaving a trace,
 * where the request itself or the phase of a run says enough.
 */

export const deployUpdate = defineUpdate<Accepted, [DeployCommand]>('deploy');
/** What a request has been answered by now: a release that waited may have begun since. */
export const answerQuery = defineQuery<Accepted | null, [string]>('answer');

/** Calls a waiting release off; answers whether it was still waiting. */
export const cancelUpdate = defineUpdate<{ readonly cancelled: boolean }, [CancelCommand]>(
  'cancel',
);
export const rollbackUpdate = defineUpdate<Begun, [RollbackCommand]>('rollback');
export const stateQuery = defineQuery<ServiceView>('state');

/** Sent by a run as soon as it is true. */
export const servingSignal = defineSignal<[ServingNote]>('serving');
/** Sent by a run that has ended but for messages that a channel has not taken yet. */
export const endedSignal = defineSignal<[RunReport]>('ended');

/** What a verb met: the phase, and the step that the release stood at. */
export interface Steered {
  readonly phase: string;
  readonly step: string | undefined;
}

/** One update a verb, so that Temporal's UI shows by name what people asked of a release. */
export const verbUpdates = {
  pause: defineUpdate<Steered, [Steering]>('pause'),
  resume: defineUpdate<Steered, [Steering]>('resume'),
  promote: defineUpdate<Steered, [Steering]>('promote'),
  promote_full: defineUpdate<Steered, [Steering]>('promote_full'),
  step_back: defineUpdate<Steered, [Steering]>('step_back'),
  retry: defineUpdate<Steered, [Steering]>('retry'),
  abort: defineUpdate<Steered, [Steering]>('abort'),
  approve: defineUpdate<Steered, [Steering]>('approve'),
  reject: defineUpdate<Steered, [Steering]>('reject'),
  extend: defineUpdate<Steered, [Steering]>('extend'),
} as const satisfies Record<Verb, unknown>;
/** The twin of `abort` for callers that can only signal; a service passes a rollback on by it. */
export const abortSignal = defineSignal<[Asked]>('abort-signal');
export const progressQuery = defineQuery<Progress>('progress');
