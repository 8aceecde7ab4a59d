import type { HealthCheckSpec } from '../../domain/release/release.schema.ts';
import { probeCommand } from './command.ts';
import { probeHook } from './hook.ts';
import { probeHttp } from './http.ts';
import type { CheckResult, ProbeRequest } from './probe.ts';
import { probeTcp } from './tcp.ts';

/** One attempt at a check, by its kind. */
export function probeHealth(request: ProbeRequest, signal: AbortSignal): Promise<CheckResult> {
  const { check, ...target } = request;
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
}

/** A check that has one answer for the whole version, not one an instance. */
export function isOncePerVersion(check: HealthCheckSpec): boolean {
  return check.kind === 'http' && check.url !== undefined;
}
