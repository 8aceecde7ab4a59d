import { type Alert, type PostedAlert, isOver, received } from '../domain/alerting/alert.ts';
import { arrivalProblem } from '../domain/alerting/arrival.ts';
import { fingerprint } from '../domain/alerting/fingerprint.ts';
import { beatsOf } from '../domain/alerting/heartbeat.ts';
import { type Share, fitting, isTooLarge, shareOut } from '../domain/alerting/share-out.ts';
import type { AlertCalls, Posted } from './alerts.ts';
import type { Shared } from './configuration-source.ts';
import { type ReviveDeps, createOrRevived } from './revive-shard.ts';
import { createShardRooms } from './shard-rooms.ts';
import { type ShardSender, createShardSender } from './shard-sender.ts';

/** Without a store, everything is news. */
export type PostDeps = ReviveDeps;

/** By its place in what was posted. */
interface Placed {
  readonly at: number;
  readonly alert: Alert;
}

type PlacedShare = Placed & Share;
type Refusal = Posted['refused'][number];

/** What has become of what was news. */
interface Sent {
  readonly delivered: readonly PlacedShare[];
  readonly refused: readonly Refusal[];
  /** Why the others are not known to have arrived. */
  readonly failed: { readonly error: unknown } | null;
}

/** So often an alert may find no room, by a new answer each, before it is refused. */
const TRIES = 3;
/** What a shard holds is smaller than what it is sent: it has room again once that is asked. */
const ROUNDS_MAX = 50;

/**
 * Puts alerts in: what is news goes to the shards that own it, of all else only the time is noted.
 */
export function createPost(deps: PostDeps): AlertCalls['post'] {
  const { source, store, nowMs } = deps;
  const send = createSending(deps);

  async function newsOf(taken: readonly Placed[]): Promise<readonly Placed[]> {
    if (store === undefined || taken.length === 0) return taken;
    const answers = await store.note(
      taken.map(({ alert }) => alert),
      nowMs(),
    );
    // Most batches are only sent again.
    if (!answers.includes(true)) return [];
    const isNew = new Set<string>();
    const news = taken.filter(({ alert }, index) => {
      const key = fingerprint(alert.labels);
      // After one that is news, the next about the same labels is too.
      if (answers[index] === true) isNew.add(key);
      return isNew.has(key);
    });
    return news;
  }

  return async (posted) => {
    const shared = await source.get();
    const atMs = nowMs();
    const { taken, refused } = checked(posted, shared, atMs);
    const beats = beatsIn(taken, shared, atMs);
    if (beats.length > 0) await store?.beat(beats, atMs);
    const news = await newsOf(taken);
    const sent = await send(news, shared, atMs);
    if (sent.delivered.length > 0) {
      await store?.delivered(
        sent.delivered.map(({ alert }) => alert),
        nowMs(),
      );
    }
    if (sent.failed !== null) throw sent.failed.error;
    const all = [...refused, ...sent.refused].toSorted((one, other) => one.at - other.at);
    return { accepted: posted.length - all.length, news: sent.delivered.length, refused: all };
  };
}

function createSending(deps: PostDeps) {
  const { shards, source, nowMs } = deps;
  const orRevived = createOrRevived(deps);
  // One that was ended, and deleted since, is sent nothing before it has told its room.
  const rooms = createShardRooms((shard) => orRevived(shard, () => shards.room(shard)), nowMs);
  const senders = new Map<number, ShardSender>();
  let heard = 0;
  let requests = 0;

  function senderOf(shard: number): ShardSender {
    const known = senders.get(shard);
    if (known !== undefined) return known;
    const revived = (): void => rooms.forget(shard);
    const sender = createShardSender(
      (batch) => orRevived(shard, () => shards.signal(shard, batch), revived),
      () => requests,
    );
    senders.set(shard, sender);
    return sender;
  }

  /** A shard goes by another configuration: the coordinator may have it for all by now. */
  async function afterHearing(version: number, shared: Shared): Promise<Shared> {
    if (version <= Math.max(shared.version, heard)) return shared;
    heard = version;
    return source.renew();
  }

  async function sendOne({ handed, shards: owners, bytes }: Share, version: number): Promise<void> {
    const ways = owners.map(async (shard) => {
      const gone = rooms.take(shard, bytes);
      await senderOf(shard).send(version, handed).finally(gone);
    });
    // All of them are waited for, so that whoever repeats it does not overtake them.
    await Promise.allSettled(ways);
    await Promise.all(ways);
  }

  async function sendAll(news: readonly Placed[], first: Shared, atMs: number): Promise<Sent> {
    const refused: Refusal[] = [];
    const delivered: PlacedShare[] = [];
    let shared = first;
    let rest = sharesOf(news, shared, atMs, refused);
    let heardOf = await rooms.refresh(inNeed(rest));
    for (let round = 1, tries = 0; rest.length > 0; round += 1) {
      const before = shared;
      shared = await afterHearing(heardOf, shared);
      if (shared.version !== before.version) rest = sharesOf(rest, shared, atMs, refused);
      const { fit, rest: others } = fitting(rest, rooms.left());
      const outcomes = await Promise.allSettled(fit.map((one) => sendOne(one, shared.version)));
      delivered.push(...fit.filter((_, index) => outcomes[index]?.status === 'fulfilled'));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) {
        return { delivered, refused, failed: { error: failed.reason } };
      }
      rest = [...others];
      if (rest.length === 0) break;
      tries = fit.length > 0 ? 1 : tries + 1;
      if (tries === TRIES || round === ROUNDS_MAX) {
        refused.push(...rest.map((share) => fullFor(share, rooms.left())));
        break;
      }
      heardOf = await rooms.ask(inNeed(rest));
    }
    return { delivered, refused, failed: null };
  }

  return async (...asked: Parameters<typeof sendAll>): Promise<Sent> => {
    requests += 1;
    try {
      return await sendAll(...asked);
    } finally {
      requests -= 1;
    }
  };
}

function checked(posted: readonly PostedAlert[], { configuration }: Shared, nowMs: number) {
  const { resolveTimeoutMs } = configuration;
  const taken: Placed[] = [];
  const refused: Refusal[] = [];
  for (const [at, one] of posted.entries()) {
    const why = arrivalProblem(one, nowMs, resolveTimeoutMs);
    if (why !== null) refused.push({ at, code: 'AlertInvalid', why });
    else taken.push({ at, alert: received(one, nowMs, resolveTimeoutMs) });
  }
  return { taken, refused };
}

function beatsIn(
  taken: readonly Placed[],
  { configuration }: Shared,
  nowMs: number,
): readonly string[] {
  const names = taken
    .filter(({ alert }) => !isOver(alert, nowMs))
    .flatMap(({ alert }) => beatsOf(configuration.heartbeats, alert.labels));
  return [...new Set(names)];
}

/** What no signal can carry is refused. */
function sharesOf(
  news: readonly Placed[],
  { configuration, shards }: Shared,
  nowMs: number,
  refused: Refusal[],
): PlacedShare[] {
  return news.flatMap(({ at, alert }) => {
    const share = shareOut(configuration, shards, alert, nowMs);
    if (!isTooLarge(share.handed)) return [{ at, alert, ...share }];
    const why = 'is larger than 256 KB as JSON: shorten its annotations';
    refused.push({ at, code: 'AlertInvalid', why });
    return [];
  });
}

/** The shards that must have room for some of these. */
function inNeed(shares: readonly Share[]): ReadonlySet<number> {
  return new Set(shares.flatMap(({ shards, bytes }) => (bytes > 0 ? shards : [])));
}

function fullFor({ at, shards, bytes }: PlacedShare, left: ReadonlyMap<number, number>): Refusal {
  const shard = shards.find((one) => (left.get(one) ?? 0) < bytes);
  const room = shard === undefined ? undefined : left.get(shard);
  const why =
    room === undefined
      ? `nobody says how much room shard ${shard} has: is there a worker?`
      : `shard ${shard} has no room for it: it may hold ${Math.max(0, room)} bytes more`;
  return { at, code: 'AlertingFull', why };
}
