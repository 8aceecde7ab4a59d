import { type Histogram, quantile } from './histogram.ts';
import { type CountsState, beginCounts, lookCounts } from './sequential/counts.ts';
import { type LatencyState, beginLatency, lookLatency } from './sequential/latency.ts';
import { type MeansState, beginMeans, lookMeans } from './sequential/means.ts';
import { DISPERSION } from './sequential/dispersion.ts';
import type { TestReading } from './sequential/test-reading.ts';
import type { BadDirection } from './kayenta/test-shift.ts';
import {
  FIRST_LOOK_POINTS,
  type ShiftLooks,
  type ShiftPoint,
  beginShiftLooks,
  lookAtShift,
} from './shift-looks.ts';
import type { Severity } from './verdict.ts';

/** What one version did within a block of time, as the load balancer counted it. */
export interface Tally {
  readonly requests: number;
  /** Bad answers and lost requests. */
  readonly errors: number;
  readonly latency: Histogram;
}

/** Both arms within the same block; blocks are equally long. */
export interface ArmBlock {
  readonly baseline: Tally;
  readonly candidate: Tally;
  /** Of the file's own metrics, by name; one that an arm has no value for is absent. */
  readonly values?: Readonly<Record<string, ShiftPoint>>;
}

/** How one metric is compared, and the part of the error budget that this comparison may spend. */
export interface ArmMetric {
  /** `mann_whitney`: of the blocks' error rates, or of their p95. */
  readonly method: 'sequential' | 'mann_whitney';
  readonly alpha: number;
  /** 0.1: a rise by less than a tenth is not worth a rollback. */
  readonly increaseMax: number;
  readonly severity: Severity;
  readonly weight: number;
}

/** A metric of the file's own: one value of each arm in a block, in whatever unit. */
export interface OwnMetric extends ArmMetric {
  readonly name: string;
  /** `either`: not by `sequential`, which takes it for `increase`. */
  readonly direction: BadDirection;
  /** What it means that there is no value; `fail` once the budget for that is over. */
  readonly noData: 'fail' | 'hold' | 'ignore';
}

export interface OwnTest {
  readonly series: MeansState | ShiftLooks;
  /** The newest blocks had no value of both arms. */
  readonly isQuiet: boolean;
}

export type ErrorsTest = CountsState | ShiftLooks;
export type LatencyTest = LatencyState | ShiftLooks;

/** What a test says after a look. */
export interface Said extends Pick<
  TestReading,
  'decision' | 'effect' | 'pValue' | 'alpha' | 'baseline' | 'candidate' | 'reason'
> {
  /** The candidate's: events, requests or blocks, as the test counts. */
  readonly samples: number;
  /** Blocks that it has looked at, or of which it had a value of both arms. */
  readonly blocks: number;
}

/** What is not shown to be this much worse beyond the tolerated rise is taken for not worse. */
const HARMLESS = { errors: 1.5, latency: 1.1, own: 0.1 } as const;

export function beginErrors(
  { method, alpha, increaseMax }: ArmMetric,
  split: number,
  history: readonly Tally[],
): ErrorsTest {
  if (method === 'mann_whitney') {
    return beginShiftLooks(alpha, increaseMax, 'increase', valuesOf(history, errorRate));
  }
  return beginCounts({
    ...{ alpha, split, worseAbove: 1 + increaseMax },
    harmlessBelow: HARMLESS.errors * (1 + increaseMax),
    history: history.map(({ errors, requests }) => ({ events: errors, units: requests })),
  });
}

export function beginLatencies(
  { method, alpha, increaseMax }: ArmMetric,
  history: readonly Tally[],
): LatencyTest {
  if (method === 'mann_whitney') {
    return beginShiftLooks(alpha, increaseMax, 'increase', valuesOf(history, p95));
  }
  return beginLatency({
    ...{ alpha, worseAbove: 1 + increaseMax },
    harmlessBelow: HARMLESS.latency * (1 + increaseMax),
    history: history.map(({ latency }) => latency),
  });
}

export function lookAtErrors(
  test: ErrorsTest,
  blocks: readonly ArmBlock[],
): { readonly test: ErrorsTest; readonly said: Said } {
  if (test.kind === 'shift') {
    return shifted(test, blocks, errorRate, { name: 'error rate', show: percent });
  }
  const { state, reading } = lookCounts(
    test,
    blocks.map(({ baseline, candidate }) => ({
      baseline: baseline.errors,
      candidate: candidate.errors,
      units: { baseline: baseline.requests, candidate: candidate.requests },
    })),
  );
  return { test: state, said: { ...reading, samples: reading.samples.candidate } };
}

export function lookAtLatencies(
  test: LatencyTest,
  blocks: readonly ArmBlock[],
): { readonly test: LatencyTest; readonly said: Said } {
  if (test.kind === 'shift') {
    return shifted(test, blocks, p95, { name: 'p95', show: milliseconds });
  }
  const { state, reading } = lookLatency(
    test,
    blocks.map(({ baseline, candidate }) => ({
      baseline: baseline.latency,
      candidate: candidate.latency,
    })),
  );
  return { test: state, said: { ...reading, samples: reading.samples.candidate } };
}

export function beginOwn({ method, alpha, increaseMax, direction }: OwnMetric): OwnTest {
  const series =
    method === 'mann_whitney'
      ? beginShiftLooks(alpha, increaseMax, direction, [])
      : beginMeans({
          ...{ alpha, history: [], worseAbove: increaseMax },
          harmlessBelow: HARMLESS.own + increaseMax,
          worse: direction === 'decrease' ? 'lower' : 'higher',
        });
  return { series, isQuiet: true };
}

export function lookAtOwn(
  test: OwnTest,
  blocks: readonly ArmBlock[],
  name: string,
): { readonly test: OwnTest; readonly said: Said } {
  const points = blocks.flatMap(({ values }) => {
    const point = values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
    return point ?? [];
  });
  const isQuiet = blocks.length === 0 ? test.isQuiet : points.length === 0;
  const { series } = test;
  if (series.kind === 'shift') {
    const next = lookAtShift(series, points, { name, show: (value) => String(value) });
    return {
      test: { series: next, isQuiet },
      said: shiftSaid(next),
    };
  }
  const { state, reading } = lookMeans(
    series,
    points.map(({ candidate, control: baseline }) => ({ candidate, baseline })),
  );
  return {
    test: { series: state, isQuiet },
    said: { ...reading, samples: reading.samples.candidate },
  };
}

function errorRate({ errors, requests }: Tally): number | undefined {
  return requests === 0 ? undefined : errors / requests;
}

function p95({ latency }: Tally): number | undefined {
  return quantile(latency, 0.95);
}

function valuesOf(
  tallies: readonly Tally[],
  valueOf: (tally: Tally) => number | undefined,
): readonly number[] {
  return tallies.flatMap((tally) => valueOf(tally) ?? []);
}

/** A block in which an arm has no value is none of either: missing is not zero. */
function shifted(
  test: ShiftLooks,
  blocks: readonly ArmBlock[],
  valueOf: (tally: Tally) => number | undefined,
  named: { readonly name: string; readonly show: (value: number) => string },
): { readonly test: ShiftLooks; readonly said: Said } {
  const points = blocks.flatMap(({ baseline, candidate }): readonly ShiftPoint[] => {
    const [own, other] = [valueOf(candidate), valueOf(baseline)];
    return own === undefined || other === undefined ? [] : [{ candidate: own, control: other }];
  });
  const next = lookAtShift(test, points, named);
  return { test: next, said: shiftSaid(next) };
}

/** What the rank test of a growing series says, as every other test does. */
export function shiftSaid({ said, points }: ShiftLooks): Said {
  const { figures, ...rest } = said;
  const { candidate = null, control: baseline = null } = figures ?? {};
  return { ...rest, effect: null, baseline, candidate, samples: points, blocks: points };
}

/** Fewer values of both arms say nothing, whatever they are: a test of them has not been made. */
export function leastPoints({ series }: OwnTest): number {
  return series.kind === 'shift' ? FIRST_LOOK_POINTS : DISPERSION.runBlocksMin;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

function milliseconds(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}
