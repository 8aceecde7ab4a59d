import type { AlertCalls } from '../../src/client/client.ts';
import { fingerprint } from '../../src/domain/alerting/fingerprint.ts';
import { groupRef, shardOf } from '../../src/domain/alerting/group-key.ts';
import { groupsFor } from '../../src/domain/alerting/routing.ts';
import type { HeldBy } from '../../src/domain/alerting/shard-state.ts';
import { type Silence, expired, setSilence } from '../../src/domain/alerting/silence.ts';
import type { GroupView, ShardView } from '../../src/domain/alerting/views.ts';
import { Failure } from '../../src/domain/failure.ts';
import { startIngest } from '../../src/ingest/ingest.ts';
import { createIngestMetrics } from '../../src/ingest/metrics.ts';
import { SHARDS, startRig as startClientRig } from '../client/alert-rig.ts';

export type Rig = Awaited<ReturnType<typeof startRig>>;

/** The real server and the real `post`, before shards and a coordinator that the test plays. */
export async function startRig({ atOnce = 8 }: { readonly atOnce?: number } = {}) {
  const client = startClientRig();
  client.world.nowMs = Date.now();
  const nowMs = (): number => client.world.nowMs;
  const silences = new Map<string, Silence>();
  const lines: string[] = [];
  const world = { heldBy: null as HeldBy | null, moreGroups: 0 };

  const keep = (changed: readonly Silence[]): void => {
    for (const one of changed) silences.set(one.id, one);
  };
  const alerts: AlertCalls = {
    post: client.post,
    async beat(name) {
      if (name !== 'prometheus') throw new Failure('NotFound', `no heartbeat ${name}`);
      await client.store.beat([name], nowMs());
    },
    configure: async () => ({ version: 1 }),
    async show() {
      const { version, configuration } = client.world;
      return {
        ...{ shards: SHARDS, version, configuration, configuredBy: null },
        silences: [...silences.values()],
      };
    },
    shards: async () =>
      Array.from({ length: SHARDS }, (_, shard) => shardView(shard, client, world)),
    async silence({ silence }) {
      const answer = setSilence(
        Object.fromEntries(silences),
        silence,
        nowMs(),
        `silence-${silences.size + 1}`,
      );
      if (answer.kind !== 'set') {
        const code = answer.kind === 'unknown' ? 'NotFound' : 'AlertInvalid';
        throw new Failure(code, answer.message);
      }
      keep(answer.changed);
      const set = silences.get(answer.id);
      if (set === undefined) throw new Error(`${answer.id} was not kept`);
      return set;
    },
    async expire(id) {
      const silence = silences.get(id);
      if (silence === undefined) throw new Failure('NotFound', `there is no silence ${id}`);
      keep([expired(silence, nowMs())]);
      return silence;
    },
  };
  const metrics = createIngestMetrics();
  const write = (line: string): unknown => lines.push(line);
  const ingest = await startIngest(
    { alerts, metrics, nowMs, write },
    { host: '127.0.0.1', port: 0, atOnce },
  );
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`${ingest.url}${path}`, init);
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text };
  };
  return {
    ...{ client, world, lines, ingest, ask },
    post: (path: string, json: unknown, type = 'application/json') =>
      ask(path, {
        method: 'POST',
        body: typeof json === 'string' ? json : JSON.stringify(json),
        headers: { 'content-type': type },
      }),
    json: async (path: string): Promise<unknown> => JSON.parse((await ask(path)).text),
    close: () => ingest.close(),
  };
}

/** Every alert that was sent, in the group of its first route. */
function shardView(
  shard: number,
  { sent, world: { configuration, nowMs } }: ReturnType<typeof startClientRig>,
  { heldBy, moreGroups }: { readonly heldBy: HeldBy | null; readonly moreGroups: number },
): ShardView {
  const latest = new Map(
    sent.flatMap(({ batch }) =>
      batch.alerts.map(({ alert }) => [fingerprint(alert.labels), alert] as const),
    ),
  );
  const groups = [...latest].flatMap(([key, alert]): GroupView[] => {
    if (configuration === null) return [];
    const [ref = groupRef({ kind: 'channel', name: 'ops' }, {}, [0])] = groupsFor(
      configuration,
      alert.labels,
    );
    if (shardOf(ref.labels, SHARDS) !== shard) return [];
    const isEnded = alert.endsAtMs <= nowMs;
    const member = { ...alert, fingerprint: key, isEnded, heldBy, hasBeenPaged: false };
    const times = { openedAtMs: nowMs, nextFlushAtMs: null, lastPagedAtMs: null };
    return [
      {
        ...{ key: ref.key, destination: ref.destination, labels: ref.labels, isStorm: false },
        ...{ ...times, isUnderWay: false, alerts: [member], more: 0 },
      },
    ];
  });
  return {
    ...{ shard, shards: SHARDS, version: 1, bytes: 0, bytesLimit: 1, alerts: groups.length },
    ...{ firing: groups.length, groups, moreGroups, ledger: [], ledgerDropped: 0 },
    ...{ refused: 0, warnings: [] },
  };
}
