import { upsertMemo, workflowInfo } from '@temporalio/workflow';

/** What Temporal's UI lists a shard by. */
interface Numbers {
  readonly alerts: number;
  readonly groups: number;
}

/** In a storm nearly every task brings other commands, and each memo is one more event. */
const SHOWN_EVERY_MS = 10_000;

/**
 * The numbers of a shard, and the command that each of its tasks must bring: Core hands tasks that
 * brought none over as one. Then, and only then, what is taken would be taken at another time, and in
 * another order, than by a replay.
 */
export function createAlertMemo() {
  let commandedAt = -1;
  let shownAt = -1;
  let shownMs = -Infinity;
  let shown: Numbers | null = null;

  return {
    /** This task brings another command for certain. */
    commanded(): void {
      commandedAt = workflowInfo().historyLength;
    },
    /** What this task brings may be called off in it again: then it brings nothing. */
    uncommanded(): void {
      commandedAt = -1;
    },
    /** At least once for each task. */
    show(numbers: Numbers): void {
      const { historyLength } = workflowInfo();
      const nowMs = Date.now();
      const isInTask = shownAt === historyLength;
      const isSame = shown?.alerts === numbers.alerts && shown.groups === numbers.groups;
      if (isInTask && isSame) return;
      if (!isInTask && commandedAt === historyLength && nowMs < shownMs + SHOWN_EVERY_MS) return;
      shownAt = historyLength;
      shownMs = nowMs;
      shown = numbers;
      upsertMemo({ ...numbers });
    },
  };
}
