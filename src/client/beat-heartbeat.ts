import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { heartbeatShardOf } from '../domain/alerting/heartbeat.ts';
import { Failure } from '../domain/failure.ts';
import type { AlertCalls } from './alerts.ts';
import type { PostDeps } from './post-alerts.ts';
import { createOrRevived } from './revive-shard.ts';

/**
 * The signal of a heartbeat is noted in the store of last messages, and enters no history. The shard
 * is told of one that comes late, so that what is missing ends at once, and of every one that the
 * store cannot note.
 */
export function createBeat(deps: PostDeps): AlertCalls['beat'] {
  const { shards, source, store, nowMs } = deps;
  const orRevived = createOrRevived(deps);

  async function watched(heartbeat: string) {
    // One that is not in the file that was known lately may be in the one that is applied now.
    for (const ask of [source.get, source.renew]) {
      const { configuration, shards: count } = await ask();
      const { heartbeats } = configuration;
      const spec = Object.hasOwn(heartbeats, heartbeat) ? heartbeats[heartbeat] : undefined;
      if (spec !== undefined) return { spec, count };
    }
    throw new Failure('NotFound', `the alerting file has no heartbeat ${heartbeat}`);
  }

  return async (heartbeat) => {
    const { spec, count } = await watched(heartbeat);
    const atMs = nowMs();
    const before = await noted(store, heartbeat, atMs);
    if (before !== undefined && atMs < before + spec.withinMs) return;
    const shard = heartbeatShardOf(heartbeat, count);
    await orRevived(shard, () => shards.beat(shard, heartbeat));
  };
}

/** When the one before came; undefined, it is unknown, or this one is not in the store. */
async function noted(
  store: AlertStore | undefined,
  heartbeat: string,
  atMs: number,
): Promise<number | undefined> {
  try {
    const before = (await store?.beatsOf([heartbeat]))?.get(heartbeat);
    await store?.beat([heartbeat], atMs);
    return before;
  } catch (error) {
    if (error instanceof Failure && error.code === 'AlertStoreUnavailable') return undefined;
    throw error;
  }
}
