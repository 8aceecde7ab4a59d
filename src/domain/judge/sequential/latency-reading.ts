import { quantileHeight } from './cdf-band.ts';
import { DISPERSION } from './dispersion.ts';
import { cellQuantile } from './latency-cells.ts';
import { LEVELS } from './latency-levels.ts';
import type { LatencyState } from './latency.ts';
import { scaleAt } from './ratio-series.ts';
import { eValueOf, unknownReading } from './test-reading.ts';
import type { Interval, TestReading } from './test-reading.ts';

/** One quantile of both arms in milliseconds; `level` 0.95 is p95. */
export interface QuantileReading {
  readonly level: number;
  readonly baselineMs: number;
  readonly candidateMs: number;
  /** Of the difference in milliseconds, at all times at once with error alpha. */
  readonly difference: Interval;
  readonly eValue: number;
  readonly isRisen: boolean;
}

/** `baseline`, `candidate` and `effect` are those of the quantile with most evidence. */
export type LatencyReading = TestReading & {
  readonly quantiles: readonly QuantileReading[];
};

interface LatencyEvidence {
  readonly logE: number;
  readonly logEs: readonly number[];
  readonly dispersions: readonly (number | undefined)[];
}

/** Between these a candidate must be within the harmless ratio to be called not worse. */
const MAIN_LEVELS: readonly number[] = [0.5, 0.75, 0.9, 0.95, 0.99];

/** What a look at the whole distribution says; `unknown` while an arm has too few requests. */
export function latencyReading(state: LatencyState, evidence: LatencyEvidence): LatencyReading {
  const { alpha, pValue, blocks, requests } = state;
  const facts = { alpha, pValue, blocks, samples: requests };
  const fewest = Math.min(requests.baseline, requests.candidate);
  const unknown = (reason: string): LatencyReading => ({
    ...unknownReading(reason, facts),
    quantiles: [],
  });
  if (fewest < state.requestsMin) {
    return unknown(`${fewest} requests of an arm, ${state.requestsMin} are needed`);
  }
  if (evidence.dispersions.every((dispersion) => dispersion === undefined)) {
    const seen = scaleAt(state.atMedian, 0).batches;
    const reason =
      `how latencies wander is not known without history until ${DISPERSION.runBlocksMin} ` +
      `blocks had any above the median, ${seen} of ${blocks} did`;
    return unknown(reason);
  }
  const quantiles = LEVELS.flatMap((_, index) => quantileAt(state, evidence, index) ?? []);
  const leading = quantiles.toSorted((one, other) => other.eValue - one.eValue).at(0);
  if (leading === undefined) return unknown('there are no latencies to compare');
  const isWorse = pValue <= alpha;
  const isHarmless = quantiles
    .filter(({ level }) => MAIN_LEVELS.includes(level))
    .every(({ baselineMs, difference: { high } }) =>
      high === null ? false : baselineMs + high <= baselineMs * state.harmlessBelow,
    );
  return {
    ...facts,
    decision: isWorse ? 'worse' : isHarmless ? 'not_worse' : 'unknown',
    eValue: eValueOf(evidence.logE),
    baseline: leading.baselineMs,
    candidate: leading.candidateMs,
    effect: { estimate: leading.candidateMs - leading.baselineMs, ...leading.difference },
    dispersion: evidence.dispersions[LEVELS.indexOf(0.5)] ?? null,
    reason: sentenceOf(quantiles, leading),
    quantiles,
  };
}

function quantileAt(
  state: LatencyState,
  { logEs, dispersions }: LatencyEvidence,
  index: number,
): QuantileReading | undefined {
  const level = LEVELS[index];
  const dispersion = dispersions[index];
  if (level === undefined || dispersion === undefined) return undefined;
  const { cells, requests, alpha } = state;
  const at = (arm: 'baseline' | 'candidate', share: number): number | null =>
    cellQuantile(cells, cells[arm], share);
  const baselineMs = at('baseline', level);
  const candidateMs = at('candidate', level);
  if (baselineMs === null || candidateMs === null) return undefined;
  const height = (arm: 'baseline' | 'candidate'): number =>
    quantileHeight(level, requests[arm] / dispersion, alpha / 2);
  const lowest = at('candidate', level - height('candidate'));
  const slowestBaseline = at('baseline', level + height('baseline'));
  const highest = at('candidate', level + height('candidate'));
  const fastestBaseline = at('baseline', level - height('baseline'));
  const logE = logEs[index] ?? 0;
  return {
    level,
    baselineMs,
    candidateMs,
    difference: {
      low: lowest === null || slowestBaseline === null ? null : lowest - slowestBaseline,
      high: highest === null || fastestBaseline === null ? null : highest - fastestBaseline,
    },
    eValue: eValueOf(logE),
    isRisen: logE >= Math.log(1 / alpha) && candidateMs > baselineMs,
  };
}

function sentenceOf(quantiles: readonly QuantileReading[], leading: QuantileReading): string {
  const risen = quantiles.filter(({ isRisen }) => isRisen);
  const told = risen.length === 0 ? [leading] : risen.slice(-3);
  return told
    .map(({ level, baselineMs, candidateMs, difference: { low, high } }) => {
      const interval =
        low === null || high === null
          ? 'how much more is open'
          : `interval of the difference ${ms(low)} to ${ms(high)} ms`;
      const name = `p${Number((level * 100).toFixed(1))}`;
      return (
        `${name} ${ms(baselineMs)} ms on the baseline, ${ms(candidateMs)} ms on the candidate, ` +
        interval
      );
    })
    .join('; ');
}

function ms(value: number): string {
  return String(Number(value.toPrecision(3)));
}
