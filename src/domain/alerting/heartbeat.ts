import type { Heartbeat } from './alerting.schema.ts';
import type { Alert } from './alert.ts';
import { shardOf } from './group-key.ts';
import type { Labels } from './labels.ts';
import { matchesAll } from './matcher.ts';
import { type Draft, grow } from './shard-draft.ts';
import type { HeartbeatState } from './shard-state.ts';

/** The store of last messages could not be asked: it is asked again so soon. */
export const ASK_AGAIN_MS = 30_000;
/** Of an alert that nobody but Belay ends. */
const FOR_EVER_MS = 8_640_000_000_000_000;

/** The labels that the alert about a missing heartbeat has. */
export function heartbeatLabels(name: string, { labels }: Heartbeat): Labels {
  return { ...labels, alertname: 'HeartbeatMissing', heartbeat: name };
}

/** Which shard watches a heartbeat. */
export function heartbeatShardOf(name: string, shards: number): number {
  return shardOf({ heartbeat: name }, shards);
}

/** The heartbeats that an alert is a signal of; such an alert is none. */
export function beatsOf(
  heartbeats: Readonly<Record<string, Heartbeat>>,
  labels: Labels,
): readonly string[] {
  return Object.entries(heartbeats).flatMap(([name, { matchers }]) =>
    matchers !== undefined && matchers.length > 0 && matchesAll(matchers, labels) ? [name] : [],
  );
}

/** What is known of one takes as JSON, at most. */
const HEARTBEAT_BYTES = 120;

/** Watches those that are this shard's; the time of a new one begins now. */
export function watchHeartbeats(draft: Draft): void {
  const { heartbeats } = draft.configuration;
  for (const name of draft.heartbeats.keys()) {
    if (!Object.hasOwn(heartbeats, name)) draft.heartbeats.delete(name);
  }
  for (const [name, { withinMs }] of Object.entries(heartbeats)) {
    if (heartbeatShardOf(name, draft.shards) !== draft.shard) continue;
    const before = draft.heartbeats.get(name);
    const seenAtMs = before?.seenAtMs ?? draft.nowMs;
    const askAtMs = Math.max(seenAtMs + withinMs, draft.nowMs);
    if (before === undefined) grow(draft, HEARTBEAT_BYTES + name.length * 2);
    draft.heartbeats.set(name, { isMissing: false, ...before, seenAtMs, askAtMs });
  }
}

/** A signal has come, or the store says when the last one did. */
export function beat(draft: Draft, name: string, atMs: number): Alert | null {
  const before = draft.heartbeats.get(name);
  const spec = draft.configuration.heartbeats[name];
  if (before === undefined || spec === undefined) return null;
  const seenAtMs = Math.max(before.seenAtMs, atMs);
  const isMissing = seenAtMs + spec.withinMs <= draft.nowMs;
  return becomes(draft, name, before, {
    seenAtMs,
    isMissing,
    askAtMs: isMissing ? draft.nowMs + ASK_AGAIN_MS : seenAtMs + spec.withinMs,
  });
}

/**
 * Nobody can say when the last signal came: after as long again as it may take, that is as bad as
 * none, since nothing would be told by silence.
 */
export function beatUnknown(draft: Draft, name: string): Alert | null {
  const before = draft.heartbeats.get(name);
  const spec = draft.configuration.heartbeats[name];
  if (before === undefined || spec === undefined) return null;
  const isMissing = before.isMissing || before.seenAtMs + 2 * spec.withinMs <= draft.nowMs;
  return becomes(draft, name, before, {
    ...before,
    isMissing,
    askAtMs: draft.nowMs + ASK_AGAIN_MS,
  });
}

/** The alert about it, where it begins or ends. */
function becomes(
  draft: Draft,
  name: string,
  before: HeartbeatState,
  after: HeartbeatState,
): Alert | null {
  draft.heartbeats.set(name, after);
  const spec = draft.configuration.heartbeats[name];
  if (spec === undefined || before.isMissing === after.isMissing) return null;
  return {
    labels: heartbeatLabels(name, spec),
    annotations: {},
    generatorUrl: null,
    startsAtMs: after.isMissing ? draft.nowMs : before.seenAtMs,
    endsAtMs: after.isMissing ? FOR_EVER_MS : draft.nowMs,
    isTimeout: false,
    updatedAtMs: draft.nowMs,
  };
}
