import { ApplicationFailure, activityInfo, log, metricMeter } from '@temporalio/activity';
import { FAILURES, Failure } from '../domain/failure.ts';

/**
 * The one place where Belay's failures become Temporal's: the code is the type, and the table says
 * whether a retry may help. Anything else is a bug and stays retryable, so that a mended worker
 * goes on with it.
 */
export function toApplicationFailure(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !FAILURES[error.code].retry,
    cause: error,
    ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
  });
}

/** Wraps an activity: failures carry their code, and each failed attempt at an effect is counted. */
export function withCodes<Request, Result>(
  activity: (request: Request) => Promise<Result>,
): (request: Request) => Promise<Result> {
  return async (request) => {
    try {
      return await activity(request);
    } catch (error) {
      if (error instanceof Failure) {
        const { activityType, attempt } = activityInfo();
        metricMeter
          .createCounter('belay_effects_failed', 'attempts', 'Attempts at an effect that failed')
          .add(1, { effect: activityType, code: error.code });
        log.warn(error.message, { code: error.code, attempt });
      }
      throw toApplicationFailure(error);
    }
  };
}
