import { quantile } from '../../domain/judge/histogram.ts';
import type { Measurement, Reading } from '../../domain/judge/measurement.ts';
import { Failure } from '../../domain/failure.ts';
import type { TrafficCounts, TrafficRouter } from '../traffic/router.ts';
import type { MetricsSource } from './source.ts';

/** How far the load balancer's counts may be behind before silence no longer means no requests. */
const LAG_MAX_MS = 3000;

/** What the load balancer itself counted: seen from where users are. */
export function createTrafficSource(router: TrafficRouter): MetricsSource {
  return {
    signals: ['latency_p95', 'error_rate', 'throughput'],
    async measure(query, signal) {
      const counts = await router.counts(query, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof Failure && error.code !== 'TrafficUnreachable') throw error;
        const why = error instanceof Error ? error.message : String(error);
        throw new Failure('MetricsUnreachable', why, { cause: error });
      });
      return readingOf(counts, query);
    },
  };
}

function readingOf(
  counts: TrafficCounts,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Reading {
  const behindMs = toMs - counts.countedUntilMs;
  if (behindMs > LAG_MAX_MS) {
    const why = `the load balancer's counts end ${Math.round(behindMs / 1000)} s before the window does`;
    const none: Measurement = { kind: 'no_data', why };
    return { latency_p95: none, error_rate: none, throughput: none };
  }
  const { requests, faulty, failed, latency } = counts;
  const p95 = quantile(latency, 0.95);
  // Counts are kept by whole seconds; those that overlap the window are part of the answer.
  const coveredSeconds = Math.max(1, Math.ceil(toMs / 1000) - Math.floor(fromMs / 1000));
  return {
    latency_p95:
      p95 === undefined
        ? { kind: 'no_data', why: 'no request was answered' }
        : { kind: 'value', value: p95, samples: latency.total },
    error_rate:
      requests === 0
        ? { kind: 'no_data', why: 'there were no requests' }
        : { kind: 'value', value: (faulty + failed) / requests, samples: requests },
    throughput: { kind: 'value', value: requests / coveredSeconds, samples: requests },
  };
}
