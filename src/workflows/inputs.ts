import type { Reading } from '../domain/judge/measurement.ts';
import type { HookSpec } from '../domain/release/hook.schema.ts';
import type { Asked } from '../domain/release/commands.ts';
import type { Cause, DeployedVersion } from '../domain/release/progress.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import type { WentWrong } from '../domain/release/rollback-incident.ts';

/** What workflows are started with: one object each, plain JSON, with its own schema version. */

export interface ReleaseInput extends Asked {
  readonly schemaVersion: 1;
  readonly number: number;
  readonly spec: ReleaseSpec;
  /** Absent for the first release of a service. */
  readonly stable: DeployedVersion | null;
  /** Versions that still run without traffic; this release removes them at its end. */
  readonly left: readonly DeployedVersion[];
  /** It was stable a moment ago: it comes back without warm-up, validation and steps. */
  readonly fast?: boolean;
}

export interface RollbackInput extends Asked {
  readonly schemaVersion: 1;
  readonly service: string;
  readonly number: number;
  readonly trigger: Cause;
  readonly from: DeployedVersion;
  readonly to: DeployedVersion;
  /** Whether the instances of `to` should still run; else they are started first. */
  readonly toRuns: boolean;
  readonly before: Reading | null;
  /** A rolling update that stands half way: batches go back, the newest first. */
  readonly batches?: {
    /** Null where nobody has told: then the instances are counted. */
    readonly candidates: number | null;
    readonly desired: number;
  };
  /** Runs beside both, and is removed with `from`. */
  readonly baseline?: DeployedVersion;
  /** How long `from` stays before it is removed. */
  readonly keepForMs?: number;
  /** Hooks that have been called and can be undone, the newest first; and those for a rollback. */
  readonly hooks?: readonly HookSpec[];
  /** Of one that nobody has asked for, where somebody is to be paged about it. */
  readonly wentWrong?: WentWrong;
}
