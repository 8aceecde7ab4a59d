import { defineQuery, setHandler, sleep, upsertMemo } from '@temporalio/workflow';

export const turnsQuery = defineQuery<number>('turns');

/** What it does depends on the clock of each of its tasks, to a tenth of a second. */
export async function clocked(turns: number): Promise<void> {
  let done = 0;
  setHandler(turnsQuery, () => done);
  while (done < turns) {
    await sleep(1500);
    done += 1;
    if (Math.floor(Date.now() / 100) % 2 === 0) void sleep(5);
    upsertMemo({ done });
  }
}
