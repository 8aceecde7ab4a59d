import { randomUUID } from 'node:crypto';
import type { Asked } from '../domain/release/commands.ts';
import { requireRelease } from '../domain/release/release-file.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import type { Steering } from '../domain/release/steer.ts';

/** Who asks and why; a repeat with the same request id is the same request. */
export interface Request {
  readonly who: string;
  readonly why: string;
  /** Default: a new one. Keep it when you repeat a call whose answer you did not get. */
  readonly requestId?: string;
}

/** A release as `readRelease` of a file gives it, or its text. */
export type ReleaseToRun =
  | ReleaseSpec
  | {
      readonly text: string;
      readonly file: string;
      /** Absolute; where the programs of the environment run. */
      readonly folder: string;
      readonly version?: string;
    };

/** In spite of a freeze window; `why` is the reason that is kept. */
export interface FrozenRequest extends Request {
  readonly overrideFreeze?: boolean;
}

export interface DeployRequest extends FrozenRequest {
  readonly release: ReleaseToRun;
}

export type SteerRequest = Request & Omit<Steering, keyof Request>;

export function specOf(release: ReleaseToRun): ReleaseSpec {
  if ('schemaVersion' in release) return release;
  return requireRelease({ ...release, version: release.version }).spec;
}

/**
 * Temporal repeats its first answer to an id of an update, whatever the update is: without the verb,
 * a `resolve` under the request id of an acknowledgement would be answered as that, and not be done.
 */
export function updateIdOf(verb: string, { requestId }: Asked): string {
  return `${verb}/${requestId}`;
}

export function asked({ who, why, requestId }: Request): Asked {
  return { who, why, requestId: requestId ?? randomUUID() };
}
