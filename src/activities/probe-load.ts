import {
  type Histogram,
  EMPTY_HISTOGRAM,
  mergeHistograms,
  histogramOf,
  quantile,
} from '../domain/judge/histogram.ts';
import type { Reading } from '../domain/judge/measurement.ts';
import type { ProbeLoadRequest } from '../providers/health/probe-load.ts';
import type { ActivityDeps } from './deps.ts';

/** What one side answered under probe load; plain JSON, as it travels in heartbeats. */
export interface SideSamples {
  readonly latency: Histogram;
  readonly requests: number;
  readonly errors: number;
}

export const NO_SAMPLES: SideSamples = { latency: EMPTY_HISTOGRAM, requests: 0, errors: 0 };

/** The `count`-th request to a side. */
export type RequestOf = (count: number) => ProbeLoadRequest;

/** No more requests are open at once than this, however slow the answers are. */
const OPEN_MAX = 200;

/**
 * Sends the same bounded load to every side until `untilMs`, at a fixed rate that does not wait for
 * answers, so that a slow side is seen to be slow and is not spared.
 */
export async function probeSides<Name extends string>(
  deps: ActivityDeps,
  sides: readonly { readonly name: Name; readonly request: RequestOf }[],
  pace: { readonly requestsPerSecond: number; readonly untilMs: number },
  onAnswer: (side: Name, sample: SideSamples) => void,
  signal: AbortSignal,
): Promise<void> {
  const everyMs = 1000 / pace.requestsPerSecond;
  const open = new Set<Promise<void>>();
  const startedMs = deps.clock.nowMs();
  for (let count = 0; ; count += 1) {
    const dueMs = startedMs + count * everyMs;
    if (dueMs >= pace.untilMs) break;
    await deps.clock.pause(Math.max(0, dueMs - deps.clock.nowMs()), signal);
    if (open.size >= OPEN_MAX) continue;
    for (const { name, request } of sides) {
      const sent = deps.probe(request(count), signal).then((answer) => {
        const good = answer.kind === 'answered' && answer.status < 500;
        onAnswer(name, {
          requests: 1,
          errors: good ? 0 : 1,
          latency: good ? histogramOf([answer.tookMs]) : EMPTY_HISTOGRAM,
        });
      });
      const settled = sent.catch(() => undefined).finally(() => open.delete(settled));
      open.add(settled);
    }
  }
  await Promise.all(open);
}

export function addSamples(one: SideSamples, other: SideSamples): SideSamples {
  return {
    latency: mergeHistograms([one.latency, other.latency]),
    requests: one.requests + other.requests,
    errors: one.errors + other.errors,
  };
}

/**
 * Latency of the good answers, as a refusal is quick and would be a baseline that nothing can keep;
 * bad and lost ones are the error rate. Nothing sent is `no_data`.
 */
export function readingOf(samples: SideSamples): Reading {
  const p95 = quantile(samples.latency, 0.95);
  return {
    latency_p95:
      p95 === undefined
        ? { kind: 'no_data', why: 'no probe request was answered well' }
        : { kind: 'value', value: p95, samples: samples.latency.total },
    error_rate:
      samples.requests === 0
        ? { kind: 'no_data', why: 'no probe request was sent' }
        : { kind: 'value', value: samples.errors / samples.requests, samples: samples.requests },
  };
}
