import type { PolicySnapshot } from '../escalation/snapshot.ts';
import type { Paging } from './paging-file.ts';

/** A policy as it is now; undefined where there is none of this name. */
export function snapshotOf(
  { policies, lastResort }: Pick<Paging, 'policies' | 'lastResort'>,
  name: string,
): PolicySnapshot | undefined {
  const policy = Object.hasOwn(policies, name) ? policies[name] : undefined;
  if (policy === undefined) return undefined;
  return {
    name,
    levels: policy.levels,
    repeat: policy.repeat,
    onExhausted: policy.onExhausted,
    lastResort: policy.lastResort ?? lastResort,
    ackTimeoutMs: policy.ackTimeoutMs ?? null,
    sendForMs: policy.sendForMs,
    overrides: policy.overrides,
  };
}
