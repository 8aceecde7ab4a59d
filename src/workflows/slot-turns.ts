import { condition, patched } from '@temporalio/workflow';

/** For the end of a run that is on its way while the next request comes. */
const FREE_WITHIN_MS = 1000;

/** Owners live for ever: what one has done by older code is replayed as it was. Ask where it differs. */
export function isInOrder(): boolean {
  return patched('owner-in-order');
}

/** For whom a request waits before it takes the slot, or tells the run that has it. */
export function openTurns(isFree: () => boolean) {
  let isWaitedFor = false;
  /** The next of the queue is being asked whether it may begin: nobody overtakes it. */
  let isFilling = false;
  /** Runs that are being started: nobody could tell them anything yet. */
  let starting = 0;

  /**
   * A run that has ended may hold the slot for another moment, also within one workflow task: an
   * update is handled before the end of a child that came earlier. So no validator can say whether
   * a run is in the way.
   */
  async function untilFree(): Promise<void> {
    if (isFree()) return;
    isWaitedFor = true;
    await condition(isFree, FREE_WITHIN_MS, { summary: 'for the run before to end' });
  }

  async function untilStarted(): Promise<void> {
    if (starting > 0 && isInOrder()) await condition(() => starting === 0);
  }

  return {
    untilFree,
    untilStarted,
    async untilTurn(): Promise<void> {
      if (isFilling) await condition(() => !isFilling);
      await untilFree();
      // The run before has ended: now the next of the queue is asked, or is being started.
      while ((isFilling || starting > 0) && isInOrder()) {
        await condition(() => !isFilling && starting === 0);
        await untilFree();
      }
    },
    async filling<T>(work: () => Promise<T>): Promise<T> {
      isFilling = true;
      try {
        return await work();
      } finally {
        isFilling = false;
      }
    },
    async starting<T>(work: () => Promise<T>): Promise<T> {
      starting += 1;
      try {
        return await work();
      } finally {
        starting -= 1;
      }
    },
    /** Somebody waits for the slot: then the run is asked for at once. */
    isWaitedFor: (): boolean => isWaitedFor,
    isAsked(): void {
      isWaitedFor = false;
    },
  };
}
