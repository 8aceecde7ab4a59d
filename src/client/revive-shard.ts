import type { Alert } from '../domain/alerting/alert.ts';
import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { inBatches } from '../domain/alerting/batches.ts';
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

/** Asks or tells a shard something by `work`; one that does not run is begun first. */
export async function orRevived<T>(
  shard: number,
  deps: ReviveDeps,
  work: () => Promise<T>,
  revived: () => void = () => {},
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'NotFound') throw error;
    await reviveShard(shard, deps);
    revived();
    return work();
  }
}

/**
 * Begins a shard that somebody has ended by hand, and gives it all that fires by the store of last
 * messages: for as long as it fires, that is no news. Their next messages are all the same, so that
 * nothing is forgotten if this ends half-way.
 */
async function reviveShard(
  shard: number,
  { shards, source, store, nowMs }: ReviveDeps,
): Promise<void> {
  const { configuration, version, shards: count } = await source.get();
  const isOwn = ({ labels }: Alert): boolean =>
    ownersOf(configuration, labels, count).includes(shard);
  const own = store === undefined ? [] : (await allFiring(store, nowMs())).filter(isOwn);
  const keys = own.map(({ labels }) => fingerprint(labels));
  if (keys.length > 0) await store?.forget(keys, nowMs());
  await shards.revive(shard);
  const { batches } = inBatches(own.map((alert) => ({ alert, groups: null, stays: [] })));
  for (const alerts of batches) await shards.signal(shard, { version, alerts });
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
