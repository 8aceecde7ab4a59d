import type { Effect } from '../../domain/effect.ts';
import type { Instance } from '../../domain/release/instance.ts';
import type { EnvironmentSpec } from '../../domain/release/release.schema.ts';

export interface DeployRequest {
  readonly service: string;
  readonly version: string;
  readonly key: string;
  readonly generation: number;
  readonly spec: EnvironmentSpec;
}

export interface RemoveRequest {
  readonly service: string;
  readonly version: string;
  readonly key: string;
  readonly generation: number;
  /** How long an instance may take to end by itself after it was asked to. */
  readonly graceMs: number;
}

export interface InstanceState extends Instance {
  readonly running: boolean;
  /** Where a person finds what the instance printed. */
  readonly log: string;
}

export interface InstanceUsage {
  readonly instance: string;
  readonly memoryBytes: number;
  /** Processor time used since the instance started, in milliseconds of one core. */
  readonly cpuTimeMs: number;
  readonly atMs: number;
}

/**
 * Runs the instances of a version.
 *
 * - `deploy` states a desired end: `spec.instances` running instances of the version. It is
 *   idempotent: an instance that already runs is kept, also when another process started it, and no
 *   crash between its lines makes two of one. It returns when every instance has been started; it
 *   does not judge their health. An instance keeps its port for as long as the version is deployed.
 * - `remove` ends every instance (asks, waits `graceMs`, then forces) and returns when none runs.
 *   Removing what is not there is done at once.
 * - `deploy` and `remove` of a lower generation than the last one of that version are refused with
 *   `StaleGeneration`. Each appends one effect a key when the end is reached, never a second one.
 * - Failures: `EnvironmentInvalid` (a retry cannot help), `EnvironmentFailed` (it can).
 */
export interface EnvironmentDriver {
  deploy(request: DeployRequest, signal: AbortSignal): Promise<readonly Instance[]>;
  find(service: string, version: string): Promise<readonly InstanceState[]>;
  /** Only running instances appear. */
  usage(service: string, version: string): Promise<readonly InstanceUsage[]>;
  remove(request: RemoveRequest, signal: AbortSignal): Promise<void>;
  effects(service: string): Promise<readonly Effect[]>;
}
