import { Pool } from 'undici';
import {
  type Histogram,
  EMPTY_HISTOGRAM,
  histogramOf,
  mergeHistograms,
} from '../domain/judge/histogram.ts';

export interface LoadCounts {
  readonly requests: number;
  /** Lost, reset, or answered by the balancer itself. */
  readonly failed: number;
  /** Bad answers of the version. */
  readonly faulty: number;
  readonly byVersion: Readonly<Record<string, number>>;
  readonly latency: Histogram;
  /** Up to ten, for a person. */
  readonly examples: readonly string[];
}

export interface RunningLoad {
  counts(): LoadCounts;
  /** For a bounded load: when all of it has been sent and answered. */
  done(): Promise<LoadCounts>;
  /** Sends no more and returns when every open request is answered. */
  stop(): Promise<LoadCounts>;
}

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent at this pace whatever the answers do; none, as fast as each connection answers. */
  readonly requestsPerSecond?: number;
  /** Ends by itself after so many. */
  readonly requestsMax?: number;
}

const ANSWER_WITHIN_MS = 20_000;
/** Of an open loop: what a slow version may pile up. */
const OPEN_MAX = 2000;
const EXAMPLES_MAX = 10;

/**
 * Steady traffic over kept connections. An answer without the version's own `x-version` header is
 * the balancer's and counts as failed, whatever its status.
 */
export function startLoad(options: LoadOptions): RunningLoad {
  const {
    url,
    connections,
    requestsPerSecond,
    headers: asked = {},
    requestsMax = Infinity,
  } = options;
  const pool = new Pool(new URL(url).origin, { connections, pipelining: 1 });
  const byVersion: Record<string, number> = {};
  const latencies: number[] = [];
  const examples: string[] = [];
  const open = new Set<Promise<void>>();
  let latency = EMPTY_HISTOGRAM;
  let sent = 0;
  let requests = 0;
  let failed = 0;
  let faulty = 0;
  let stopped = false;

  async function once(): Promise<void> {
    sent += 1;
    const startedMs = performance.now();
    try {
      const { statusCode, headers, body } = await pool.request({
        method: 'GET',
        path: '/',
        headers: asked,
        headersTimeout: ANSWER_WITHIN_MS,
        bodyTimeout: ANSWER_WITHIN_MS,
      });
      await body.dump();
      const version = headers['x-version'];
      if (typeof version !== 'string') fail(`status ${statusCode} from the balancer`);
      else {
        byVersion[version] = (byVersion[version] ?? 0) + 1;
        if (statusCode >= 500) faulty += 1;
      }
    } catch (error) {
      fail(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
    requests += 1;
    latencies.push(performance.now() - startedMs);
  }

  function fail(why: string): void {
    failed += 1;
    if (examples.length < EXAMPLES_MAX) examples.push(why);
  }

  function counts(): LoadCounts {
    latency = mergeHistograms([latency, histogramOf(latencies.splice(0))]);
    return { requests, failed, faulty, byVersion: { ...byVersion }, latency, examples };
  }

  const loop =
    requestsPerSecond === undefined
      ? Promise.all(Array.from({ length: connections }, () => closedLoop()))
      : openLoop(requestsPerSecond);

  async function closedLoop(): Promise<void> {
    while (!stopped && sent < requestsMax) await once();
  }

  async function openLoop(perSecond: number): Promise<void> {
    const startedMs = performance.now();
    while (!stopped && sent < requestsMax) {
      const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1000) - sent;
      for (let i = 0; i < due && open.size < OPEN_MAX; i += 1) {
        const request = once().finally(() => open.delete(request));
        open.add(request);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(open);
  }

  async function finish(): Promise<LoadCounts> {
    await loop;
    await pool.close();
    return counts();
  }

  return {
    counts,
    done: finish,
    async stop() {
      stopped = true;
      return finish();
    },
  };
}
