import { performance } from 'node:perf_hooks';
import { beginCounts, lookCounts } from '../../src/domain/judge/sequential/counts.ts';
import type { CountsState } from '../../src/domain/judge/sequential/counts.ts';
import { beginMeans, lookMeans } from '../../src/domain/judge/sequential/means.ts';
import { judgeShift } from '../../src/domain/judge/kayenta/judge-shift.ts';
import { beginShiftLooks, lookAtShift } from '../../src/domain/judge/shift-looks.ts';
import { median } from './measure.ts';
import { seeded } from './random.ts';

const METRICS = 100;
const POINTS = 1440;

export interface Speed {
  /** Half of them counts, half of them means. */
  readonly sequentialMs: number;
  /** As `method: mann_whitney` looks: when the points have doubled, at most 320 of them. */
  readonly ranksMs: number;
  /** The same test of all points at once, as no release does. */
  readonly ranksOfAllMs: number;
}

/**
 * 100 metrics, each with a day of both arms and no state before: the fastest of eleven times, for
 * what else the machine does is not the judge's, warmed up by three.
 */
export function judgeManyMs(): Speed {
  const random = seeded(1);
  const counts = Array.from({ length: POINTS }, () => ({
    baseline: random.poisson(5),
    candidate: random.poisson(5),
  }));
  const means = counts.map(() => ({
    baseline: 100 + random.normal(),
    candidate: 100 + random.normal(),
  }));
  const points = means.map(({ baseline, candidate }) => ({ candidate, control: baseline }));
  const arms = {
    candidate: points.map(({ candidate }) => candidate),
    control: points.map(({ control }) => control),
  };
  return {
    sequentialMs: timed(METRICS / 2, () => {
      lookCounts(beginCounts({ alpha: 0.0001, split: 0.5, history: [] }), counts);
      lookMeans(beginMeans({ alpha: 0.0001, history: [] }), means);
    }),
    ranksMs: timed(METRICS, () => {
      let state = beginShiftLooks(0.0001, 0.02, 'increase', []);
      for (const [from, to] of DOUBLINGS) {
        state = lookAtShift(state, points.slice(from, to), NAMED);
      }
    }),
    ranksOfAllMs: timed(METRICS, () => judgeShift({ name: 'metric', alpha: 0.0001, ...arms })),
  };
}

const NAMED = { name: 'metric', show: String };

/** Where the corrected ranks look, and what is left after. */
const DOUBLINGS: readonly (readonly [number, number])[] = [
  0, 10, 20, 40, 80, 160, 320, 640, 1280,
].map((from, at, all) => [from, all[at + 1] ?? POINTS] as const);

function timed(times: number, judge: () => void): number {
  const once = (): number => {
    const beganAt = performance.now();
    for (let time = 0; time < times; time += 1) judge();
    return performance.now() - beganAt;
  };
  for (let warm = 0; warm < 3; warm += 1) once();
  return Math.min(...Array.from({ length: 11 }, once));
}

const WINDOW = 10;

/** The looks 6 to 15 and 9,996 to 10,005: medians of both, timed in turns. */
export function lookRatio(): number {
  const random = seeded(2);
  const block = () => ({ baseline: random.poisson(5), candidate: random.poisson(5) });
  let late = beginCounts({ alpha: 0.01, split: 0.5, history: history() });
  let early = late;
  for (let look = 1; look <= 10_000 - WINDOW / 2; look += 1) {
    late = lookCounts(late, [block()]).state;
    if (look === WINDOW / 2) early = late;
  }
  const blocks = Array.from({ length: WINDOW }, block);
  const timedLooks = (begun: CountsState): number => {
    let state = begun;
    const beganAt = performance.now();
    for (const each of blocks) ({ state } = lookCounts(state, [each]));
    return performance.now() - beganAt;
  };
  const earlyTimes: number[] = [];
  const lateTimes: number[] = [];
  for (let turn = 0; turn < 3000; turn += 1) {
    earlyTimes.push(timedLooks(early));
    lateTimes.push(timedLooks(late));
  }
  return (median(lateTimes) ?? NaN) / (median(earlyTimes) ?? NaN);
}

function history() {
  const random = seeded(3);
  return Array.from({ length: 480 }, () => ({ events: random.poisson(5), units: 1000 }));
}
