import { formatDuration } from '../../quantity.ts';
import type { Recording } from './recording-rows.ts';

export interface RecordedPair {
  readonly baseline: Recording;
  readonly candidate: Recording;
}

/** What both arms were recorded in. */
export interface SharedWindow {
  /** Of the first and the last row that both arms may have; `undefined`: there is no such time. */
  readonly span: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** Why the recordings do not tell how both versions did at the same time; each is no data. */
  readonly gaps: readonly string[];
  /** What a reader ought to know of the times. */
  readonly notes: readonly string[];
}

/** First and last requests of two arms are never quite at the same time. */
const TOLD_FROM_MS = 1000;

/**
 * The time that both arms share. One that ends more than `toleratedMs` before the other is a gap: a
 * version that went silent is not good because of how it did before. What the baseline has from
 * before the candidate is its history, and no gap.
 */
export function sharedWindow(pair: RecordedPair, toleratedMs: number): SharedWindow {
  const [baseline, candidate] = [endsOf(pair.baseline), endsOf(pair.candidate)];
  const empty = [
    ...(pair.baseline.rows === 0 ? ['the baseline has no rows'] : []),
    ...(pair.candidate.rows === 0 ? ['the candidate has no rows'] : []),
  ];
  if (baseline === undefined || candidate === undefined) {
    return { span: undefined, gaps: empty, notes: [] };
  }
  const fromMs = Math.max(baseline.fromMs, candidate.fromMs);
  const toMs = Math.min(baseline.toMs, candidate.toMs);
  const told = `the baseline covers ${spanText(baseline)}, the candidate ${spanText(candidate)}`;
  if (toMs < fromMs) {
    return { span: undefined, gaps: [`the arms share no time: ${told}`], notes: [] };
  }
  const late = baseline.fromMs - candidate.fromMs;
  const short = baseline.toMs - candidate.toMs;
  const gaps = [
    ...(late > toleratedMs ? [gap('the baseline begins', late, 'after the candidate')] : []),
    ...(short > toleratedMs ? [gap('the candidate ends', short, 'before the baseline')] : []),
    ...(-short > toleratedMs ? [gap('the baseline ends', -short, 'before the candidate')] : []),
  ];
  const isSame = Math.max(Math.abs(late), Math.abs(short)) < TOLD_FROM_MS;
  const notes = isSame ? [] : [`${told}; ${spanText({ fromMs, toMs })} is judged`];
  return { span: { fromMs, toMs }, gaps, notes };
}

function gap(what: string, ms: number, than: string): string {
  const time = formatDuration(Math.round(ms / 1000) * 1000);
  return `${what} ${time} ${than}: cut both to the same time to judge that alone`;
}

function endsOf({ times }: Recording) {
  const [fromMs, toMs] = [times?.[0], times?.at(-1)];
  return fromMs === undefined || toMs === undefined ? undefined : { fromMs, toMs };
}

function spanText({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): string {
  return `${timeText(fromMs)} to ${timeText(toMs)}`;
}

/** Whole seconds, and the same wherever it is read: files may come from elsewhere. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
