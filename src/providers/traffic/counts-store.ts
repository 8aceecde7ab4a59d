import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { bucketOf } from '../../domain/judge/histogram.ts';
import {
  type Audience,
  BLOCKS_MAX,
  type BlocksQuery,
  type CountsQuery,
  type TrafficCounts,
} from './router.ts';

/** One request as a load balancer saw it. */
export interface Counted {
  readonly service: string;
  readonly version: string;
  readonly audience: Audience;
  /** `given_up`: the user left without the whole answer; the time waited is the least it took. */
  readonly kind: 'good' | 'faulty' | 'failed' | 'given_up';
  readonly latencyMs: number;
  readonly atMs: number;
}

interface Second {
  requests: number;
  faulty: number;
  failed: number;
  givenUp: number;
  readonly buckets: Map<number, number>;
}

/** So that a worker's death, or a slow judge, loses no evidence. */
export const KEPT_SECONDS = 15 * 60;

export type CountsStore = ReturnType<typeof createCountsStore>;

/**
 * Fifteen minutes of counts and latency histograms a second, for each service, version and
 * audience. With a `file`, `save` keeps them over a restart.
 */
export function createCountsStore(file?: string) {
  const series = new Map<string, Map<number, Second>>();
  let newestMs = 0;

  function record(request: Counted): void {
    const second = Math.floor(request.atMs / 1000);
    newestMs = Math.max(newestMs, request.atMs);
    if (second < oldestKept()) return;
    const slot = secondOf(keyOf(request), second);
    slot.requests += 1;
    if (request.kind === 'failed') {
      slot.failed += 1;
      return;
    }
    if (request.kind === 'faulty') slot.faulty += 1;
    if (request.kind === 'given_up') slot.givenUp += 1;
    const bucket = bucketOf(Math.max(0, request.latencyMs));
    slot.buckets.set(bucket, (slot.buckets.get(bucket) ?? 0) + 1);
  }

  function secondOf(key: string, second: number): Second {
    const seconds = series.get(key) ?? new Map<number, Second>();
    series.set(key, seconds);
    let slot = seconds.get(second);
    if (slot === undefined) {
      slot = { requests: 0, faulty: 0, failed: 0, givenUp: 0, buckets: new Map() };
      seconds.set(second, slot);
      forgetOld();
    }
    return slot;
  }

  function oldestKept(): number {
    return Math.floor(newestMs / 1000) - KEPT_SECONDS;
  }

  /** Also what has had no request for as long: the versions of many releases add up. */
  function forgetOld(): void {
    for (const [key, seconds] of series) {
      forget(seconds, oldestKept());
      if (seconds.size === 0) series.delete(key);
    }
  }

  function read(query: CountsQuery, countedUntilMs = newestMs): TrafficCounts {
    const counts: Record<string, number> = {};
    const sum = { requests: 0, faulty: 0, failed: 0, givenUp: 0, total: 0 };
    const from = Math.floor(query.fromMs / 1000);
    for (const [second, slot] of series.get(keyOf(query)) ?? []) {
      if (second < from || second * 1000 >= query.toMs) continue;
      sum.requests += slot.requests;
      sum.faulty += slot.faulty;
      sum.failed += slot.failed;
      sum.givenUp += slot.givenUp;
      for (const [bucket, count] of slot.buckets) {
        counts[bucket] = (counts[bucket] ?? 0) + count;
        sum.total += count;
      }
    }
    const { total, ...figures } = sum;
    return { ...figures, latency: { counts, total }, countedUntilMs };
  }

  function readBlocks(query: BlocksQuery, countedUntilMs = newestMs): readonly TrafficCounts[] {
    const count = Math.floor((query.toMs - query.fromMs) / query.blockMs);
    return Array.from({ length: Math.max(0, Math.min(BLOCKS_MAX, count)) }, (_, at) => {
      const fromMs = query.fromMs + at * query.blockMs;
      return read({ ...query, fromMs, toMs: fromMs + query.blockMs }, countedUntilMs);
    });
  }

  function save(): void {
    if (file === undefined) return;
    const plain = [...series].map(([key, seconds]) => [
      key,
      [...seconds].map(([second, slot]) => [
        second,
        slot.requests,
        slot.faulty,
        slot.failed,
        [...slot.buckets].flat(),
        slot.givenUp,
      ]),
    ]);
    writeFileSync(`${file}.new`, JSON.stringify(plain));
    renameSync(`${file}.new`, file);
  }

  if (file !== undefined) {
    for (const [key, second, slot] of load(file)) {
      const seconds = series.get(key) ?? new Map<number, Second>();
      series.set(key, seconds.set(second, slot));
      newestMs = Math.max(newestMs, second * 1000);
    }
  }
  return { record, read, readBlocks, save };
}

function keyOf(of: Pick<Counted, 'service' | 'version' | 'audience'>): string {
  return `${of.service}\n${of.version}\n${of.audience}`;
}

function forget(seconds: Map<number, Second>, before: number): void {
  for (const second of seconds.keys()) {
    if (second >= before) return;
    seconds.delete(second);
  }
}

/** A file that cannot be read is as good as none: the counts begin anew. */
function load(file: string): [string, number, Second][] {
  try {
    const plain: [string, [number, number, number, number, number[], number?][]][] = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    return plain.flatMap(([key, seconds]) =>
      seconds.map(
        ([second, requests, faulty, failed, flat, givenUp = 0]): [string, number, Second] => {
          const buckets = new Map<number, number>();
          for (let i = 0; i + 1 < flat.length; i += 2) buckets.set(flat[i] ?? 0, flat[i + 1] ?? 0);
          return [key, second, { requests, faulty, failed, givenUp, buckets }];
        },
      ),
    );
  } catch {
    return [];
  }
}
