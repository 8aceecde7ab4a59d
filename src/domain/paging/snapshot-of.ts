import { fallbacksOf } from '../escalation/plan-level.ts';
import type { PolicySnapshot } from '../escalation/snapshot.ts';
import type { Paging } from './paging-file.ts';

/** A policy as it is now; undefined where there is none of this name. */
export function snapshotOf(
  { policies, lastResort, channels }: Pick<Paging, 'policies' | 'lastResort' | 'channels'>,
  name: string,
): PolicySnapshot | undefined {
  const policy = Object.hasOwn(policies, name) ? policies[name] : undefined;
  if (policy === undefined) return undefined;
  return {
    name,
    levels: policy.levels,
    repeat: policy.repeat,
    onExhausted: policy.onExhausted,
    ...lastResortOf(channels, policy.lastResort ?? lastResort),
    ackTimeoutMs: policy.ackTimeoutMs ?? null,
    sendForMs: policy.sendForMs,
    overrides: policy.overrides,
  };
}

/** Channels of last resort, with those that take what they do not. */
export function lastResortOf(
  channels: Paging['channels'],
  lastResort: readonly string[],
): Required<Pick<PolicySnapshot, 'lastResort' | 'fallbacks'>> {
  const fallbacks = lastResort.map((name) => [name, fallbacksOf({ channels }, name)] as const);
  return { lastResort, fallbacks: Object.fromEntries(fallbacks) };
}
