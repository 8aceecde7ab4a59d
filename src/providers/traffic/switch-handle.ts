import { steeringOf } from './check-steering.ts';
import type { TrafficChange, TrafficState } from './router.ts';

/** What a switch changed, whole: enough to undo it. Plain JSON. */
export interface SwitchHandle {
  /** Routes with their instances, and what told requests apart beside the weights. */
  readonly before: TrafficState;
  readonly after: TrafficState;
}

/**
 * The change that brings back what was before a switch, under a newer generation. Refused by the
 * device with `TrafficTakenBack` where somebody has moved the traffic since. Undefined where
 * nothing had been written before: then there is nothing to go back to.
 */
export function undoOf(
  { before, after }: SwitchHandle,
  { key, generation }: Pick<TrafficChange, 'key' | 'generation'>,
): TrafficChange | undefined {
  if (before.routes.length === 0) return undefined;
  const { service, routes } = before;
  const change = { service, key, generation, routes, ...steeringOf(before) };
  return { ...change, after: after.generation };
}
