import type { Room } from '../domain/alerting/views.ts';

/**
 * How much each shard may still take, as far as ingest knows: what it has last said, less all that
 * was sent to it since. It is never more than that, so a shard whose workers are away is sent no
 * more than there was room for.
 */
export interface ShardRooms {
  /** Asks those that have not been asked for 10 s; answers the newest version that was heard of. */
  refresh(shards: Iterable<number>): Promise<number>;
  /** The same, however lately they were asked; not where nobody has just answered. */
  ask(shards: Iterable<number>): Promise<number>;
  /** Nothing of a shard that has never answered. */
  left(): ReadonlyMap<number, number>;
  /** Keeps room for what is on its way; what it answers is called when it has gone or failed. */
  take(shard: number, bytes: number): () => void;
  /** It has begun anew. */
  forget(shard: number): void;
}

const KEPT_MS = 10_000;
/** A shard that has not answered is not asked again so soon. */
const SILENT_MS = 5000;

interface Figure {
  /** As it was answered; null, never. */
  said: Room | null;
  askedAtMs: number;
  silentAtMs: number;
  asking: Promise<void> | undefined;
  /** On its way. */
  pending: number;
  /** Sent since the answer that counts was asked for. */
  since: number;
  /** Sent since the answer that is waited for was asked for. */
  sinceNext: number;
}

/** Knows of nothing at first. */
export function createShardRooms(
  ask: (shard: number) => Promise<Room>,
  nowMs: () => number,
): ShardRooms {
  const figures = new Map<number, Figure>();

  function figureOf(shard: number): Figure {
    const known = figures.get(shard);
    if (known !== undefined) return known;
    const figure = newFigure();
    figures.set(shard, figure);
    return figure;
  }

  async function askNow(shard: number, figure: Figure): Promise<void> {
    figure.sinceNext = 0;
    figure.askedAtMs = nowMs();
    try {
      figure.said = await ask(shard);
      figure.since = figure.sinceNext;
    } catch {
      figure.silentAtMs = nowMs();
    } finally {
      figure.asking = undefined;
    }
  }

  async function askAll(
    shards: Iterable<number>,
    isDue: (figure: Figure) => boolean,
  ): Promise<number> {
    const all = [...shards];
    const due = all.filter((shard) => {
      const figure = figureOf(shard);
      return figure.asking !== undefined || isDue(figure);
    });
    await Promise.all(
      due.map((shard) => {
        const figure = figureOf(shard);
        return (figure.asking ??= askNow(shard, figure));
      }),
    );
    return Math.max(0, ...all.map((shard) => figureOf(shard).said?.version ?? 0));
  }

  return {
    refresh: (shards) => askAll(shards, ({ askedAtMs }) => nowMs() - askedAtMs >= KEPT_MS),
    ask: (shards) => askAll(shards, ({ silentAtMs }) => nowMs() - silentAtMs >= SILENT_MS),

    left: () =>
      new Map(
        [...figures].flatMap(([shard, { said, pending, since }]) =>
          said === null ? [] : [[shard, said.bytesLeft - pending - since] as const],
        ),
      ),

    take(shard, bytes) {
      const figure = figureOf(shard);
      figure.pending += bytes;
      return () => {
        figure.pending -= bytes;
        figure.since += bytes;
        figure.sinceNext += bytes;
      };
    },

    forget(shard) {
      figures.delete(shard);
    },
  };
}

function newFigure(): Figure {
  const never = -Infinity;
  return {
    ...{ said: null, askedAtMs: never, silentAtMs: never, asking: undefined },
    ...{ pending: 0, since: 0, sinceNext: 0 },
  };
}
