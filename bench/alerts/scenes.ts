import { setTimeout as wait } from 'node:timers/promises';
import { p50, until } from '../incidents/measure.ts';
import { measureBareSignals } from './bare-signals.ts';
import { type Posted, nameOf, post } from './load.ts';
import { type Arrival, type Receiver, startReceiver } from './receiver.ts';
import type { StartSystem, System } from './systems.ts';

const WARM = 64;
const RESENT_ROUNDS = 10;
const BARE_SIGNALS = 4000;
const ARRIVES_WITHIN_MS = 90_000;
const LAST_PAGE_WITHIN_MS = 5000;
const FEW = { count: 100, everyMs: 100 };

type Peaks = Readonly<Record<string, number>>;

/** Of one scene, in a system that has just been started. */
async function inSystem<T>(
  start: StartSystem,
  work: (system: System, receiver: Receiver) => Promise<T>,
): Promise<T & { readonly peakMb: Peaks }> {
  const receiver = await startReceiver();
  try {
    const system = await start(receiver.url);
    try {
      await post(system.url, { scene: 'warm', count: WARM });
      const isWarm = (): boolean => receiver.arrivals.length > 0;
      await until(ARRIVES_WITHIN_MS, 'the first page', isWarm);
      receiver.arrivals.length = 0;
      const measured = await work(system, receiver);
      return { ...measured, peakMb: system.peakMb() };
    } finally {
      await system.close();
    }
  } finally {
    await receiver.close();
  }
}

/** Alerts a second, new ones and the same again; of bare signals, where there is a Temporal. */
export interface Accepting {
  readonly refused: readonly string[];
  readonly acceptedPerS: number;
  /** Of the median round. */
  readonly resentPerS: number;
  readonly bareSignalsPerS: number | null;
  readonly peakMb: Peaks;
}

/** In turns, a round each, so that all of them meet the same machine; in the order of `starts`. */
export async function measureAccepting(
  [start, ...others]: readonly StartSystem[],
  count: number,
): Promise<readonly Accepting[]> {
  const turns: Turn[] = [];
  const nested = async (at: StartSystem | undefined, rest: readonly StartSystem[]) => {
    if (at === undefined) {
      for (let round = 0; round <= RESENT_ROUNDS; round += 1) {
        for (const turn of turns) await turn.go();
      }
      return [];
    }
    const [next, ...more] = rest;
    let after: readonly Accepting[] = [];
    const own = await inSystem(at, async (system) => {
      const turn = turnOf(system, count);
      turns.push(turn);
      after = await nested(next, more);
      return turn.end();
    });
    return [own, ...after];
  };
  return nested(start, others);
}

interface Turn {
  go(): Promise<void>;
  end(): Promise<Omit<Accepting, 'peakMb'>>;
}

function turnOf({ url, temporal }: System, count: number): Turn {
  const startedMs = Date.now();
  const took: number[] = [];
  const refused: string[] = [];
  return {
    async go() {
      const { tookMs, refused: more } = await post(url, { scene: 'accept', count, startedMs });
      took.push(tookMs);
      refused.push(...more);
    },
    async end() {
      const [first = Number.NaN, ...again] = took;
      return {
        refused,
        acceptedPerS: (count * 1000) / first,
        resentPerS: (count * 1000) / p50(again),
        bareSignalsPerS:
          temporal === null ? null : await measureBareSignals(temporal, BARE_SIGNALS),
      };
    },
  };
}

/**
 * From the request to the page, in ms, for each alert of one group that all of them are in; only of
 * those that there was room for, where some were refused.
 */
export async function measureOneGroup(start: StartSystem, count: number) {
  return inSystem(start, async ({ url }, { arrivals }) => {
    const { sentAtMs, refused } = await post(url, { scene: 'one', count });
    const held = (): number => Math.max(0, ...arrivals.map(({ firing }) => firing));
    if (refused.length === 0) {
      await until(ARRIVES_WITHIN_MS, 'a page of all', () => held() >= count);
    } else await wait(LAST_PAGE_WITHIN_MS);
    const toPageMs = inOneGroup(sentAtMs, arrivals).slice(0, held());
    return { refused, pages: arrivals.length, held: held(), toPageMs };
  });
}

/** The same, of alerts that are in a group of their own each. */
export async function measureManyGroups(start: StartSystem, count: number) {
  return inSystem(start, async ({ url }, { arrivals }) => {
    const { sentAtMs, refused, tookMs } = await post(url, { scene: 'many', count });
    const isThere = (): boolean => arrivals.length >= count;
    await until(ARRIVES_WITHIN_MS, 'a page of each', isThere);
    const firstMs = firstPages(arrivals);
    const pagedAtMs = sentAtMs.map((_, at) => firstMs.get(nameOf(at)) ?? Number.NaN);
    const toPageMs = sentAtMs.map((ms, at) => (pagedAtMs[at] ?? Number.NaN) - ms);
    const allMs = Math.max(...pagedAtMs) - Math.min(...sentAtMs);
    return { refused, pages: arrivals.length, toPageMs, allMs, postedMs: tookMs };
  });
}

/** The same of a few, one after the other, as on a usual day. */
export async function measureFewGroups(start: StartSystem) {
  return inSystem(start, async ({ url }, { arrivals }) => {
    const sent: Promise<Posted>[] = [];
    for (let at = 0; at < FEW.count; at += 1) {
      sent.push(post(url, { scene: 'many', count: 1, from: at }));
      await wait(FEW.everyMs);
    }
    const posted = await Promise.all(sent);
    await until(ARRIVES_WITHIN_MS, 'a page of each', () => arrivals.length >= FEW.count);
    const firstMs = firstPages(arrivals);
    return {
      refused: posted.flatMap((one) => one.refused),
      toPageMs: posted.map(
        ({ sentAtMs }, at) => (firstMs.get(nameOf(at)) ?? Number.NaN) - (sentAtMs[0] ?? Number.NaN),
      ),
    };
  });
}

/** When the first page came that names an instance. */
function firstPages(arrivals: readonly Arrival[]): ReadonlyMap<string, number> {
  const firstMs = new Map<string, number>();
  for (const { atMs, names } of arrivals) {
    for (const name of names) if (!firstMs.has(name)) firstMs.set(name, atMs);
  }
  return firstMs;
}

/** The first `n` that were sent are in the first page that is about `n`, for all that can be told. */
function inOneGroup(sentAtMs: readonly number[], arrivals: readonly Arrival[]): readonly number[] {
  return sentAtMs
    .toSorted((one, other) => one - other)
    .map((ms, at) => {
      const page = arrivals.find(({ firing }) => firing > at);
      return (page?.atMs ?? Number.NaN) - ms;
    });
}
