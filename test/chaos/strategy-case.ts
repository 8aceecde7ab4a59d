import type { BalancerKind } from '../../src/dev/balancer.ts';
import type { Step } from '../../src/domain/release/plan.ts';
import type { Verb } from '../../src/domain/release/progress.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import type { Kill, Moment } from './strike.ts';

export type Event =
  | { readonly kill: Kill }
  /** A person asks for a verb: at once, or at a moment. */
  | { readonly ask: Verb; readonly at?: Moment }
  /** Every instance of the candidate begins to fail its requests, or is well again. */
  | { readonly candidate: 'breaks' | 'is well'; readonly at?: Moment }
  /** `belay rollback --break-glass`: one write by hand, past Temporal. */
  | { readonly breakGlass: 'now'; readonly at: Moment }
  /**
   * The Temporal server is ended, then the candidate breaks; once traffic is back on stable the
   * server returns. `worker`: it is killed as well before that.
   */
  | { readonly away: 'server' | 'server and worker'; readonly at: Moment }
  /** Users come from here on. */
  | { readonly users: 'come'; readonly at: Moment };

/** How a release comes to its end, and what of its plan it has done by then. */
export type Ending =
  | { readonly kind: 'succeeded' }
  | {
      readonly kind: 'rolled back';
      readonly outcome: 'rolled_back' | 'aborted';
      /** The last step whose effects are there. */
      readonly through: string;
      /** Written between the release and its rollback by somebody else. */
      readonly between?: 'taken-back' | 'break-glass';
    }
  | { readonly kind: 'abandoned'; readonly outcome: 'failed' | 'aborted'; readonly through: string }
  /** The first batch was bad: nothing stands that would have to be rolled back. */
  | { readonly kind: 'batch undone'; readonly batch: string; readonly through: string };

export interface StrategyCase {
  readonly name: string;
  /** Where it runs, unless everything is to run everywhere; absent, on both. */
  readonly on?: BalancerKind;
  readonly changes: Partial<ReleaseDocument>;
  readonly fault?: 'unhealthy';
  /** Called before traffic by a webhook, and undone by one. */
  readonly hook?: string;
  readonly events: readonly Event[] | ((plan: readonly Step[], stable: string) => readonly Event[]);
  /** The step at which people are told that it is held. */
  readonly held?: string;
  /** A step is entered once more: what is written then has names of its own. */
  readonly writesBetween?: { readonly after: string; readonly names: readonly string[] };
  readonly ending: Ending;
}

/** A rollback that a person asks for when nothing runs. */
export interface ManualRollback {
  readonly name: string;
  readonly manual: 'rollback';
  readonly on?: BalancerKind;
  readonly kills: readonly Kill[];
}

/** Cases that build on each other, on a stack of their own. */
export interface Lane {
  readonly name: string;
  readonly instances: number;
  readonly cases: readonly (StrategyCase | ManualRollback)[];
}
