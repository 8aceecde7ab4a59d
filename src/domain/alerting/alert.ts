import { type Labels, inOrder, labelsProblem, sortedLabels } from './labels.ts';

/** What fires, as it is known now. Plain JSON. */
export interface Alert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly generatorUrl: string | null;
  readonly startsAtMs: number;
  /** When it ends; in the future unless it is over. */
  readonly endsAtMs: number;
  /** Nobody has said when it ends: `endsAtMs` comes from `resolve_timeout`. */
  readonly isTimeout: boolean;
  readonly updatedAtMs: number;
}

/** As a client sends it. */
export interface PostedAlert {
  readonly labels: Labels;
  readonly annotations?: Labels | undefined;
  readonly generatorUrl?: string | undefined;
  readonly startsAtMs?: number | undefined;
  readonly endsAtMs?: number | undefined;
}

const ANNOTATIONS_MAX = 32_768;
const URL_MAX = 2048;
/** What JavaScript's dates reach; Go's zero time is before all that fires. */
const TIME_MAX_MS = 8_640_000_000_000_000;

/** What is wrong with an alert as it was sent, or null; the others of its batch are taken. */
export function postedProblem(posted: PostedAlert): string | null {
  const { labels, annotations = {}, generatorUrl = '', startsAtMs, endsAtMs } = posted;
  const problem = labelsProblem(labels);
  if (problem !== null) return problem;
  const words = Object.entries(annotations);
  const all = words.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (all > ANNOTATIONS_MAX) {
    return `has annotations of ${all} characters; ${ANNOTATIONS_MAX} is the most`;
  }
  if (words.some(([name, value]) => !name.isWellFormed() || !value.isWellFormed())) {
    return 'has an annotation that is no text: it has half of a character';
  }
  if (generatorUrl.length > URL_MAX || !generatorUrl.isWellFormed()) {
    return `has a generatorURL that is no text of at most ${URL_MAX} characters`;
  }
  for (const ms of [startsAtMs ?? 0, endsAtMs ?? 0]) {
    if (!Number.isSafeInteger(ms) || Math.abs(ms) > TIME_MAX_MS) return 'has a time in no calendar';
  }
  if (startsAtMs !== undefined && endsAtMs !== undefined && endsAtMs < startsAtMs) {
    return 'ends before it begins: check startsAt and endsAt';
  }
  return null;
}

/** With what is missing filled in as Alertmanager does. */
export function received(posted: PostedAlert, nowMs: number, resolveTimeoutMs: number): Alert {
  const { labels, annotations = {}, generatorUrl, startsAtMs, endsAtMs } = posted;
  const starts = startsAtMs ?? (endsAtMs === undefined ? nowMs : Math.min(endsAtMs, nowMs));
  return {
    labels: inOrder(labels),
    annotations: inOrder(annotations),
    generatorUrl: generatorUrl ?? null,
    startsAtMs: starts,
    endsAtMs: endsAtMs ?? nowMs + resolveTimeoutMs,
    isTimeout: endsAtMs === undefined,
    updatedAtMs: nowMs,
  };
}

/** Whether it is over; at its end it is. */
export function isOver({ endsAtMs }: Alert, nowMs: number): boolean {
  return endsAtMs <= nowMs;
}

/**
 * What is known after another message about the same labels. Two that overlap in time are one
 * alert: it has begun with the earlier, and what the newer says stands. One that began after the
 * other had ended is another alert, and takes its place, unless its message is the older one.
 */
export function merged(before: Alert, after: Alert, nowMs: number): Alert {
  const overlap =
    (after.endsAtMs > before.startsAtMs && after.endsAtMs < before.endsAtMs) ||
    (after.startsAtMs > before.startsAtMs && after.startsAtMs < before.endsAtMs);
  if (!overlap) return after.updatedAtMs < before.updatedAtMs ? before : after;
  const [older, newer] = after.updatedAtMs < before.updatedAtMs ? [after, before] : [before, after];
  const end = endOf(older, newer, nowMs);
  return { ...newer, ...end, startsAtMs: Math.min(older.startsAtMs, newer.startsAtMs) };
}

/** Of two ends that have been told, or are past, the later; a time-out takes back no word. */
function endOf(older: Alert, newer: Alert, nowMs: number): Pick<Alert, 'endsAtMs' | 'isTimeout'> {
  const counts = isOver(newer, nowMs) ? isOver(older, nowMs) : !older.isTimeout;
  const { endsAtMs, isTimeout } = counts && older.endsAtMs > newer.endsAtMs ? older : newer;
  return { endsAtMs, isTimeout };
}

/**
 * Whether a message says anything that a shard does not know: all others are only noted where the
 * last ones are kept, and enter no history.
 */
export function isNews(before: Alert | undefined, after: Alert, nowMs: number): boolean {
  if (before === undefined) return true;
  return (
    isOver(before, nowMs) !== isOver(after, nowMs) ||
    after.startsAtMs < before.startsAtMs ||
    (after.startsAtMs > before.endsAtMs && !isOver(after, nowMs)) ||
    after.generatorUrl !== before.generatorUrl ||
    textOf(after.annotations) !== textOf(before.annotations)
  );
}

function textOf(labels: Labels): string {
  return JSON.stringify(sortedLabels(labels));
}
