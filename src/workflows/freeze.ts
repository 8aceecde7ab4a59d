import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { DeployCommand } from '../domain/release/commands.ts';
import { freezing } from '../domain/release/course.ts';
import type { FreezeWindow } from '../domain/release/freeze-window.ts';
import { findFreezesOn } from './activities.ts';
import type { Context } from './context.ts';
import { failureOf } from './failure.ts';

/** Refuses a release that would begin in a freeze window, unless somebody overrides it. */
export async function requireThawed(command: DeployCommand): Promise<void> {
  const why = await whyFrozen(command);
  if (why !== undefined) throw ApplicationFailure.nonRetryable(why, 'FreezeWindow');
}

/** The window in which a release would begin now, for a person; none, it may. */
async function whyFrozen({ spec, overrideFreeze }: DeployCommand): Promise<string | undefined> {
  const { freezeWindows = [] } = spec;
  if (freezeWindows.length === 0 || overrideFreeze === true) return undefined;
  const { current } = await findFreezesOn(workflowInfo().taskQueue)({ freezeWindows });
  if (current === null) return undefined;
  return `the freeze window ${current.name} is open until ${timeOf(current.toMs)}`;
}

/** As `whyFrozen`, also where the windows cannot be told: who asks for nobody must live on. */
export async function whyNotNow(command: DeployCommand): Promise<string | undefined> {
  try {
    return await whyFrozen(command);
  } catch (error) {
    return `whether a freeze window is open could not be told: ${failureOf(error).message}`;
  }
}

/**
 * Beside the release: when a freeze window begins, the course is told. Ends with the scope that is
 * returned; without freeze windows it costs nothing.
 */
export function heedFreezes(context: Context): CancellationScope {
  const scope = new CancellationScope();
  const { freezeWindows } = context.spec;
  if (freezeWindows.length > 0) {
    scope
      .run(() => follow(context, freezeWindows))
      .catch((error: unknown) => {
        if (!isCancellation(error))
          context.run.warn(`freeze windows are not heeded: ${String(error)}`);
      });
  }
  return scope;
}

async function follow(
  context: Context,
  freezeWindows: Context['spec']['freezeWindows'],
): Promise<void> {
  const findFreezes = findFreezesOn(workflowInfo().taskQueue);
  for (;;) {
    const { current, next } = await findFreezes({ freezeWindows });
    // One that was open when the release began has been overridden for all of it.
    const isNew = current !== null && current.fromMs > context.run.progress.startedAtMs;
    if (isNew) begin(context, current);
    const untilMs = current?.toMs ?? next?.fromMs;
    if (untilMs === undefined) return;
    await sleep(Math.max(1000, untilMs - Date.now()), { summary: 'until the next freeze window' });
  }
}

function begin(context: Context, { name, onBegin, toMs }: FreezeWindow): void {
  const { run, course, notices, spec } = context;
  const changed = freezing(course, { name, untilMs: toMs, onBegin });
  run.note(`the freeze window ${name} has begun, until ${timeOf(toMs)}: ${onBegin}`);
  if (changed === course) return;
  context.update(changed);
  notices.tell({
    occasion: `freeze-${name}-${toMs}`,
    about: 'waiting',
    title: `${spec.service} ${spec.version}: the freeze window ${name} has begun`,
    text: `It lasts until ${timeOf(toMs)}; the release does what its file says: ${onBegin}.`,
  });
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
