import type { HealthCheckSpec } from '../../domain/release/release.schema.ts';
import { createCommandProbe } from './command.ts';
import { probeHook } from './hook.ts';
import { probeHttp } from './http.ts';
import type { HealthProbe } from './probe.ts';
import { probeTcp } from './tcp.ts';

export interface ProbeDeps {
  /** What programs get of the worker's environment: `PATH`, `HOME` and the like, no secrets. */
  readonly inherited: Readonly<Record<string, string>>;
}

/** One attempt at a check, by its kind. */
export function createProbes({ inherited }: ProbeDeps): HealthProbe {
  const probeCommand = createCommandProbe(inherited);
  return async ({ check, ...target }, signal) => {
    switch (check.kind) {
      case 'http':
        return probeHttp({ ...target, check }, signal);
      case 'tcp':
        return probeTcp({ ...target, check }, signal);
      case 'command':
        return probeCommand({ ...target, check }, signal);
      case 'hook':
        return probeHook({ ...target, check }, signal);
      default:
        return check satisfies never;
    }
  };
}

/** A check that has one answer for the whole version, not one an instance. */
export function isOncePerVersion(check: HealthCheckSpec): boolean {
  return check.kind === 'http' && check.url !== undefined;
}
