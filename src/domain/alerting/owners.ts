import type { Configuration } from './alerting-file.ts';
import { type GroupRef, shardOf } from './group-key.ts';
import { beatsOf, heartbeatShardOf } from './heartbeat.ts';
import { canInhibit } from './inhibition.ts';
import type { Labels } from './labels.ts';
import { groupsFor } from './routing.ts';

/** The shards that an alert is handed to. One that can inhibit others is known everywhere. */
export function ownersOf(
  configuration: Configuration,
  labels: Labels,
  shards: number,
  groups: readonly GroupRef[] = groupsFor(configuration, labels),
): readonly number[] {
  if (canInhibit(configuration.inhibitRules, labels)) {
    return Array.from({ length: shards }, (_, at) => at);
  }
  const beats = beatsOf(configuration.heartbeats, labels);
  if (beats.length > 0) return [...new Set(beats.map((name) => heartbeatShardOf(name, shards)))];
  const owners = groups.map((ref) => shardOf(ref.labels, shards));
  return owners.length > 0 ? [...new Set(owners)] : [shardOf(labels, shards)];
}
