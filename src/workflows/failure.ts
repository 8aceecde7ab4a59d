import {
  ActivityFailure,
  ApplicationFailure,
  TimeoutFailure,
  isCancellation,
  rootCause,
} from '@temporalio/workflow';
import { type FailureCode, isFailureCode } from '../domain/failure.ts';

/** What went wrong, in the words of the failure table, from whatever an activity threw. */
export function failureOf(error: unknown): {
  readonly code: FailureCode;
  readonly message: string;
} {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure && isFailureCode(at.type)) {
      return { code: at.type, message: at.message };
    }
    if (at instanceof TimeoutFailure && at.timeoutType === 'SCHEDULE_TO_START') {
      const activity = error instanceof ActivityFailure ? error.activityType : 'an activity';
      return { code: 'NoWorker', message: `no worker took ${activity} from its task queue` };
    }
  }
  return { code: 'Internal', message: rootCause(error) ?? String(error) };
}

/** Ended without having been carried out: by Temporal, or by the activity that asked it. */
export function isCalledOff(error: unknown): boolean {
  if (isCancellation(error)) return true;
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.type === 'CalledOff';
}
