import { getExternalWorkflowHandle, sleep } from '@temporalio/workflow';
import { ACCEPTED_BYTES_MAX, BATCH_BYTES_MAX, inBatches } from '../domain/alerting/batches.ts';
import { destinationText } from '../domain/alerting/group-key.ts';
import { formatLabels } from '../domain/alerting/labels.ts';
import type { Handed, Outcome } from '../domain/alerting/shard-state.ts';
import type { Silence } from '../domain/alerting/silence.ts';
import {
  COORDINATOR_ID,
  type OpenedGroups,
  type Unsaid,
  alertsSignal,
  heardSignal,
  openedSignal,
  shardId,
} from './alert-messages.ts';
import { failureOf } from './failure.ts';

/** A shard, or the coordinator, that is not there is tried again: it may be begun any moment. */
const AGAIN_MS = { first: 1000, max: 60_000 };

export type AlertPost = ReturnType<typeof createAlertPost>;

/**
 * What a shard says to others. Everything that is said in one task leaves together, and what one of
 * them is told arrives in its order. Nothing is lost: what does not arrive is said again. `arrived` is
 * called in each task that brings an arrival, as that may bring nothing else: alert-memo.ts.
 */
export function createAlertPost(
  shard: number,
  version: () => number,
  warn: (why: string) => void,
  arrived: () => void,
) {
  /** By the version that it was said by, as a task may bring a configuration amid it. */
  let toShards: { readonly to: number; readonly version: number; readonly handed: Handed[] }[] = [];
  let opened: { readonly version: number; readonly groups: Outcome['opened'] }[] = [];
  /** Batches that have not arrived. */
  const waiting = new Set<Unsaid>();
  const lines = new Map<string, Promise<void>>();
  let isLeaving = false;

  function leaveSoon(): void {
    if (isLeaving) return;
    isLeaving = true;
    void Promise.resolve().then(() => {
      isLeaving = false;
      leave();
    });
  }

  function leave(): void {
    const leaving = { toShards, opened };
    toShards = [];
    opened = [];
    for (const { to, version: by, handed } of leaving.toShards) {
      const { batches, tooLarge } = inBatches(handed, BATCH_BYTES_MAX, ACCEPTED_BYTES_MAX);
      for (const alerts of batches) handTo({ shard: to, batch: { version: by, alerts } });
      for (const { alert } of tooLarge) {
        warn(`${shardId(to)} cannot be handed what is so large: ${formatLabels(alert.labels)}`);
      }
    }
    for (const one of leaving.opened) {
      const counted = countedGroups(shard, one.version, one.groups);
      inLine(COORDINATOR_ID, (id) => getExternalWorkflowHandle(id).signal(openedSignal, counted));
    }
  }

  function handTo(one: Unsaid): void {
    waiting.add(one);
    inLine(shardId(one.shard), async (id) => {
      await getExternalWorkflowHandle(id).signal(alertsSignal, one.batch);
      waiting.delete(one);
    });
  }

  function inLine(to: string, say: (to: string) => Promise<void>): void {
    const before = lines.get(to) ?? Promise.resolve();
    const next = before.then(() => untilSaid(to, say));
    lines.set(to, next);
    void next.then(() => {
      if (lines.get(to) === next) lines.delete(to);
    });
  }

  async function untilSaid(to: string, say: (to: string) => Promise<void>): Promise<void> {
    for (let waitMs = AGAIN_MS.first; ; waitMs = Math.min(AGAIN_MS.max, waitMs * 2)) {
      try {
        await say(to);
        arrived();
        return;
      } catch (error) {
        warn(`${to} was not told: ${failureOf(error).message}`);
        await sleep(waitMs, { summary: `before ${to} is told again` });
      }
    }
  }

  return {
    passOn(all: Outcome['passOn']): void {
      const by = version();
      for (const { shard: to, handed } of all) {
        const before = toShards.find((one) => one.to === to && one.version === by);
        if (before === undefined) toShards.push({ to, version: by, handed: [handed] });
        else before.handed.push(handed);
      }
      if (all.length > 0) leaveSoon();
    },
    opened(all: Outcome['opened']): void {
      if (all.length === 0) return;
      const by = version();
      const last = opened.at(-1);
      if (last?.version === by)
        opened = [...opened.slice(0, -1), { version: by, groups: [...last.groups, ...all] }];
      else opened.push({ version: by, groups: all });
      leaveSoon();
    },
    /** The coordinator hears that a message of its has been taken. */
    heard(number: number, silences?: readonly Silence[]): Promise<void> {
      inLine(COORDINATOR_ID, (id) =>
        getExternalWorkflowHandle(id).signal(heardSignal, { shard, number, silences }),
      );
      return lines.get(COORDINATOR_ID) ?? Promise.resolve();
    },
    /** Nothing waits for its arrival. */
    get isIdle(): boolean {
      return lines.size === 0 && toShards.length === 0;
    },
    /** What the next run must hand over again; a batch that arrives twice changes nothing. */
    unsaid(): readonly Unsaid[] {
      leave();
      return [...waiting];
    },
    sayAgain(all: readonly Unsaid[]): void {
      for (const one of all) handTo(one);
    },
    /** Returns when all that was said until now has arrived. */
    async settled(): Promise<void> {
      leave();
      await Promise.all(lines.values());
    },
  };
}

function countedGroups(shard: number, version: number, all: Outcome['opened']): OpenedGroups {
  const counts = new Map<
    string,
    { of: number; destination: Outcome['opened'][number]['destination']; count: number }
  >();
  for (const { of, destination } of all) {
    const id = `${of} ${destinationText(destination)}`;
    const before = counts.get(id);
    if (before === undefined) counts.set(id, { of, destination, count: 1 });
    else before.count += 1;
  }
  return { shard, version, opened: [...counts.values()] };
}
