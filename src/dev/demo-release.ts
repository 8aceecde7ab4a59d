import { scriptPath } from './children.ts';
import type { ReleaseDocument } from '../domain/release/release.schema.ts';

export interface DemoRelease {
  readonly service: string;
  readonly version: string;
  /** What is wrong with it; see `demo-service.ts`. */
  readonly fault?: string;
  readonly traffic: ReleaseDocument['traffic'];
  /** Default: 2. */
  readonly instances?: number;
  /** What differs from the release that follows here. */
  readonly changes?: Partial<ReleaseDocument>;
}

/** A process that has just started is slower for its first seconds: here that is no regression. */
export const VALIDATION = {
  window: '6s',
  requests_per_second: 10,
  no_data_budget: '10s',
  max_latency_increase: '300%',
} as const satisfies ReleaseDocument['validation'];

/** A release of the demo service, blue-green unless changed, with waits as short as can be. */
export function demoRelease({
  service,
  version,
  fault,
  traffic,
  instances = 2,
  changes,
}: DemoRelease): ReleaseDocument {
  return {
    service,
    version,
    strategy: 'blue_green',
    health_check_endpoint: '/healthz',
    health_check_timeout: '20s',
    health_check_interval: '500ms',
    warmup_duration: '3s',
    warmup_requests_per_second: 10,
    performance_thresholds: { max_latency_p95: '250ms', max_error_rate: '5%' },
    environment: {
      kind: 'process',
      instances,
      command: [process.execPath, scriptPath('./demo-service', import.meta.url)],
      env: fault === undefined ? {} : { FAULT: fault },
      stop_grace: '5s',
    },
    traffic,
    validation: VALIDATION,
    watch: { interval: '1s', window: '10s', no_data_budget: '20s' },
    stabilization_period: '15s',
    // Of a rolling update nothing is left that could be cleaned up.
    ...(changes?.strategy === 'rolling' ? {} : { cleanup_delay: '3s' }),
    drain_timeout: '10s',
    rollback_verify_after: '5s',
    ...changes,
  };
}
