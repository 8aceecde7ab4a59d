/** What a running release does when a freeze begins, from the mildest to the strictest. */
export const ON_BEGIN = ['finish', 'hold', 'return'] as const;

export type OnBegin = (typeof ON_BEGIN)[number];

export function stricter(one: OnBegin, other: OnBegin): OnBegin {
  return ON_BEGIN.indexOf(one) >= ON_BEGIN.indexOf(other) ? one : other;
}

/** Begins again and again: RFC 5545, on the clocks of a zone. */
export interface RecurringFreeze {
  readonly kind: 'recurring';
  readonly name: string;
  /** Upper case, without DTSTART: that is `startsLocal`. */
  readonly rrule: string;
  /** `2026-01-02T16:00`; nothing begins before it. */
  readonly startsLocal: string;
  readonly timezone: string;
  /** Elapsed time: a window is no longer or shorter where the clocks change within it. */
  readonly forMs: number;
  /** Beginnings that are left out: local times, or days (`2026-04-03`) with all of theirs. */
  readonly exceptLocal: readonly string[];
  readonly onBegin: OnBegin;
}

/** Is there once. */
export interface DatedFreeze {
  readonly kind: 'dated';
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly onBegin: OnBegin;
}

/** One entry of `freeze_windows`; plain JSON. */
export type FreezeRule = RecurringFreeze | DatedFreeze;

/** From `fromMs` on, and over at `toMs`. */
export interface FreezeWindow {
  readonly name: string;
  readonly onBegin: OnBegin;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Freezes {
  readonly current: FreezeWindow | null;
  readonly next: FreezeWindow | null;
}
