import { workflowInfo } from '@temporalio/workflow';
import { answerText } from '../domain/release/answer-text.ts';
import type { FailureCode } from '../domain/failure.ts';
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

/** A hook has failed, whatever it threw; the code says whether anybody had taken the call. */
export class HookError extends Error {
  override readonly name = 'HookError';
  readonly code: FailureCode;

  constructor(hook: string, error: unknown) {
    const { code, message } = failureOf(error);
    super(`the hook ${hook} failed: ${message}`, { cause: error });
    this.code = hookFailureCode(code);
  }
}

/** One call of a program of the user's; its key is the same for every attempt. */
async function call(
  { run, act, ...about }: Caller,
  how: HookSpec['call'],
  { name, when, place = name }: { readonly name: string; readonly when: string; place?: string },
): Promise<void> {
  const { workflowId } = workflowInfo();
  const input = { ...callInputOf({ ...about, workflowId }, place, when), name };
  run.note(`${when}: the hook ${name} is called`);
  const answer = await answerOf(act, how, input);
  run.note(answer === '' ? `the hook ${name} is done` : `the hook ${name} says: ${answer}`);
}

async function answerOf(
  act: Caller['act'],
  how: HookSpec['call'],
  input: ReturnType<typeof callInputOf>,
): Promise<string> {
  switch (how.kind) {
    case 'webhook':
      return answerText(await act.callHook(how, input));
    case 'activity':
      return answerText(await act.callForeign(how, input));
    default:
      return how satisfies never;
  }
}

/** A hook of the release; where it may fail, its failure is a warning. */
export async function callHookOf(context: Context, hook: HookSpec): Promise<void> {
  const { run, act, spec, stable, hooksDone } = context;
  // Before it is called: what may have begun must be undone, and once.
  if (!hooksDone.includes(hook)) hooksDone.push(hook);
  const { service, version } = spec;
  const caller = { run, act, service, version, stable: stable?.version ?? null };
  const { name, when } = hook;
  try {
    // A retry is a call of its own: its key is another one than that of the call that failed.
    const place = context.countedName(`hook-${name}`).replace('hook-', '');
    await context.interruptible(() => call(caller, hook.call, { name, when, place }));
  } catch (error) {
    const failure = new HookError(name, error);
    if (hook.onFailure === 'fail') throw failure;
    run.warn(failure.message);
  }
}

/** On the way back: the newest first; what cannot be undone is a warning, and goes on. */
export async function undoHooks(caller: Caller, hooks: readonly HookSpec[]): Promise<void> {
  for (const { name, when, call: own, undo } of hooks) {
    const isForRollback = when === 'on rollback';
    const how = isForRollback ? own : undo;
    if (how === undefined) continue;
    try {
      await call(caller, how, { name, when: isForRollback ? when : 'undo' });
    } catch (error) {
      caller.run.warn(`on the way back, ${new HookError(name, error).message}`);
    }
  }
}

/** What is to be called when this release goes back. */
export function hooksForRollback({ hooksDone, spec }: Context): readonly HookSpec[] {
  const undone = hooksDone.filter(({ undo }) => undo !== undefined).toReversed();
  return [...undone, ...spec.hooks.filter(({ when }) => when === 'on rollback')];
}
