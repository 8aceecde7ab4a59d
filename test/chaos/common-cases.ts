import type { Strategy } from '../../src/domain/release/release.schema.ts';
import { atEachStep } from './kills-of-plan.ts';
import type { Ending, Event, StrategyCase } from './strategy-case.ts';

export const ALL: Ending = { kind: 'succeeded' };

/** Nothing serves before it: users come when it does. */
export function firstRelease(strategy: Strategy): StrategyCase {
  return {
    name: 'first release, each step as it begins',
    changes: { strategy },
    events: (plan) => [
      ...atEachStep(plan.slice(0, 4)),
      { users: 'come', at: { in: 'stabilizing' } },
      ...atEachStep(plan.slice(4)),
    ],
    ending: ALL,
  };
}

/** The same without a kill, for what comes after it. */
export function plainFirst(strategy: Strategy): StrategyCase {
  return {
    name: 'first release, undisturbed',
    changes: { strategy },
    events: [{ users: 'come', at: { in: 'stabilizing' } }],
    ending: ALL,
  };
}

export const ROLLBACK_KILLS: readonly Event[] = [
  { kill: { write: 'back/switch', fate: 'lost' } },
  { kill: { in: 'verifying' } },
  { kill: { in: 'cleaning_up' } },
];

export const ROLLBACK_MIDDLES: readonly Event[] = [
  { kill: { write: 'back/switch', fate: 'unanswered' } },
  { kill: { in: 'verifying', afterMs: 1000 } },
  { kill: { write: 'unregister-', fate: 'unanswered' } },
  { kill: { received: 'message' } },
];
