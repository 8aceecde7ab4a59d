import type { ServiceView } from './commands.ts';
import { isAtLeast } from './version-order.ts';

/**
 * Whether a service has the wanted version or a later one as its stable version.
 *
 * | Versions | Has it |
 * |---|---|
 * | none is stable | no |
 * | both can be compared | when stable is the wanted one or a later one |
 * | they cannot, like hashes | when the wanted one was released before stable first was |
 */
export function hasReleased(view: ServiceView, wanted: string): boolean {
  const { stable } = view;
  if (stable === undefined) return false;
  const compared = isAtLeast(stable, wanted);
  if (compared !== 'unknown') return compared;
  const [before, since] = [releaseOf(view, wanted), releaseOf(view, stable)];
  return before !== undefined && since !== undefined && before < since;
}

/** The number of the first release that brought a version; one that runs has only promoted it. */
function releaseOf({ runs, active, stable }: ServiceView, version: string): number | undefined {
  const found = runs.findLast(
    (run) => run.kind === 'release' && run.version === version && run.outcome === 'succeeded',
  );
  if (found !== undefined) return found.number;
  return active?.kind === 'release' && active.version === version && stable === version
    ? active.number
    : undefined;
}
