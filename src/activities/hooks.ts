import { Failure } from '../domain/failure.ts';
import { beating } from './beating.ts';
import type { ActivityDeps } from './deps.ts';
import type { CallHookRequest } from './requests.ts';

/** Calls programs of the user's; those that are activities are called by the workflow itself. */
export function createHookActivities(deps: ActivityDeps) {
  return {
    /**
     * One attempt at a hook that is a webhook. Throws `HookFailed` for a no, `HookUnreachable` where
     * it is not known whether the hook has done its work; then the same key is sent again.
     */
    async callHook({ call, input }: CallHookRequest): Promise<{ readonly text: string }> {
      const { url, headersFromEnv, timeoutMs } = call;
      const request = { url, headersFromEnv, timeoutMs, key: input.key, body: input };
      const answer = await beating((signal) => deps.call(request, signal));
      switch (answer.kind) {
        case 'done':
          return { text: answer.text };
        case 'refused':
          throw new Failure('HookFailed', answer.why);
        case 'unanswered': {
          const { why, retryAfterMs } = answer;
          throw new Failure('HookUnreachable', why, { retryAfterMs });
        }
        default:
          return answer satisfies never;
      }
    },
  };
}
