import type { UpdateDefinition } from '@temporalio/common';
import { CancellationScope, condition, setHandler } from '@temporalio/workflow';

/**
 * As `setHandler`, and the handler begins when all that came in the same workflow task has been
 * taken in: what has ended is known, and the main line of the workflow has gone as far as it can.
 *
 * Without it a worker that has nothing cached may do what no replay does. Core hands it several
 * tasks as one where all but the last brought nothing, and an update before what came in the others;
 * a replay hands over the same tasks one by one. A handler that acted on the state of the moment
 * would begin something else in each: TMPRL1100, a workflow that is stuck for good.
 *
 * What the validator has allowed may no longer be: a handler asks again what depends on the state.
 */
export function onUpdate<Ret, Args extends unknown[]>(
  definition: UpdateDefinition<Ret, Args>,
  handler: (...args: Args) => Ret | Promise<Ret>,
  options: { readonly validator: (...args: Args) => void; readonly description: string },
): void {
  setHandler(
    definition,
    async (...args: Args) => {
      // A workflow that winds up after its cancellation still hears what it is told.
      await CancellationScope.nonCancellable(allTakenIn);
      return handler(...args);
    },
    options,
  );
}

/** Begins no command, so no history shows it. */
async function allTakenIn(): Promise<void> {
  // First what has ended reaches those who wait for it; then whoever that wakes goes on.
  for (const _ of ['ended', 'woken']) {
    await Promise.resolve();
    let isAsked = false;
    await condition(() => {
      const wasAsked = isAsked;
      isAsked = true;
      return wasAsked;
    });
  }
}
