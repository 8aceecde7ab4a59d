import { historyLength } from './kayenta/dependence.ts';
import { judgeShift } from './kayenta/judge-shift.ts';
import type { BadDirection } from './kayenta/test-shift.ts';

/**
 * The rank test of `judgeShift` on a series that grows, looked at when it has doubled: the k-th
 * look may spend `alpha / 2^k`, so that all of them together spend less than alpha. How points hang
 * together, few of them cannot tell: it is learnt from stable's history, and without one nearly any
 * dependence is believed that the points do not rule out. Plain JSON, at most `POINTS_MAX` points an
 * arm: a longer series is thinned by the mean of neighbours.
 */
export interface ShiftLooks {
  readonly kind: 'shift';
  readonly alpha: number;
  readonly minEffect: number;
  /** The change that is bad. */
  readonly direction: BadDirection;
  /** Consecutive points of stable's history that carry as much as one; null without history. */
  readonly historyLength: number | null;
  readonly candidate: readonly number[];
  readonly control: readonly number[];
  /** Points that came, before any thinning. */
  readonly points: number;
  readonly looks: number;
  readonly said: ShiftReading;
}

export interface ShiftReading {
  readonly decision: 'worse' | 'not_worse' | 'unknown';
  readonly pValue: number;
  /** Means of the points at the last look; null before it. A state of older code has none. */
  readonly figures?: { readonly candidate: number; readonly control: number } | null;
  /** What the last look was allowed to spend. */
  readonly alpha: number;
  readonly reason: string;
}

/** One value of each arm in the same block of time. */
export interface ShiftPoint {
  readonly candidate: number;
  readonly control: number;
}

/** With fewer the test cannot reach its level. */
export const FIRST_LOOK_POINTS = 10;
const POINTS_MAX = 320;

/** `history`: stable's points from before, oldest first and finite; fewer than 120 are none. */
export function beginShiftLooks(
  alpha: number,
  minEffect: number,
  direction: BadDirection,
  history: readonly number[],
): ShiftLooks {
  return {
    kind: 'shift',
    ...{ alpha, minEffect, direction, candidate: [], control: [], points: 0, looks: 0 },
    historyLength: historyLength(history),
    said: { decision: 'unknown', pValue: 1, alpha, reason: 'nothing has been looked at yet' },
  };
}

/** Adds the points since the last time, and looks where there are enough new ones. */
export function lookAtShift(
  state: ShiftLooks,
  points: readonly ShiftPoint[],
  named: { readonly name: string; readonly show: (value: number) => string },
): ShiftLooks {
  const odd = points.find(
    (point) => !Number.isFinite(point.candidate) || !Number.isFinite(point.control),
  );
  if (odd !== undefined) {
    const reason = `a point of ${odd.candidate} and ${odd.control} is no data`;
    return { ...state, said: { ...state.said, decision: 'unknown', reason } };
  }
  const grown = thinned({
    ...state,
    candidate: [...state.candidate, ...points.map(({ candidate }) => candidate)],
    control: [...state.control, ...points.map(({ control }) => control)],
    points: state.points + points.length,
  });
  const isDue = grown.points >= FIRST_LOOK_POINTS * 2 ** grown.looks;
  return isDue && state.said.decision !== 'worse' ? looked(grown, named) : grown;
}

function looked(
  state: ShiftLooks,
  named: { readonly name: string; readonly show: (value: number) => string },
): ShiftLooks {
  const looks = state.looks + 1;
  const alpha = state.alpha / 2 ** looks;
  const { candidate, control, minEffect, direction, historyLength: blockLength } = state;
  // A state of older code has no length: that is no history either.
  const dependence =
    typeof blockLength === 'number'
      ? ({ kind: 'history', blockLength } as const)
      : ({ kind: 'growing' } as const);
  const { kind, figures, sentence } = judgeShift({
    ...named,
    ...{ candidate, control, alpha, minEffect, direction, dependence },
  });
  const decision = kind === 'fail' ? 'worse' : kind === 'pass' ? 'not_worse' : 'unknown';
  const said: ShiftReading = {
    ...{ decision, alpha, pValue: figures?.pValue ?? 1, reason: sentence },
    figures: figures?.means ?? null,
  };
  return { ...state, looks, said };
}

function thinned(state: ShiftLooks): ShiftLooks {
  if (state.candidate.length <= POINTS_MAX) return state;
  const halved = (series: readonly number[]): readonly number[] =>
    Array.from({ length: Math.ceil(series.length / 2) }, (_, at) => {
      const pair = series.slice(2 * at, 2 * at + 2);
      return pair.reduce((sum, value) => sum + value, 0) / pair.length;
    });
  return thinned({
    ...state,
    candidate: halved(state.candidate),
    control: halved(state.control),
  });
}
