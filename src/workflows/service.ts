import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { ServiceState } from '../domain/release/service-state.ts';
import { openSlot } from './slot.ts';

/** How often a run is asked for that was started before this workflow continued as new. */
const ASK_EVERY_MS = 15_000;

/**
 * The durable owner of one service: which version is stable, what came before, and who may roll
 * out now. Lives for ever; hands itself on before its history grows long.
 */
export async function service(first: ServiceState): Promise<never> {
  const slot = openSlot(first);
  /** Whoever has been let in is answered first, and what they wait for goes on so long. */
  const handOn = (): boolean => workflowInfo().continueAsNewSuggested && allHandlersFinished();

  for (;;) {
    const { active } = slot;
    const woken = (): boolean => slot.hasEnds() || slot.hasNext() || handOn();
    if (active === null || slot.follows(active)) {
      await condition(woken);
    } else {
      await condition(() => woken() || slot.isWaitedFor(), ASK_EVERY_MS, {
        summary: 'before the run is asked whether it still runs',
      });
      if (!woken()) await slot.askAfter(active);
    }
    await slot.settle();
    if (handOn() && !slot.hasEnds()) return continueAsNew<typeof service>(slot.state);
    await slot.beginNext();
  }
}
