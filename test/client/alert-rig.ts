import type { PostedAlert } from '../../src/domain/alerting/alert.ts';
import { type Alert, isNews, merged } from '../../src/domain/alerting/alert.ts';
import type { AlertStore } from '../../src/domain/alerting/alert-store.ts';
import { type Configuration, readAlerting } from '../../src/domain/alerting/alerting-file.ts';
import { fingerprint } from '../../src/domain/alerting/fingerprint.ts';
import { Failure } from '../../src/domain/failure.ts';
import { createConfigurationSource } from '../../src/client/configuration-source.ts';
import { createPost } from '../../src/client/post-alerts.ts';
import type { Shards } from '../../src/client/shards.ts';
import type { AlertBatch } from '../../src/workflows/alert-messages.ts';

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
    async revive(shard) {
      asked.revived.push(shard);
      world.onSignal = async () => undefined;
    },
  };
  const kept = createMemoryStore();
  const store = options.withStore ? kept : undefined;
  const nowMs = (): number => world.nowMs;
  const source = createConfigurationSource(() => shards.alerting(), nowMs);
  return {
    ...{ world, sent, asked, store: kept },
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

/** As the port promises, without a disk. */
function createMemoryStore() {
  const rows = new Map<string, { alert: Alert; isDoubtful: boolean }>();
  const beats = new Map<string, number>();
  const state = { isAway: false };
  const here = (): void => {
    if (state.isAway) throw new Failure('AlertStoreUnreachable', 'the store is away');
  };
  const put = (message: Alert, nowMs: number): void => {
    const key = fingerprint(message.labels);
    const before = rows.get(key);
    const after = before === undefined ? message : merged(before.alert, message, nowMs);
    rows.set(key, { alert: after, isDoubtful: false });
  };
  const store: AlertStore = {
    async note(messages, nowMs) {
      here();
      return messages.map((message) => {
        const before = rows.get(fingerprint(message.labels));
        const after = before === undefined ? message : merged(before.alert, message, nowMs);
        if (before?.isDoubtful === true || isNews(before?.alert, after, nowMs)) return true;
        put(message, nowMs);
        return false;
      });
    },
    async delivered(messages, nowMs) {
      here();
      for (const message of messages) put(message, nowMs);
    },
    async endsOf(fingerprints) {
      return new Map(fingerprints.map((one) => [one, rows.get(one)?.alert.endsAtMs ?? 0]));
    },
    async forget(fingerprints) {
      for (const one of fingerprints) {
        const row = rows.get(one);
        if (row !== undefined) row.isDoubtful = true;
      }
    },
    async firing(nowMs, after = '', limit = 1000) {
      return [...rows.entries()]
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .filter(([key, row]) => key > after && row.alert.endsAtMs > nowMs)
        .slice(0, limit)
        .map(([, row]) => row.alert);
    },
    async beat(names, atMs) {
      for (const name of names) beats.set(name, atMs);
    },
    async beatsOf(names) {
      return new Map(names.flatMap((name) => [[name, beats.get(name) ?? 0] as const]));
    },
    prune: async () => 0,
    close: async () => undefined,
  };
  return { ...store, state };
}
