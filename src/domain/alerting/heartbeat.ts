import type { Heartbeat } from './alerting.schema.ts';
import type { Alert } from './alert.ts';
import { fingerprint } from './fingerprint.ts';
import { shardOf } from './group-key.ts';
import { type Labels, labelOf } from './labels.ts';
import { matchesAll } from './matcher.ts';
import { type Draft, grow, shrink } from './shard-draft.ts';
import type { HeartbeatState } from './shard-state.ts';

/** The store of last messages could not be asked: it is asked again so soon. */
export const ASK_AGAIN_MS = 30_000;
/** Of an alert that nobody but Belay ends. */
const FOR_EVER_MS = 8_640_000_000_000_000;

const MISSING = 'HeartbeatMissing';

/** The labels that the alert about a missing heartbeat has. */
export function heartbeatLabels(name: string, { labels }: Heartbeat): Labels {
  return { ...labels, alertname: MISSING, heartbeat: name };
}

/** Which shard watches a heartbeat. */
export function heartbeatShardOf(name: string, shards: number): number {
  return shardOf({ heartbeat: name }, shards);
}

type Heartbeats = Readonly<Record<string, Heartbeat>>;

/** The heartbeat that such labels tell to be missing; null, they are of another alert. */
export function missingOf(heartbeats: Heartbeats, labels: Labels): string | null {
  const name = labelOf(labels, 'heartbeat');
  const spec = Object.hasOwn(heartbeats, name) ? heartbeats[name] : undefined;
  if (spec === undefined) return null;
  return fingerprint(heartbeatLabels(name, spec)) === fingerprint(labels) ? name : null;
}

/**
 * Tells that a heartbeat is missing which is not watched any more, or by other labels: nobody would
 * end it.
 */
export function isOrphan(heartbeats: Heartbeats, { labels, endsAtMs }: Alert): boolean {
  return endsAtMs === FOR_EVER_MS && missingOf(heartbeats, labels) === null && isOfOurs(labels);
}

function isOfOurs(labels: Labels): boolean {
  return labelOf(labels, 'alertname') === MISSING && labelOf(labels, 'heartbeat') !== '';
}

/** The heartbeats that an alert is a signal of; such an alert is none. */
export function beatsOf(heartbeats: Heartbeats, labels: Labels): readonly string[] {
  // What tells that one is missing keeps none of them alive, whatever it matches.
  if (missingOf(heartbeats, labels) !== null) return [];
  return Object.entries(heartbeats).flatMap(([name, { matchers }]) =>
    matchers !== undefined && matchers.length > 0 && matchesAll(matchers, labels) ? [name] : [],
  );
}

/** Whether what was a signal may be an alert now. */
export function haveSignalsChanged(before: Heartbeats, after: Heartbeats): boolean {
  return Object.entries(before).some(
    ([name, { matchers }]) =>
      matchers !== undefined &&
      JSON.stringify(matchers) !==
        JSON.stringify(Object.hasOwn(after, name) ? after[name]?.matchers : undefined),
  );
}

/** What is known of one takes as JSON, at most. */
const HEARTBEAT_BYTES = 120;

/**
 * Watches those that are this shard's; the time of a new one begins now. One that is missing, and has
 * other labels now, is told anew by these.
 */
export function watchHeartbeats(draft: Draft, earlier: Heartbeats): void {
  const { heartbeats } = draft.configuration;
  for (const name of draft.heartbeats.keys()) {
    if (Object.hasOwn(heartbeats, name)) continue;
    draft.heartbeats.delete(name);
    shrink(draft, HEARTBEAT_BYTES + name.length * 2);
  }
  for (const [name, spec] of Object.entries(heartbeats)) {
    if (heartbeatShardOf(name, draft.shards) !== draft.shard) continue;
    const before = draft.heartbeats.get(name);
    const seenAtMs = before?.seenAtMs ?? draft.nowMs;
    const askAtMs = Math.max(seenAtMs + spec.withinMs, draft.nowMs);
    if (before === undefined) grow(draft, HEARTBEAT_BYTES + name.length * 2);
    const isTold = missingOf(earlier, heartbeatLabels(name, spec)) === name;
    const isMissing = isTold && before?.isMissing === true;
    draft.heartbeats.set(name, { isMissing, seenAtMs, askAtMs });
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
