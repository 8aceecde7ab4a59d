import { quantile } from '../../src/domain/judge/histogram.ts';
import { beginShiftLooks, lookAtShift } from '../../src/domain/judge/shift-looks.ts';
import type { ShiftPoint } from '../../src/domain/judge/shift-looks.ts';
import type { Contender, Series } from './series.ts';

/** A smaller shift is none: as much as the sequential judge tolerates of a mean or a quantile. */
const MIN_EFFECT = 0.02;

/**
 * The corrected ranks of `method: mann_whitney`, of error rates, values or p95 a block; a look when
 * the blocks have doubled, from ten on.
 */
export function ranksContender(
  name: string,
  alpha: number,
  history: 'with history' | 'without history',
): Contender {
  return {
    name,
    judges: () => true,
    run: (series) => {
      const past = history === 'with history' ? historyOf(series) : [];
      let state = beginShiftLooks(alpha, MIN_EFFECT, 'increase', past);
      for (const [index, point] of pointsOf(series).entries()) {
        state = lookAtShift(state, [point], NAMED);
        if (state.said.decision === 'worse') return { flagged: true, atLook: index + 1 };
      }
      return { flagged: false, atLook: null };
    },
  };
}

const NAMED = { name: 'metric', show: String };

function pointsOf(series: Series): readonly ShiftPoint[] {
  switch (series.kind) {
    case 'counts':
      return series.blocks.flatMap(({ baseline, candidate, units }) =>
        units.baseline === 0 || units.candidate === 0
          ? []
          : [{ candidate: candidate / units.candidate, control: baseline / units.baseline }],
      );
    case 'means':
      return series.blocks.map(({ baseline, candidate }) => ({ candidate, control: baseline }));
    case 'latency':
      return series.blocks.flatMap(({ baseline, candidate }) => {
        const [own, other] = [quantile(candidate, 0.95), quantile(baseline, 0.95)];
        return own === undefined || other === undefined ? [] : [{ candidate: own, control: other }];
      });
    default:
      return series satisfies never;
  }
}

function historyOf(series: Series): readonly number[] {
  switch (series.kind) {
    case 'counts':
      return series.history.map(({ events, units = 1 }) => events / units);
    case 'means':
      return series.history;
    case 'latency':
      return series.history.flatMap((block) => quantile(block, 0.95) ?? []);
    default:
      return series satisfies never;
  }
}

/** Seven of ten minutes are a hundred times worse, three are as ever. */
export function judgeSparse(): string {
  const sparse = [...Array.from({ length: 7 }, () => 100), 1, 1, 1];
  const points = sparse.map((candidate) => ({ candidate, control: 1 }));
  return lookAtShift(beginShiftLooks(0.01, MIN_EFFECT, 'increase', []), points, NAMED).said
    .decision;
}
