import type { Accepted, Begun } from '../../src/domain/release/commands.ts';

/** For releases of which nothing else is in the way. */
export function begun(accepted: Accepted): Begun {
  if (accepted.kind === 'begun') return accepted;
  throw new Error(`${accepted.version} waits at position ${accepted.position}`);
}
