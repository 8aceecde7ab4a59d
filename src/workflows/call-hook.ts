import { effectKey } from '../domain/release/names.ts';
import type { HookSpec } from '../domain/release/hook.schema.ts';
import { workflowInfo } from '@temporalio/workflow';
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

/** One call of a program of the user's; its key is the same for every attempt. */
export async function call(
  { run, act, service, version, stable }: Caller,
  how: HookSpec['call'],
  { name, when }: { readonly name: string; readonly when: string },
): Promise<void> {
  const { workflowId } = workflowInfo();
  const key = effectKey(workflowId, `${when.replaceAll(' ', '-')}-${name}`);
  const input = { service, version, stable, workflowId, name, when, key };
  run.note(`${when}: the hook ${name} is called`);
  switch (how.kind) {
    case 'webhook':
      await act.callHook(how, input);
      break;
    case 'activity':
      await act.callForeign(how, input);
      break;
    default:
      return how satisfies never;
  }
  run.note(`the hook ${name} is done`);
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
