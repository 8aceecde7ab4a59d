import { dependenceLength } from './dependence.ts';

/** What is to be expected of two arms that do not differ. */
export interface ShiftNoise {
  /** Whether the noise is that of each arm, or that of the differences of the arms at each time. */
  readonly kind: 'apart' | 'paired';
  /** The variance of the rank sum, as a multiple of what it would be for independent samples. */
  readonly varianceFactor: number;
  /** Degrees of freedom that the estimate of the variance is worth. */
  readonly degrees: number;
  /** Consecutive samples that carry as much as an independent one; 1 is independence. */
  readonly blockLength: number;
  /** The part of the arms' noise that both have at the same time, as under one load; 0–0.95. */
  readonly sharedNoise: number;
}

/**
 * What is known of how samples hang together. `samples`: what they say themselves, at one look at
 * all of them. `growing`: the same, but looked at from a few samples on, of which slow drifts show
 * little: what is not surely independent counts as dependent. `history`: a long series from before
 * had this block length, and less is not believed.
 */
export type Dependence =
  | { readonly kind: 'samples' }
  | { readonly kind: 'growing' }
  | { readonly kind: 'history'; readonly blockLength: number };

/** Standard errors that are added to the correlations of an arm, and to those of the differences. */
const MARGINS = {
  samples: { arms: 1, differences: 1 },
  growing: { arms: 2.7, differences: 2.7 },
  // What both arms share, history cannot know.
  history: { arms: 0, differences: 2.7 },
} as const satisfies Record<Dependence['kind'], object>;

/** Below an hour of minutes a correlation of the arms may be two slow waves that happen to meet. */
const PAIRS_MIN = 60;
/** Ranks are coarse: that two arms are all but one series is never believed. */
const SHARED_MAX = 0.95;

/**
 * The noise of both arms, from their pooled ranks in the order of time.
 *
 * Each arm alone: the **shorter** of the two block lengths counts, or that of history where it is
 * longer. Arms that do not differ have the same length, and a version that fails in runs must not
 * hide behind its own runs.
 *
 * Both together, where the arms have equally many samples, at least 60, and so one clock: what they
 * share cancels out of their difference, and the block length is that of the difference. The
 * smaller variance counts.
 */
export function shiftNoise(
  candidate: Float64Array,
  control: Float64Array,
  dependence: Dependence,
): ShiftNoise {
  const margins = MARGINS[dependence.kind];
  const lengths = [candidate, control].map((arm) => dependenceLength(arm, margins.arms));
  const before = dependence.kind === 'history' ? dependence.blockLength : 1;
  const blockLength = Math.max(before, Math.min(...lengths));
  const alone: ShiftNoise = {
    kind: 'apart',
    varianceFactor: blockLength,
    degrees: Math.max(1, (candidate.length + control.length) / blockLength - 2),
    blockLength,
    sharedNoise: 0,
  };
  if (candidate.length !== control.length || candidate.length < PAIRS_MIN) return alone;
  const differences = subtracted(candidate, control);
  const length = dependenceLength(differences, margins.differences);
  const apart = variance(differences) / (variance(candidate) + variance(control));
  const sharedNoise = Math.min(Math.max(0, 1 - apart), SHARED_MAX);
  const varianceFactor = (1 - sharedNoise) * length;
  // NaN where both arms are constant.
  if (!(varianceFactor < alone.varianceFactor)) return alone;
  const degrees = Math.max(1, candidate.length / length - 1);
  return { kind: 'paired', varianceFactor, degrees, blockLength: length, sharedNoise };
}

/** One by one; both are of one length. */
export function subtracted(values: Float64Array, others: Float64Array): Float64Array {
  const differences = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += 1) {
    differences[at] = (values[at] ?? 0) - (others[at] ?? 0);
  }
  return differences;
}

/** About the mean, by the number of values. Of equal values it is exactly 0, of none NaN. */
export function variance(values: Float64Array): number {
  const origin = values[0] ?? NaN;
  let sum = 0;
  for (const value of values) sum += value - origin;
  const middle = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - origin - middle) ** 2;
  return squares / values.length;
}
