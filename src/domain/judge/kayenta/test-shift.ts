import { mean } from './effect-size.ts';
import { pairwiseDifferences } from './pairwise-differences.ts';
import { pooledRanks, rankSumDeviation, ranksInTime, smallestPValue } from './rank-sum.ts';
import {
  type Dependence,
  type ShiftNoise,
  shiftNoise,
  subtracted,
  variance,
} from './shift-noise.ts';
import { studentQuantile, studentTail } from './student.ts';

/** The change that is bad. */
export type BadDirection = 'increase' | 'decrease' | 'either';

/** Plain JSON, in the units of the samples where nothing else is said. */
export interface ShiftFigures {
  /** What was compared: the ranks, or the means where ranks are too coarse. */
  readonly method: 'ranks' | 'means';
  /** Where the candidate lies. */
  readonly direction: 'higher' | 'lower' | 'same';
  readonly means: { readonly candidate: number; readonly control: number };
  /**
   * Of the shift: the median of all differences between the arms (Hodges and Lehmann 1963), or the
   * difference of the means.
   */
  readonly estimate: number;
  /** Of the shift, at 1 − 2·alpha, or 1 − alpha where either direction is bad. */
  readonly interval: { readonly low: number; readonly high: number };
  /**
   * The change as a share of the control, 0.3 is 30 % more: that of the means or that of the
   * estimate by the control's median, whichever goes further in `direction`. Absent where the
   * control's mean is zero: then there is no share, and every change matters.
   */
  readonly effect?: number;
  /** Of no difference, or of none in the bad direction. */
  readonly pValue: number;
  /** Consecutive samples that carry as much as an independent one; 1 is independence. */
  readonly blockLength: number;
  /** The part of the noise that both arms have at the same time, and that was taken out; 0–0.95. */
  readonly sharedNoise: number;
}

export interface ShiftTest {
  readonly figures: ShiftFigures;
  /** Whether arms that do not overlap at all would be told apart by their ranks. */
  readonly couldDiffer: boolean;
}

/**
 * By how much the ranks of arms that do not overlap must exceed what is critical, to be compared.
 */
const RANKS_EXCEED = 1.5;

/**
 * With fewer samples, those that hang together look as if they did not vary; ranks are safe there.
 */
const MEANS_MIN = 100;

export interface ShiftRule {
  readonly bad: BadDirection;
  readonly alpha: number;
  readonly dependence: Dependence;
}

interface Arms {
  readonly candidate: Float64Array;
  readonly control: Float64Array;
  readonly bad: BadDirection;
  readonly noise: ShiftNoise;
  /** In deviations, of Student's t. */
  readonly critical: number;
}

/**
 * Tests two arms, in the order of time and finite, for a shift; `undefined` where they have so few
 * samples that even arms that do not overlap would come about by chance (five an arm suffice at 1
 * %).
 *
 * The rank sum (Mann and Whitney 1947, corrected for ties and continuity) with a variance that
 * follows the dependence of the samples, in Student's t for what the estimate of that variance is
 * worth; the shift by order statistics of the differences. Ranks know no more than that all of one
 * arm lie above all of the other: where samples hang together so much that this would hardly be
 * enough, Welch's test of the means with the same lengths takes its place, as it knows how far they
 * lie above.
 */
export function testShift(
  candidate: Float64Array,
  control: Float64Array,
  { bad, alpha, dependence }: ShiftRule,
): ShiftTest | undefined {
  const [m, n] = [candidate.length, control.length];
  const tail = bad === 'either' ? alpha / 2 : alpha;
  if (!(smallestPValue(m, n) / 2 <= tail)) return undefined;
  const [x, y] = [candidate.toSorted(), control.toSorted()];
  const ranks = pooledRanks(x, y);
  const inTime = [ranksInTime(candidate, x, ranks.x), ranksInTime(control, y, ranks.y)] as const;
  const noise = shiftNoise(...inTime, dependence);
  const critical = studentQuantile(tail, noise.degrees);
  const arms = { candidate, control, bad, noise, critical };
  const untied = rankSumDeviation(m, n, 0) * Math.sqrt(noise.varianceFactor);
  const most = ((m * n) / 2 - 0.5) / untied;
  const mayTakeMeans = Math.min(m, n) >= MEANS_MIN && most < critical * RANKS_EXCEED;
  // Without any noise there is nothing to compare means by.
  const deviation = mayTakeMeans ? deviationOfMeans(arms) : 0;
  const figures =
    deviation === 0
      ? figuresOfRanks(arms, [x, y], ranks)
      : figuresOfMeans(arms, median(y), deviation);
  return { figures, couldDiffer: most > critical };
}

function figuresOfRanks(
  arms: Arms,
  [x, y]: readonly [Float64Array, Float64Array],
  { excess, tieTerm }: { readonly excess: number; readonly tieTerm: number },
): ShiftFigures {
  const { noise, critical } = arms;
  const deviation = rankSumDeviation(x.length, y.length, tieTerm) * Math.sqrt(noise.varianceFactor);
  const distance = excess - Math.sign(excess) * 0.5;
  const pairs = x.length * y.length;
  const difference = pairwiseDifferences(x, y);
  const at = (place: number): number => difference(Math.min(Math.max(place, 0), pairs - 1));
  const lowest = Math.floor(pairs / 2 - 0.5 - critical * deviation);
  return figuresOf(arms, {
    method: 'ranks',
    // All values are tied: then there is no deviation and no distance.
    t: deviation === 0 ? 0 : distance / deviation,
    estimate: at(Math.floor((pairs - 1) / 2)) / 2 + at(Math.floor(pairs / 2)) / 2,
    interval: { low: at(lowest), high: at(pairs - 1 - lowest) },
    controlMedian: median(y),
  });
}

function figuresOfMeans(arms: Arms, controlMedian: number, deviation: number): ShiftFigures {
  const estimate = mean(arms.candidate) - mean(arms.control);
  const reach = arms.critical * deviation;
  return figuresOf(arms, {
    method: 'means',
    t: estimate / deviation,
    estimate,
    interval: { low: estimate - reach, high: estimate + reach },
    controlMedian,
  });
}

/**
 * Of the difference of the means; 0 where neither arm varies. A block of samples that hang together
 * takes as much of the variance along with the mean as a single independent sample would.
 */
function deviationOfMeans({ candidate, control, noise }: Arms): number {
  // Squares of small values would vanish; by powers of two nothing is rounded.
  const largest = Math.max(largestOf(candidate), largestOf(control));
  if (largest === 0) return 0;
  const scale = 2 ** Math.floor(Math.log2(largest));
  const [x, y] = [candidate.map((value) => value / scale), control.map((value) => value / scale)];
  const square =
    noise.kind === 'paired'
      ? variance(subtracted(x, y)) / (x.length - noise.blockLength)
      : variance(x) / (x.length - noise.blockLength) + variance(y) / (y.length - noise.blockLength);
  return Math.sqrt(square * noise.blockLength) * scale;
}

function largestOf(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

interface Found {
  readonly method: ShiftFigures['method'];
  readonly t: number;
  readonly estimate: number;
  readonly interval: ShiftFigures['interval'];
  readonly controlMedian: number;
}

function figuresOf(arms: Arms, { t, controlMedian, ...found }: Found): ShiftFigures {
  const { bad, noise } = arms;
  const towards = bad === 'increase' ? t : bad === 'decrease' ? -t : Math.abs(t);
  const oneSided = studentTail(towards, noise.degrees);
  const direction = t > 0 ? 'higher' : t < 0 ? 'lower' : 'same';
  // JSON knows one zero only: adding one turns -0 into it.
  const means = { candidate: mean(arms.candidate) + 0, control: mean(arms.control) + 0 };
  const { low, high } = found.interval;
  const effect = effectOf(means, found.estimate, controlMedian, direction);
  return {
    ...found,
    estimate: found.estimate + 0,
    interval: { low: low + 0, high: high + 0 },
    direction,
    means,
    ...(effect === undefined ? {} : { effect: effect + 0 }),
    pValue: bad === 'either' ? Math.min(1, 2 * oneSided) : oneSided,
    blockLength: noise.blockLength,
    sharedNoise: noise.sharedNoise,
  };
}

function effectOf(
  means: ShiftFigures['means'],
  estimate: number,
  controlMedian: number,
  direction: ShiftFigures['direction'],
): number | undefined {
  const ofMeans = (means.candidate - means.control) / Math.abs(means.control);
  const ofEstimate = estimate / Math.abs(controlMedian);
  // Too small a control for a share that a double could hold is as good as none.
  if (!Number.isFinite(ofMeans)) return undefined;
  if (!Number.isFinite(ofEstimate)) return ofMeans;
  return direction === 'lower' ? Math.min(ofMeans, ofEstimate) : Math.max(ofMeans, ofEstimate);
}

function median(sorted: Float64Array): number {
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] ?? NaN) / 2 + (sorted[Math.ceil(middle)] ?? NaN) / 2;
}
