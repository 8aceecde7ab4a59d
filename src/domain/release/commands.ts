import type { DeployedVersion, RunRecord } from './progress.ts';
import type { ReleaseSpec } from './release-spec.ts';

/** Who asks, why, and under which id: the same id is the same request and has the same answer. */
export interface Asked {
  readonly requestId: string;
  readonly who: string;
  readonly why: string;
}

export interface DeployCommand extends Asked {
  readonly spec: ReleaseSpec;
}

export interface RollbackCommand extends Asked {
  /** Default: the version that was stable before the present one. */
  readonly toVersion: string | undefined;
}

export interface Accepted {
  readonly workflowId: string;
  readonly number: number;
  readonly version: string;
  /** What a person should know before it starts, such as that there is no way back. */
  readonly remarks: readonly string[];
}

/** What the `state` query of a service answers. */
export interface ServiceView {
  readonly service: string;
  readonly stable: string | undefined;
  readonly nextNumber: number;
  readonly active: RunRecord | undefined;
  /** Versions that run without traffic and wait to be removed by the next release. */
  readonly left: readonly string[];
  /** Newest first; at most 50. */
  readonly runs: readonly RunRecord[];
}

/** From a run to its service: who serves all traffic now. */
export interface ServingNote {
  readonly workflowId: string;
  readonly serving: DeployedVersion;
  /** The highest number that the run has used: the rollback that a release began has its own. */
  readonly lastNumber: number;
}
