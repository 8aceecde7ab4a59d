import type { Measurement } from '../domain/judge/measurement.ts';
import type { Instance } from '../domain/release/instance.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import type {
  EnvironmentSpec,
  MetricsSpec,
  NotificationSpec,
  TrafficSpec,
} from '../domain/release/release.schema.ts';
import type { Call } from '../providers/call/call.ts';
import type { EnvironmentDriver } from '../providers/environment/environment.ts';
import type { HealthRound } from '../providers/health/check-all.ts';
import type { ProbeAnswer, ProbeLoadRequest } from '../providers/health/probe-load.ts';
import type { PrometheusServer } from '../providers/metrics/prometheus.ts';
import type { MetricsQuery, MetricsSource } from '../providers/metrics/source.ts';
import type { NotificationChannel } from '../providers/notify/channel.ts';
import type { TrafficRouter } from '../providers/traffic/router.ts';
import type { Clock } from './clock.ts';

/** The adapters behind the activities, chosen by the specification of the release. */
export interface ActivityDeps {
  readonly clock: Clock;
  environment(spec: EnvironmentSpec): EnvironmentDriver;
  router(spec: TrafficSpec): TrafficRouter;
  metrics(
    spec: MetricsSpec,
    beside: { readonly router: TrafficRouter; readonly environment: EnvironmentDriver },
  ): MetricsSource;
  /** One PromQL expression with `{service}`, `{version}` and `{window}`, at the window's end. */
  askPrometheus(
    server: Pick<PrometheusServer, 'url' | 'timeoutMs'> & Partial<PrometheusServer>,
    template: string,
    query: Pick<MetricsQuery, 'service' | 'version' | 'fromMs' | 'toMs'>,
    signal: AbortSignal,
  ): Promise<Measurement>;
  channel(spec: NotificationSpec): NotificationChannel;
  /** Makes one attempt at a hook or a gate that is a webhook. */
  readonly call: Call;
  /** One round of every check of every instance. */
  checkHealth(
    request: {
      readonly service: string;
      readonly version: string;
      readonly instances: readonly Instance[];
      readonly checks: ReleaseSpec['health']['checks'];
    },
    signal: AbortSignal,
  ): Promise<HealthRound>;
  readonly temporal: {
    /** Whether Temporal answers within a few seconds; asked from within an activity. */
    isReachable(signal: AbortSignal): Promise<boolean>;
  };
  /** Whether an instance can be reached now. */
  acceptsConnections(instance: Instance, signal: AbortSignal): Promise<boolean>;
  /** Sends one request and reports how it went; used for warm-up and probe load. */
  probe(request: ProbeLoadRequest, signal: AbortSignal): Promise<ProbeAnswer>;
}
