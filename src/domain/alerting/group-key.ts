import { incidentKey } from '../escalation/incident-id.ts';
import { fingerprint } from './fingerprint.ts';
import { type Labels, sortedLabels } from './labels.ts';

/** Where pages go, by a name of the paging file. */
export interface Destination {
  readonly kind: 'channel' | 'policy';
  readonly name: string;
}

/** A group that an alert belongs to, and the routes that lead there. */
export interface GroupRef {
  readonly key: string;
  readonly destination: Destination;
  readonly labels: Labels;
  /** It takes the groups of a storm together; its labels are none. */
  readonly isStorm: boolean;
  /** Places in the configuration's list, at least one. */
  readonly routes: readonly number[];
}

/** `policy/default`, `channel/ops`. */
export function destinationText({ kind, name }: Destination): string {
  return `${kind}/${name}`;
}

/**
 * What a group is known by: where it pages, and its labels. Neither the routing tree nor the name
 * of a receiver is in it, so no reload makes another group, and another incident, of the same. For
 * a policy it is the key of the incident.
 */
export function groupRef(
  destination: Destination,
  labels: Labels,
  routes: readonly number[],
): GroupRef {
  const key = keyOf(destination, JSON.stringify(sortedLabels(labels)));
  return { key, destination, labels, isStorm: false, routes };
}

/** The one group that takes the place of all that a storm would open at a destination. */
export function stormRef(destination: Destination, routes: readonly number[]): GroupRef {
  return { key: keyOf(destination, 'storm'), destination, labels: {}, isStorm: true, routes };
}

function keyOf(destination: Destination, key: string): string {
  // No policy has a name with a slash.
  const { kind, name } = destination;
  return incidentKey(kind === 'policy' ? name : `channel/${name}`, key);
}

/** Which of so many shards owns the groups with such labels, at every destination alike. */
export function shardOf(labels: Labels, shards: number): number {
  // Folded: the lowest bits alone depend on the lowest bits of each letter alone.
  const hash = fingerprint(labels);
  const folded = Number.parseInt(hash.slice(0, 8), 16) ^ Number.parseInt(hash.slice(8), 16);
  return (folded >>> 0) % shards;
}

/** Which shard takes the storms of a destination. */
export function stormShardOf(destination: Destination, shards: number): number {
  return shardOf({ storm: destinationText(destination) }, shards);
}
