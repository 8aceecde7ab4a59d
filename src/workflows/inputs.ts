import type { Reading } from '../domain/judge/measurement.ts';
import type { Asked } from '../domain/release/commands.ts';
import type { DeployedVersion, RollbackTrigger } from '../domain/release/progress.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';

/** What workflows are started with: one object each, plain JSON, with its own schema version. */

export interface ReleaseInput extends Asked {
  readonly schemaVersion: 1;
  readonly number: number;
  readonly spec: ReleaseSpec;
  /** Absent for the first release of a service. */
  readonly stable: DeployedVersion | null;
  /** Versions that still run without traffic; this release removes them at its end. */
  readonly left: readonly DeployedVersion[];
}

export interface RollbackInput extends Asked {
  readonly schemaVersion: 1;
  readonly service: string;
  readonly number: number;
  readonly trigger: RollbackTrigger;
  readonly from: DeployedVersion;
  readonly to: DeployedVersion;
  /** Whether the instances of `to` should still run; else they are started first. */
  readonly toRuns: boolean;
  readonly before: Reading | null;
}
