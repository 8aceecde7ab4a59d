import { type Alert, isNews, merged, received } from '../../../src/domain/alerting/alert.ts';
import type { Configuration } from '../../../src/domain/alerting/alerting-file.ts';
import { fingerprint } from '../../../src/domain/alerting/fingerprint.ts';
import { destinationText } from '../../../src/domain/alerting/group-key.ts';
import type { Labels } from '../../../src/domain/alerting/labels.ts';
import { ownersOf } from '../../../src/domain/alerting/owners.ts';
import { carried, restored } from '../../../src/domain/alerting/shard-codec.ts';
import type { Outcome, Seen, ShardEvent } from '../../../src/domain/alerting/shard-state.ts';
import { newShard, step } from '../../../src/domain/alerting/shard.ts';
import { CLOCKS, MINUTE, START } from './machine.ts';

interface Message {
  readonly from: string;
  readonly to: number;
  readonly event: ShardEvent;
}

/** What becomes of a page, and whether it is there in fact. */
const ARRIVES = { hasArrived: true, mayHaveArrived: false, isThere: true };
const FATES = [
  ...[ARRIVES, ARRIVES, ARRIVES],
  { hasArrived: false, mayHaveArrived: false, isThere: false },
  { hasArrived: false, mayHaveArrived: true, isThere: false },
  { hasArrived: false, mayHaveArrived: true, isThere: true },
];

/**
 * Shards whose messages are on their way for any time: what one sender says to one shard arrives in its
 * order, all else in the order that `pick` says. Ingest may go by the configuration before, and the
 * store of last messages is asked and answers as it does.
 */
export function crossing(first: Configuration, shards: number, pick: (count: number) => number) {
  let nowMs = START;
  let doPagesFail = false;
  const versions = [first];
  const store = new Map<string, Alert>();
  const queue: Message[] = [];
  /** By destination and group, whether an alert was last told as firing. */
  const told = new Map<string, Map<string, boolean>>();
  const all = Array.from({ length: shards }, (_, shard) => ({
    state: newShard(
      { shard, shards, version: 1, configuration: first, bytesLimit: 1_000_000 },
      nowMs,
      CLOCKS,
    ),
    wakeAtMs: null as number | null,
  }));

  function deliver({ to, event }: Message): void {
    const here = all[to];
    if (here === undefined) throw new RangeError(`there is no shard ${to}`);
    const { state, outcome } = step(here.state, event, nowMs, CLOCKS);
    here.state = state;
    here.wakeAtMs = outcome.wakeAtMs;
    carryOut(to, state.version, outcome);
  }

  function carryOut(from: number, version: number, { pages, passOn, ask }: Outcome): void {
    const back = (event: ShardEvent) =>
      queue.push({ from: `activity of ${from}`, to: from, event });
    for (const { key, group, destination, firing, resolved } of pages) {
      const place = `${destinationText(destination)} ${group}`;
      const here = told.get(place) ?? new Map<string, boolean>();
      told.set(place, here);
      const { hasArrived, mayHaveArrived, isThere } = doPagesFail
        ? (FATES[pick(FATES.length)] ?? ARRIVES)
        : ARRIVES;
      if (isThere) {
        for (const one of firing) here.set(one, true);
        for (const one of resolved) here.set(one, false);
      }
      back({ kind: 'paged', pages: [{ key, hasArrived, mayHaveArrived }] });
    }
    for (const { shard: to, handed } of passOn) {
      queue.push({ from: `${from}`, to, event: { kind: 'alerts', version, alerts: [handed] } });
    }
    const seen = ask.flatMap((one): readonly Seen[] => {
      if (one.kind === 'heartbeat') return [];
      const endsAtMs = store.get(one.fingerprint)?.endsAtMs ?? Number.MIN_SAFE_INTEGER;
      return [{ ...one, endsAtMs, askedAtMs: nowMs }];
    });
    if (seen.length > 0) back({ kind: 'seen', seen });
  }

  /** Delivers so many of the messages that are on their way. */
  function pass(count: number): void {
    for (let left = count; left > 0 && queue.length > 0; left -= 1) {
      const ways = new Map<string, number>();
      for (const [at, { from, to }] of queue.entries()) {
        const way = `${from} ${to}`;
        if (!ways.has(way)) ways.set(way, at);
      }
      const heads = [...ways.values()];
      const [next] = queue.splice(heads[pick(heads.length)] ?? 0, 1);
      if (next !== undefined) deliver(next);
    }
  }

  const drain = (): void => pass(Infinity);

  return {
    pass,
    /** Delivers the next that this sender (`ingest`, `coordinator`, a shard, `activity of` one) has for a shard. */
    passOne(sender: string, shard: number): void {
      const at = queue.findIndex(({ from, to }) => from === sender && to === shard);
      const [next] = at < 0 ? [] : queue.splice(at, 1);
      if (next === undefined) throw new RangeError(`${sender} has nothing for ${shard}`);
      deliver(next);
    },
    /** `isLate`: by the configuration before. */
    post(labels: Labels, forMs: number, isLate: boolean): void {
      const version = Math.max(1, versions.length - (isLate ? 1 : 0));
      const by = versions[version - 1] ?? first;
      const alert = received({ labels, endsAtMs: nowMs + forMs }, nowMs, MINUTE);
      const key = fingerprint(labels);
      const before = store.get(key);
      store.set(key, before === undefined ? alert : merged(before, alert, nowMs));
      if (!isNews(before, alert, nowMs)) return;
      for (const to of ownersOf(by, labels, shards)) {
        const alerts = [{ alert, groups: null, stays: [] }];
        queue.push({ from: 'ingest', to, event: { kind: 'alerts', version, alerts } });
      }
    },
    /** Every shard has heard of the one before by then. */
    reload(configuration: Configuration): void {
      drain();
      versions.push(configuration);
      const event = { kind: 'configuration', version: versions.length, configuration } as const;
      for (let to = 0; to < shards; to += 1) queue.push({ from: 'coordinator', to, event });
    },
    /** Continues as new. */
    restart(shard: number): void {
      const here = all[shard % shards];
      if (here === undefined) return;
      const text = JSON.stringify(carried(here.state));
      here.state = restored(JSON.parse(text), here.state.configuration);
    },
    /** Time passes, with all that is on its way by then or with what has arrived alone. */
    wait(ms: number, isQuiet: boolean): void {
      const untilMs = nowMs + ms;
      if (isQuiet) drain();
      for (;;) {
        const soonest = Math.min(...all.map(({ wakeAtMs }) => wakeAtMs ?? Infinity));
        if (soonest > untilMs) break;
        nowMs = Math.max(nowMs, soonest);
        for (const [to, { wakeAtMs }] of all.entries()) {
          if (wakeAtMs !== null && wakeAtMs <= nowMs) {
            deliver({ from: 'time', to, event: { kind: 'time' } });
          }
        }
        if (isQuiet) drain();
      }
      nowMs = untilMs;
    },
    configuration: (): Configuration => versions.at(-1) ?? first,
    /** Whether the last that was told of it at a destination, in any group, is that it fires. */
    isTold: (destination: string, key: string): boolean =>
      [...told].some(([place, of]) => place.startsWith(`${destination} `) && of.get(key) === true),
    /** Whether anything was ever told of it there. */
    wasTold: (destination: string, key: string): boolean =>
      [...told].some(([place, of]) => place.startsWith(`${destination} `) && of.has(key)),
    /** Whether pages may be lost from now on, or be there while nobody knows it. */
    failPages(may: boolean): void {
      doPagesFail = may;
    },
    states: () => all.map(({ state }) => state),
  };
}
