import type { Alert } from '../domain/alerting/alert.ts';
import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { ACCEPTED_BYTES_MAX, BATCH_BYTES_MAX, inBatches } from '../domain/alerting/batches.ts';
import { fingerprint } from '../domain/alerting/fingerprint.ts';
import { ownersOf } from '../domain/alerting/owners.ts';
import { Failure } from '../domain/failure.ts';
import type { ConfigurationSource } from './configuration-source.ts';
import type { Shards } from './shards.ts';

const PAGE = 1000;

export interface ReviveDeps {
  readonly shards: Shards;
  readonly source: ConfigurationSource;
  /** Without one, nothing is known of what fires. */
  readonly store: AlertStore | undefined;
  readonly nowMs: () => number;
}

/** Asks or tells a shard something by `work`, again once one that does not run is begun. */
export type OrRevived = <T>(
  shard: number,
  work: () => Promise<T>,
  revived?: () => void,
) => Promise<T>;

/** All that are found gone at the same time are begun, and told what fires, together. */
export function createOrRevived(deps: ReviveDeps): OrRevived {
  let reviving: Promise<void> | undefined;

  function revive(shard: number): Promise<void> {
    reviving ??= reviveShard(shard, deps).finally(() => {
      reviving = undefined;
    });
    return reviving;
  }

  return async (shard, work, revived) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'NotFound') throw error;
      await revive(shard);
      revived?.();
      return work();
    }
  };
}

/**
 * Begins a shard that somebody has ended by hand, and gives it all that fires by the store of last
 * messages: for as long as it fires, that is no news. Their next messages are all the same, so that
 * nothing is forgotten if this ends half-way. Others that were ended are begun with it, and nobody
 * would find out any more that they were gone: they are given theirs, too.
 */
async function reviveShard(
  shard: number,
  { shards, source, store, nowMs }: ReviveDeps,
): Promise<void> {
  const { configuration, version, shards: count } = await source.get();
  const all = store === undefined ? [] : await allFiring(store, nowMs());
  const owners = all.map(({ labels }) => ownersOf(configuration, labels, count));
  const ownedBy = (some: readonly number[]): readonly Alert[] =>
    all.filter((_, at) => some.some((one) => owners[at]?.includes(one)));
  const forget = async (alerts: readonly Alert[]): Promise<void> => {
    const keys = alerts.map(({ labels }) => fingerprint(labels));
    if (keys.length > 0) await store?.forget(keys, nowMs());
  };
  await forget(ownedBy([shard]));
  const others = (await shards.revive(shard)).filter((one) => one !== shard);
  await forget(ownedBy(others));
  for (const one of [shard, ...others]) {
    const handed = ownedBy([one]).map((alert) => ({ alert, groups: null, stays: [] }));
    const { batches } = inBatches(handed, BATCH_BYTES_MAX, ACCEPTED_BYTES_MAX);
    for (const alerts of batches) await shards.signal(one, { version, alerts });
  }
}

async function allFiring(store: AlertStore, nowMs: number): Promise<readonly Alert[]> {
  const all: Alert[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.firing(nowMs, after, PAGE);
    all.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return all;
    after = fingerprint(last.labels);
  }
}
