import { performance } from 'node:perf_hooks';
import { beginCounts, lookCounts } from '../../src/domain/judge/sequential/counts.ts';
import type { CountsState } from '../../src/domain/judge/sequential/counts.ts';
import { beginMeans, lookMeans } from '../../src/domain/judge/sequential/means.ts';
import { median } from './measure.ts';
import { seeded } from './random.ts';

const METRICS = 100;
const POINTS = 1440;

/** Half of them counts, half of them means, each with a day of both arms and no state before. */
export function judgeManyMs(): number {
  const random = seeded(1);
  const counts = Array.from({ length: POINTS }, () => ({
    baseline: random.poisson(5),
    candidate: random.poisson(5),
  }));
  const means = counts.map(() => ({
    baseline: 100 + random.normal(),
    candidate: 100 + random.normal(),
  }));
  const once = (): number => {
    const beganAt = performance.now();
    for (let metric = 0; metric < METRICS / 2; metric += 1) {
      lookCounts(beginCounts({ alpha: 0.0001, split: 0.5, history: [] }), counts);
      lookMeans(beginMeans({ alpha: 0.0001, history: [] }), means);
    }
    return performance.now() - beganAt;
  };
  for (let warm = 0; warm < 5; warm += 1) once();
  return median(Array.from({ length: 11 }, once)) ?? NaN;
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
  const timed = (begun: CountsState): number => {
    let state = begun;
    const beganAt = performance.now();
    for (const each of blocks) ({ state } = lookCounts(state, [each]));
    return performance.now() - beganAt;
  };
  const earlyTimes: number[] = [];
  const lateTimes: number[] = [];
  for (let turn = 0; turn < 3000; turn += 1) {
    earlyTimes.push(timed(early));
    lateTimes.push(timed(late));
  }
  return (median(lateTimes) ?? NaN) / (median(earlyTimes) ?? NaN);
}

function history() {
  const random = seeded(3);
  return Array.from({ length: 480 }, () => ({ events: random.poisson(5), units: 1000 }));
}
