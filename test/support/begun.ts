import type { Accepted, Begun } from '../../src/domain/release/commands.ts';

/** For releases of which nothing else is in the way. */
export function begun(accepted: Accepted): Begun {
  if (accepted.kind === 'begun') return accepted;
  throw new Error(`${accepted.version} has not begun: it is ${accepted.kind}`);
}
