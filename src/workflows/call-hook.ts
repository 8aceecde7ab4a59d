import { ApplicationFailure, isCancellation, workflowInfo } from '@temporalio/workflow';
import { answerText } from '../domain/release/answer-text.ts';
import type { HookSpec } from '../domain/release/hook.schema.ts';
import { callInputOf, hookFailureCode } from '../domain/release/hooks.ts';
import type { activitiesFor } from './activities.ts';
import type { Context } from './context.ts';
import { failureOf } from './failure.ts';
import type { Run } from './run.ts';

interface Caller {
  readonly run: Run;
  readonly act: ReturnType<typeof activitiesFor>;
  readonly service: string;
  readonly version: string;
  readonly stable: string | null;
}

/**
 * One call of a program of the user's; its key is the same for every attempt. What it answers is a
 * line of the timeline; whatever it throws is the failure of a hook.
 */
export async function call(
  { run, act, service, version, stable }: Caller,
  how: HookSpec['call'],
  { name, when }: { readonly name: string; readonly when: string },
): Promise<void> {
  const { workflowId } = workflowInfo();
  const input = callInputOf({ service, version, stable, workflowId }, name, when);
  run.note(`${when}: the hook ${name} is called`);
  try {
    const text = answerText(await callBy(act, how, input));
    run.note(text === '' ? `the hook ${name} is done` : `the hook ${name} says: ${text}`);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { code, message } = failureOf(error);
    throw ApplicationFailure.nonRetryable(message, hookFailureCode(code));
  }
}

function callBy(
  act: Caller['act'],
  how: HookSpec['call'],
  input: ReturnType<typeof callInputOf>,
): Promise<unknown> {
  switch (how.kind) {
    case 'webhook':
      return act.callHook(how, input);
    case 'activity':
      return act.callForeign(how, input);
    default:
      return how satisfies never;
  }
}

/** A hook of the release; where it may fail, its failure is a warning. */
export async function callHookOf(context: Context, hook: HookSpec): Promise<void> {
  const { run, act, spec, stable, hooksDone } = context;
  // Before it is called: what may have begun must be undone.
  hooksDone.push(hook);
  const caller = {
    run,
    act,
    service: spec.service,
    version: spec.version,
    stable: stable?.version ?? null,
  };
  try {
    await context.interruptible(() =>
      call(caller, hook.call, { name: hook.name, when: hook.when }),
    );
  } catch (error) {
    if (hook.onFailure === 'fail') throw error;
    run.warn(`the hook ${hook.name} failed: ${failureOf(error).message}`);
  }
}

/** On the way back: the newest first; what cannot be undone is a warning, and goes on. */
export async function undoHooks(caller: Caller, hooks: readonly HookSpec[]): Promise<void> {
  for (const hook of hooks) {
    const how = hook.when === 'on rollback' ? hook.call : hook.undo;
    if (how === undefined) continue;
    const when = hook.when === 'on rollback' ? hook.when : 'undo';
    try {
      await call(caller, how, { name: hook.name, when });
    } catch (error) {
      caller.run.warn(`${when}: the hook ${hook.name} failed: ${failureOf(error).message}`);
    }
  }
}

/** What is to be called when this release goes back. */
export function hooksForRollback({ hooksDone, spec }: Context): readonly HookSpec[] {
  const undone = hooksDone.filter(({ undo }) => undo !== undefined).toReversed();
  return [...undone, ...spec.hooks.filter(({ when }) => when === 'on rollback')];
}
