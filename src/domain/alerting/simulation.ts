import { type Alert, type PostedAlert, isNews, isOver, merged, received } from './alert.ts';
import type { Configuration } from './alerting-file.ts';
import { fingerprint } from './fingerprint.ts';
import type { Destination } from './group-key.ts';
import { beatsOf, heartbeatShardOf } from './heartbeat.ts';
import type { Labels } from './labels.ts';
import { ownersOf } from './owners.ts';
import { newShard, step } from './shard.ts';
import { carried, restored } from './shard-codec.ts';
import type {
  Ask,
  ChangedSignals,
  Clocks,
  GroupPage,
  Handed,
  Outcome,
  PageEnd,
  Seen,
  ShardEvent,
  ShardState,
  Storm,
} from './shard-state.ts';
import {
  type Silence,
  type SilenceAnswer,
  type SilenceRequest,
  expired,
  setSilence,
} from './silence.ts';
import { CALM, counted, stormId } from './storm.ts';
import type { PageReason } from './why-page.ts';

/** A page of a simulation, with what it tells. */
export interface SimulatedPage {
  readonly atMs: number;
  readonly destination: Destination;
  readonly reason: PageReason;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly isStorm: boolean;
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
  readonly hasArrived: boolean;
}

export interface SimulatedSteer {
  readonly atMs: number;
  readonly verb: 'pause' | 'rollback';
  readonly service: string;
}

export interface SimulationSpec {
  readonly configuration: Configuration;
  readonly shards: number;
  readonly startMs: number;
  readonly clocks: Clocks;
  /** Whether a page arrives; default: every one does. */
  readonly arrives?: ((destination: Destination, atMs: number) => boolean) | undefined;
  /** Of what each shard may carry. */
  readonly bytesLimit?: number | undefined;
  /** Which of so many senders is heard next; default: in the order of time. */
  readonly pick?: ((senders: number) => number) | undefined;
}

/** Belay's alerting in virtual time: ingest, coordinator and shards, without a workflow. */
export interface Simulation {
  readonly pages: readonly SimulatedPage[];
  readonly steers: readonly SimulatedSteer[];
  readonly refused: readonly string[];
  readonly states: () => readonly ShardState[];
  /** Lets time pass, and does all that is due until then, this moment included. */
  readonly advance: (toMs: number) => void;
  readonly post: (alerts: readonly PostedAlert[]) => void;
  readonly beat: (heartbeat: string) => void;
  readonly silence: (request: SilenceRequest) => SilenceAnswer;
  readonly expire: (id: string) => void;
  /** Several: each comes before the one before it has been heard of everywhere. */
  readonly reload: (...configurations: readonly Configuration[]) => void;
  /** Every shard continues as new. */
  readonly restart: () => void;
}

/** So often one thing follows from another at one time; more is a fault. */
const ROUNDS_MAX = 10_000;
const BYTES_LIMIT = 1_000_000;

interface Message {
  readonly from: string;
  readonly shard: number;
  readonly event: ShardEvent;
}

interface World {
  readonly spec: SimulationSpec;
  nowMs: number;
  configuration: Configuration;
  version: number;
  readonly shards: { state: ShardState; wakeAtMs: number | null }[];
  readonly silences: Map<string, Silence>;
  readonly storms: Map<string, Storm>;
  /** The store of last messages, which no shard knows more than. */
  readonly seen: Map<string, Alert>;
  readonly beats: Map<string, number>;
  readonly pages: SimulatedPage[];
  readonly steers: SimulatedSteer[];
  readonly refused: string[];
  /** What one sender says to a shard arrives in its order. */
  readonly queue: Message[];
}

export function newSimulation(spec: SimulationSpec): Simulation {
  const world = worldOf(spec);
  const tell = (event: ShardEvent): void => {
    for (let shard = 0; shard < spec.shards; shard += 1) {
      world.queue.push({ from: 'coordinator', shard, event });
    }
  };
  const everywhere = (event: ShardEvent): void => {
    tell(event);
    drain(world);
  };
  return {
    pages: world.pages,
    steers: world.steers,
    refused: world.refused,
    states: () => world.shards.map(({ state }) => state),
    advance: (toMs) => advance(world, toMs),
    post: (alerts) => post(world, alerts),
    beat: (name) => beat(world, name),
    silence: (request) => {
      const id = `silence-${world.silences.size + 1}`;
      const result = setSilence(Object.fromEntries(world.silences), request, world.nowMs, id);
      if (result.kind !== 'set') return result;
      for (const one of result.changed) world.silences.set(one.id, one);
      everywhere({ kind: 'silences', silences: result.changed });
      return result;
    },
    expire: (id) => {
      const before = world.silences.get(id);
      if (before === undefined) return;
      const silence = expired(before, world.nowMs);
      world.silences.set(id, silence);
      everywhere({ kind: 'silences', silences: [silence] });
    },
    reload: (...configurations) => {
      world.storms.clear();
      const changed: ChangedSignals[] = [];
      for (const configuration of configurations) {
        const { heartbeats: before } = world.configuration;
        changed.push({ before, after: configuration.heartbeats });
        world.configuration = configuration;
        world.version += 1;
        tell({ kind: 'configuration', version: world.version, configuration });
      }
      drain(world);
      for (const one of changed) forgetSignals(world, one);
    },
    restart: () => {
      for (const one of world.shards) {
        const text = JSON.stringify(carried(one.state));
        one.state = restored(JSON.parse(text), one.state.configuration);
      }
    },
  };
}

function worldOf(spec: SimulationSpec): World {
  const { configuration, shards, startMs, clocks, bytesLimit = BYTES_LIMIT } = spec;
  const version = 1;
  const all = Array.from({ length: shards }, (_, shard) => {
    const from = { shard, shards, version, configuration, bytesLimit };
    const { state, outcome } = step(
      newShard(from, startMs, clocks),
      { kind: 'time' },
      startMs,
      clocks,
    );
    return { state, wakeAtMs: outcome.wakeAtMs };
  });
  return {
    ...{ spec, nowMs: startMs, configuration, version, shards: all, silences: new Map() },
    ...{ storms: new Map(), seen: new Map(), beats: new Map(), pages: [], steers: [], refused: [] },
    queue: [],
  };
}

function advance(world: World, toMs: number): void {
  for (;;) {
    const nextMs = Math.min(...world.shards.map(({ wakeAtMs }) => wakeAtMs ?? Infinity));
    if (nextMs > toMs) break;
    world.nowMs = Math.max(world.nowMs, nextMs);
    for (const [shard, { wakeAtMs }] of world.shards.entries()) {
      if (wakeAtMs !== null && wakeAtMs <= world.nowMs) {
        world.queue.push({ from: 'time', shard, event: { kind: 'time' } });
      }
    }
    drain(world);
  }
  world.nowMs = Math.max(world.nowMs, toMs);
}

/** As whoever beats: it is noted, and the shard that watches it hears of it at once. */
function beat(world: World, name: string): void {
  const { nowMs, spec } = world;
  world.beats.set(name, nowMs);
  world.queue.push({
    from: 'ingest',
    shard: heartbeatShardOf(name, spec.shards),
    event: { kind: 'seen', seen: [{ kind: 'heartbeat', name, atMs: nowMs }] },
  });
  drain(world);
}

/** As ingest: what is news goes to the shards, all else is only noted. */
function post(world: World, alerts: readonly PostedAlert[]): void {
  const { nowMs, configuration, spec } = world;
  const batches = new Map<number, Handed[]>();
  for (const posted of alerts) {
    const alert = received(posted, nowMs, configuration.resolveTimeoutMs);
    const key = fingerprint(alert.labels);
    const before = world.seen.get(key);
    const after = before === undefined ? alert : merged(before, alert, nowMs);
    world.seen.set(key, after);
    if (!isOver(after, nowMs)) {
      for (const name of beatsOf(configuration.heartbeats, alert.labels))
        world.beats.set(name, nowMs);
    }
    if (!isNews(before, after, nowMs)) continue;
    for (const shard of ownersOf(configuration, alert.labels, spec.shards)) {
      const batch = batches.get(shard) ?? [];
      batch.push({ alert, groups: null, stays: [] });
      batches.set(shard, batch);
    }
  }
  for (const [shard, handed] of batches) {
    world.queue.push({
      from: 'ingest',
      shard,
      event: { kind: 'alerts', version: world.version, alerts: handed },
    });
  }
  drain(world);
}

function drain(world: World): void {
  for (let rounds = 0; world.queue.length > 0; rounds += 1) {
    if (rounds > ROUNDS_MAX) throw new RangeError(`one thing follows another at ${world.nowMs}`);
    const next = nextMessage(world);
    if (next === undefined) return;
    const { shard, event } = next;
    const here = world.shards[shard];
    if (here === undefined) continue;
    const { state, outcome } = step(here.state, event, world.nowMs, world.spec.clocks);
    here.state = state;
    here.wakeAtMs = outcome.wakeAtMs;
    carryOut(world, shard, state, outcome);
  }
}

/** The first of any sender to any shard; which of them is `pick`'s. */
function nextMessage({ queue, spec }: World): Message | undefined {
  if (spec.pick === undefined) return queue.shift();
  const heads = new Map<string, number>();
  for (const [at, { from, shard }] of queue.entries()) {
    const way = `${from} ${shard}`;
    if (!heads.has(way)) heads.set(way, at);
  }
  const at = [...heads.values()][spec.pick(heads.size)] ?? 0;
  return queue.splice(at, 1)[0];
}

function carryOut(world: World, shard: number, state: ShardState, outcome: Outcome): void {
  const { nowMs, queue, spec } = world;
  const pages = outcome.pages.map((page): PageEnd => {
    const hasArrived = spec.arrives?.(page.destination, nowMs) ?? true;
    world.pages.push(told(page, state, nowMs, hasArrived));
    return { key: page.key, hasArrived };
  });
  if (pages.length > 0) queue.push({ from: 'activity', shard, event: { kind: 'paged', pages } });
  for (const { verb, service } of outcome.steer) world.steers.push({ atMs: nowMs, verb, service });
  for (const { fingerprint: key } of outcome.refused) world.refused.push(key);
  for (const { shard: to, handed } of outcome.passOn) {
    const event = { kind: 'alerts', version: state.version, alerts: [handed] } as const;
    queue.push({ from: `shard ${shard}`, shard: to, event });
  }
  if (outcome.ask.length > 0) {
    const seen = outcome.ask.map((one) => answer(world, one));
    queue.push({ from: 'activity', shard, event: { kind: 'seen', seen } });
  }
  for (const { of, destination } of outcome.opened) {
    const limit = world.configuration.routes[of]?.storm ?? null;
    if (limit === null) continue;
    const id = stormId(of, destination);
    const after = counted(world.storms.get(id) ?? CALM, [nowMs], limit, nowMs);
    world.storms.set(id, after);
    if (after.untilMs === null) continue;
    const event = { kind: 'storm', of, destination, untilMs: after.untilMs } as const;
    for (let to = 0; to < spec.shards; to += 1) {
      queue.push({ from: 'coordinator', shard: to, event });
    }
  }
}

/** As the coordinator has it done once every shard has heard: what was a signal is news again. */
function forgetSignals({ seen }: World, { before, after }: ChangedSignals): void {
  for (const [key, { labels }] of seen) {
    const wasSignal = beatsOf(before, labels).length > 0;
    if (wasSignal && beatsOf(after, labels).length === 0) seen.delete(key);
  }
}

function answer({ seen, beats }: World, ask: Ask): Seen {
  if (ask.kind === 'heartbeat') {
    return { kind: 'heartbeat', name: ask.name, atMs: beats.get(ask.name) ?? 0 };
  }
  const { fingerprint: key } = ask;
  return { kind: 'alert', fingerprint: key, endsAtMs: seen.get(key)?.endsAtMs ?? 0 };
}

function told(
  page: GroupPage,
  state: ShardState,
  atMs: number,
  hasArrived: boolean,
): SimulatedPage {
  const alertsOf = (keys: readonly string[]): readonly Alert[] =>
    keys.flatMap((key) => state.alerts.get(key)?.alert ?? []);
  const { destination, reason, group, isStorm } = page;
  const groupLabels = state.groups.get(group)?.labels ?? {};
  return {
    ...{ atMs, destination, reason, groupKey: group, groupLabels, isStorm, hasArrived },
    firing: alertsOf(page.firing),
    resolved: alertsOf(page.resolved),
  };
}
