import type { HealthCheckSpec } from '../../domain/release/release.schema.ts';
import type { Instance } from '../../domain/release/instance.ts';

export type CheckResult =
  | { readonly kind: 'healthy'; readonly tookMs: number }
  /** `why` says what was expected, what came, and from where, in one line. */
  | { readonly kind: 'unhealthy'; readonly tookMs: number; readonly why: string };

export interface ProbeRequest<Check extends HealthCheckSpec = HealthCheckSpec> {
  readonly check: Check;
  readonly service: string;
  readonly version: string;
  readonly instance: Instance;
}

/**
 * Makes one attempt at one check of one instance, within the check's own time limit. It never
 * throws for an unhealthy instance, only when `signal` ends it.
 */
export type HealthProbe<Check extends HealthCheckSpec = HealthCheckSpec> = (
  request: ProbeRequest<Check>,
  signal: AbortSignal,
) => Promise<CheckResult>;
