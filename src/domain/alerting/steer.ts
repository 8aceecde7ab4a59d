import { shardOf } from './group-key.ts';
import { heldBack } from './held-back.ts';
import { labelOf } from './labels.ts';
import type { OnAlert } from './route.schema.ts';
import { routesFor } from './routing.ts';
import type { Draft } from './shard-draft.ts';

const STRENGTH: Readonly<Record<OnAlert, number>> = { pause: 1, rollback: 2 };

/**
 * Asks once, of a firing alert, for the strongest that its routes do to a release, of those that nothing
 * holds back; whether or not they page anybody. Every shard with a group of it asks for the same.
 */
export function steer(draft: Draft, fingerprint: string): void {
  const { configuration } = draft;
  const held = draft.alerts.get(fingerprint);
  if (held === undefined || held.isEnded || held.hasSteered) return;
  if (configuration.routes.every(({ onAlert }) => onAlert === null)) return;
  const { labels } = held.alert;
  if (held.groups.length === 0 && shardOf(labels, draft.shards) !== draft.shard) return;
  const asked = routesFor(configuration.routes, labels).flatMap((at) => {
    const route = configuration.routes[at];
    if (route === undefined || route.onAlert === null) return [];
    const service = labelOf(labels, route.serviceLabel);
    const isHeld = service === '' || heldBack(draft, labels, [at]) !== null;
    return isHeld ? [] : [{ verb: route.onAlert, service }];
  });
  const [strongest] = asked.toSorted((one, other) => STRENGTH[other.verb] - STRENGTH[one.verb]);
  if (strongest === undefined) return;
  draft.alerts.set(fingerprint, { ...held, hasSteered: true });
  draft.out.steer.push({ fingerprint, ...strongest });
}
