import { condition, setHandler } from '@temporalio/workflow';
import type { AskGateRequest, CallInput, GateAnswer } from '../../src/activities/requests.ts';
import { answerText } from '../../src/domain/release/answer-text.ts';
import type { ServiceView } from '../../src/domain/release/commands.ts';
import type { HookCall } from '../../src/domain/release/hook.schema.ts';
import { hookFailureCode } from '../../src/domain/release/hooks.ts';
import { callsFor } from '../../src/workflows/activities.ts';
import { failureOf } from '../../src/workflows/failure.ts';
import { stateQuery } from '../../src/workflows/messages.ts';

/** The least of a release that calls: for tests of the calls alone. */

export type Called =
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export async function hook(queue: string, call: HookCall, input: CallInput): Promise<Called> {
  const calls = callsFor(queue);
  try {
    const answer: unknown =
      call.kind === 'webhook'
        ? await calls.callHook(call, input)
        : await calls.callForeign(call, input);
    return { kind: 'done', text: answerText(answer) };
  } catch (error) {
    const { code, message } = failureOf(error);
    return { kind: 'failed', code: hookFailureCode(code), message };
  }
}

export async function gate(queue: string, request: AskGateRequest): Promise<GateAnswer> {
  return callsFor(queue).askGate(request.untilMs - Date.now())(request);
}

/** Another service, which only says how it stands. */
export async function service(view: ServiceView): Promise<void> {
  setHandler(stateQuery, () => view);
  await condition(() => false);
}
