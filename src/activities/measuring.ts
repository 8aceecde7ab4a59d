import type { Reading, Signal } from '../domain/judge/measurement.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import { gatherReading, unreachableSources } from '../providers/metrics/gather.ts';
import type { MetricsSource } from '../providers/metrics/source.ts';
import type { Audience } from '../providers/traffic/router.ts';
import type { ActivityDeps } from './deps.ts';
import type { Target } from './requests.ts';

export interface Measurer {
  /** What any of the sources measures. */
  readonly signals: ReadonlySet<Signal>;
  /** The reading of a version over a window; a source that cannot be reached is `no_data`. */
  measure(
    target: Target,
    window: { readonly fromMs: number; readonly toMs: number },
    signal: AbortSignal,
  ): Promise<Reading>;
  /** Why each source that cannot be reached cannot be. */
  unreachable(
    target: Target,
    window: { readonly fromMs: number; readonly toMs: number },
    signal: AbortSignal,
  ): Promise<readonly string[]>;
}

/**
 * The sources of a release, in the order of its file. Memory and processor come from the
 * environment driver unless the file names another source for them.
 */
export function openMeasurer(
  deps: ActivityDeps,
  request: Pick<ReleaseSpec, 'service' | 'traffic' | 'environment' | 'metrics'>,
  audience: Audience,
): Measurer {
  const router = deps.router(request.traffic);
  const environment = deps.environment(request.environment);
  const beside = { router, environment };
  const sources: MetricsSource[] = request.metrics.map((spec) => deps.metrics(spec, beside));
  sources.push(deps.metrics({ kind: 'environment', signals: undefined }, beside));
  const { service } = request;
  const about = ({ version, instances }: Target) => ({ service, version, instances, audience });
  return {
    signals: new Set(sources.flatMap((source) => source.signals)),
    measure: (target, window, signal) =>
      gatherReading(sources, { ...about(target), ...window }, signal),
    unreachable: (target, window, signal) =>
      unreachableSources(sources, { ...about(target), ...window }, signal),
  };
}

/** Only the signals for which the thresholds say nothing. */
export function withoutThreshold(reading: Reading, thresholds: ReleaseSpec['thresholds']): Reading {
  const { latency_p95: latency, error_rate: errors } = reading;
  return {
    ...(latency !== undefined && thresholds.latencyP95MaxMs === undefined
      ? { latency_p95: latency }
      : {}),
    ...(errors !== undefined && thresholds.errorRateMax === undefined
      ? { error_rate: errors }
      : {}),
  };
}

/** What a version can be judged by before throughput means something. */
export function withoutThroughput(
  thresholds: ReleaseSpec['thresholds'],
): Partial<ReleaseSpec['thresholds']> {
  const { throughputMinPerSecond: _throughput, ...others } = thresholds;
  return others;
}

export function hasThreshold(thresholds: Partial<ReleaseSpec['thresholds']>): boolean {
  return Object.values(thresholds).some((limit) => limit !== undefined);
}
