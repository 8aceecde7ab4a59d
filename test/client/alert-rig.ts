import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { PostedAlert } from '../../src/domain/alerting/alert.ts';
import type { AlertStore } from '../../src/domain/alerting/alert-store.ts';
import { type Configuration, readAlerting } from '../../src/domain/alerting/alerting-file.ts';
import { Failure } from '../../src/domain/failure.ts';
import { createAlertStore } from '../../src/providers/alert-store/registry.ts';
import { createConfigurationSource } from '../../src/client/configuration-source.ts';
import { createBeat } from '../../src/client/beat-heartbeat.ts';
import { createPost } from '../../src/client/post-alerts.ts';
import type { Shards } from '../../src/client/shards.ts';
import type { AlertBatch } from '../../src/workflows/alert-messages.ts';

const stores: AlertStore[] = [];
afterAll(async () => {
  for (const one of stores) await one.close();
});

export const SHARDS = 4;
export const FILE = `
route:
  receiver: ops
  group_by: [alertname]
receivers:
  ops: { channels: [ops] }
inhibit_rules:
  - { source_matchers: [alertname="ClusterDown"], target_matchers: [severity="info"], equal: [cluster] }
heartbeats:
  prometheus: { within: 10m, matchers: [alertname="Watchdog"] }
`;

export function configurationOf(text: string): Configuration {
  const read = readAlerting({ text, file: 'alerting.yaml' });
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems));
  return read.configuration;
}

export const alert = (alertname: string, more: Partial<PostedAlert> = {}): PostedAlert => ({
  labels: { alertname },
  ...more,
});

/** `createPost` before shards that the test plays: there is no server in them. */
export function startRig(options: { readonly withStore: boolean } = { withStore: true }) {
  const sent: { readonly shard: number; readonly batch: AlertBatch }[] = [];
  const beats: { readonly shard: number; readonly heartbeat: string }[] = [];
  const asked = { alerting: 0, rooms: [] as number[], revived: [] as number[] };
  const world = {
    nowMs: 1_000_000_000,
    version: 1,
    configuration: configurationOf(FILE) as Configuration | null,
    hasWorkers: true,
    hasServer: true,
    /** What each says when it is asked. */
    room: (_shard: number) => ({ version: world.version, bytesLeft: 1_000_000 }),
    /** Throws, or waits, instead of taking it. */
    onSignal: async (_shard: number, _batch: AlertBatch): Promise<void> => undefined,
    onBeat: async (_shard: number): Promise<void> => undefined,
    /** Those that are begun with one that is. */
    gone: (shard: number): readonly number[] => [shard],
  };
  const requireWorkers = (): void => {
    if (!world.hasWorkers) throw new Failure('NoWorker', 'no worker answered');
  };
  const shards: Shards = {
    async alerting() {
      asked.alerting += 1;
      requireWorkers();
      const { version, configuration } = world;
      return { shards: SHARDS, version, configuration, configuredBy: null, silences: [] };
    },
    async room(shard) {
      asked.rooms.push(shard);
      requireWorkers();
      return world.room(shard);
    },
    async signal(shard, batch) {
      if (!world.hasServer) throw new Failure('TemporalUnreachable', 'Temporal does not answer');
      await world.onSignal(shard, batch);
      sent.push({ shard, batch });
    },
    async beat(shard, heartbeat) {
      if (!world.hasServer) throw new Failure('TemporalUnreachable', 'Temporal does not answer');
      await world.onBeat(shard);
      beats.push({ shard, heartbeat });
    },
    async revive(shard) {
      asked.revived.push(shard);
      world.onSignal = async () => undefined;
      world.onBeat = async () => undefined;
      return world.gone(shard);
    },
  };
  const kept = createStore();
  stores.push(kept);
  const store = options.withStore ? kept : undefined;
  const nowMs = (): number => world.nowMs;
  const source = createConfigurationSource(() => shards.alerting(), nowMs);
  return {
    ...{ world, sent, beats, asked, store: kept },
    beat: createBeat({ shards, source, store, nowMs }),
    post: createPost({ shards, source, store, nowMs }),
    /** Names of the alerts that a shard has been sent, in their order. */
    sentTo: (shard: number): readonly (string | undefined)[] =>
      sent
        .filter((one) => one.shard === shard)
        .flatMap(({ batch }) => batch.alerts.map((one) => one.alert.labels.alertname)),
    names: (): readonly (string | undefined)[] =>
      sent.flatMap(({ batch }) => batch.alerts.map((one) => one.alert.labels.alertname)),
  };
}

/** A real one in a folder of its own, which can be away. */
function createStore() {
  const folder = mkdtempSync(join(tmpdir(), 'belay-alerts-'));
  const real = createAlertStore(`sqlite:${join(folder, 'last.db')}`);
  const state = { isAway: false };
  const store: AlertStore = {
    ...real,
    async note(messages, nowMs) {
      if (state.isAway) throw new Failure('AlertStoreUnavailable', 'the store is away');
      return real.note(messages, nowMs);
    },
    async beat(names, atMs) {
      if (state.isAway) throw new Failure('AlertStoreUnavailable', 'the store is away');
      await real.beat(names, atMs);
    },
    async close() {
      await real.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return { ...store, state };
}
