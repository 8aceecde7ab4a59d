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
  /** Begins although a freeze window is open; `why` is the reason that is kept. */
  readonly overrideFreeze?: boolean;
}

/** A deploy that waits for its turn, or any that has not begun, is called off by its request id. */
export interface CancelCommand extends Asked {
  readonly queuedRequestId: string;
}

export interface RollbackCommand extends Asked {
  /** Default: the version that was stable before the present one. */
  readonly toVersion: string | undefined;
}

export type Accepted = Begun | Queued | CalledOff;

export interface Begun {
  readonly kind: 'begun';
  readonly workflowId: string;
  readonly number: number;
  readonly version: string;
  /** What a person should know before it starts, such as that there is no way back. */
  readonly remarks: readonly string[];
}

/** It begins by itself when its turn comes; its number and workflow id are given then. */
export interface Queued {
  readonly kind: 'queued';
  readonly requestId: string;
  readonly version: string;
  /** 1 is next. */
  readonly position: number;
  /** The workflow id of the run that it waits for. */
  readonly behind: string;
  readonly remarks: readonly string[];
}

/** It was waiting for its turn and will not begin. */
export interface CalledOff {
  readonly kind: 'called_off';
  readonly requestId: string;
  readonly version: string;
  /** Who called it off and why. */
  readonly why: string;
  readonly remarks: readonly string[];
}

/** A release that waits for its turn, as the `state` query shows it. */
export interface WaitingRelease extends Asked {
  readonly version: string;
  readonly sinceMs: number;
}

/** What the `state` query of a service answers. */
export interface ServiceView {
  readonly service: string;
  readonly stable: string | undefined;
  readonly nextNumber: number;
  readonly active: RunRecord | undefined;
  /** In the order in which they will begin. */
  readonly queue: readonly WaitingRelease[];
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
