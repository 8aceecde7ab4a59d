import { type Alert, isNews, isOver, merged } from './alert.ts';

/**
 * What the store of last messages knows of an alert: a row of it, and what becomes of the row by
 * each of the store's verbs. Each is one transaction, so that two of them never overlap.
 */
export interface LastMessage {
  /** What all messages have said together; null, only one that it is over, on its way to a shard. */
  readonly alert: Alert | null;
  /**
   * A shard may think that it is over, or not have been reached: that it fires is news until a
   * message from then or later, that it fires, has been delivered. Null, all is known there.
   */
  readonly newsUntilMs: number | null;
}

/** The clocks of two machines may differ by so much: what ends sooner may be over for another. */
export const CLOCKS_APART_MS = 10_000;

/**
 * Whether a message is news. What is not is in the row from now on; what is leaves the alert as it
 * was, but marks it: whoever hands it over may die before that is told.
 */
export function noteMessage(
  row: LastMessage | undefined,
  message: Alert,
  nowMs: number,
): { readonly isNews: boolean; readonly row: LastMessage | undefined } {
  const alert = row?.alert ?? null;
  if (alert !== null && !isNewsTo(alert, row?.newsUntilMs ?? null, message, nowMs)) {
    const newsUntilMs = row?.newsUntilMs ?? null;
    return { isNews: false, row: { alert: merged(alert, message, nowMs), newsUntilMs } };
  }
  // Nothing is lost by forgetting that one which nobody has heard of fires.
  if (row === undefined && !isNearlyOver(message, nowMs)) return { isNews: true, row };
  const newsUntilMs = latest(row?.newsUntilMs ?? null, answeredFrom(message, nowMs));
  return { isNews: true, row: { alert, newsUntilMs } };
}

/** It is in a workflow. */
export function deliverMessage(
  row: LastMessage | undefined,
  message: Alert,
  nowMs: number,
): LastMessage {
  const before = row?.alert ?? null;
  const until = row?.newsUntilMs ?? null;
  const alert = before === null ? message : merged(before, message, nowMs);
  if (isNearlyOver(message, nowMs)) {
    return { alert, newsUntilMs: latest(until, answeredFrom(message, nowMs)) };
  }
  return { alert, newsUntilMs: until !== null && message.updatedAtMs >= until ? null : until };
}

/** A shard asks for its end, and may take it for over by that: `CLOCKS_APART_MS` later, too. */
export function askedForEnd(row: LastMessage, nowMs: number): LastMessage {
  if (row.alert === null || !isNearlyOver(row.alert, nowMs)) return row;
  return { ...row, newsUntilMs: latest(row.newsUntilMs, nowMs) };
}

/**
 * No shard has it: whatever comes next is news. What the shard has refused may be told as delivered
 * only after that, by whoever has sent it and whose clock is ahead: that changes nothing.
 */
export function forgotten(row: LastMessage | undefined, nowMs: number): LastMessage {
  const alert = row?.alert ?? null;
  const seenMs = Math.max(nowMs + CLOCKS_APART_MS, alert?.updatedAtMs ?? nowMs);
  return { alert, newsUntilMs: latest(row?.newsUntilMs ?? null, seenMs + 1) };
}

function isNewsTo(
  alert: Alert,
  newsUntilMs: number | null,
  message: Alert,
  nowMs: number,
): boolean {
  if (isNews(alert, message, nowMs)) return true;
  if (isOver(message, nowMs)) return false;
  return newsUntilMs !== null || isNearlyOver(alert, nowMs);
}

/** By some clock. */
function isNearlyOver({ endsAtMs }: Alert, nowMs: number): boolean {
  return endsAtMs <= nowMs + CLOCKS_APART_MS;
}

/** The first moment from which a message that it fires says more than this one. */
function answeredFrom(message: Alert, nowMs: number): number {
  return isNearlyOver(message, nowMs) ? message.updatedAtMs + 1 : message.updatedAtMs;
}

function latest(one: number | null, other: number): number {
  return one === null ? other : Math.max(one, other);
}
