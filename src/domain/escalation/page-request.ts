import type { Incident } from '../paging/page.ts';
import type { Attempt } from './ledger.ts';
import type { LevelRequest, Turn } from './plan-level.ts';
import type { Target } from './policy.schema.ts';
import type { PolicySnapshot } from './snapshot.ts';

/** What crosses to the paging activities: names, never addresses or secrets. */

export interface SendPageRequest {
  readonly key: string;
  readonly channel: string;
  readonly person: string | null;
  readonly contact: string | null;
  readonly incident: Incident;
  readonly round: number;
  readonly level: number;
  /** For people: `ops-slack`, `mail/ada.phone`. */
  readonly place: string;
  /** Since when it is due: of two pages the earlier goes first. */
  readonly dueMs: number;
  /** Which alert of the incident it belongs to, as `Page.alert`. */
  readonly alert?: number;
  /** Attempts at the same page that the incident knows of, as one of them may have arrived. */
  readonly earlier?: readonly Attempt[];
}

/** What a failed page tells beside its attempts. */
export interface PageLeft {
  /** By which a message that may have arrived can be changed. */
  readonly handle?: string | undefined;
  /** It is to be tried again: it ended only so that the incident knows that it may have arrived. */
  readonly isUnfinished: boolean;
}

export interface PageSent {
  readonly receipt: string;
  readonly handle: string | null;
  readonly attempts: readonly Attempt[];
}

export interface ShowStatusRequest {
  readonly key: string;
  readonly channel: string;
  readonly person: string | null;
  readonly contact: string | null;
  readonly action: 'acknowledge' | 'resolve' | 'trigger';
  readonly incident: Incident;
  readonly handle: string | null;
  readonly round: number;
  readonly level: number;
  readonly dueMs: number;
}

export type FoundPolicy =
  | { readonly kind: 'found'; readonly policy: PolicySnapshot }
  /** The channels of last resort of the file, if there are any. */
  | ({ readonly kind: 'unknown'; readonly why: string } & Pick<
      PolicySnapshot,
      'lastResort' | 'fallbacks'
    >);

export interface PlanLevelRequest extends LevelRequest {
  readonly atMs: number;
}

export interface PlanAssignedRequest {
  readonly targets: readonly Target[];
  readonly turn: Turn;
  readonly atMs: number;
}
