import type { Series } from './kayenta-metric.ts';
import type { Dependence } from './shift-noise.ts';
import { type BadDirection, type ShiftFigures, testShift } from './test-shift.ts';

export interface ShiftInput {
  /** For the sentence: `p95`. */
  readonly name: string;
  /** Both arms in the order of time and at even intervals, in one unit of the caller's choice. */
  readonly candidate: Series;
  readonly control: Series;
  /** The change that is bad. Default `increase`. */
  readonly direction?: BadDirection;
  /**
   * The chance to fail a version that is no different, at one look; above 0 and at most 0.5.
   * Default 0.01. Whoever looks again must divide it among the looks.
   */
  readonly alpha?: number;
  /** The smallest change that matters, as a share of the control. Default 0.05. */
  readonly minEffect?: number;
  /** What is known of how the samples hang together. Default: what they say themselves. */
  readonly dependence?: Dependence;
  /** A value or a difference of values for a person, with its unit. */
  readonly show?: (value: number) => string;
}

export interface ShiftVerdict {
  readonly kind: 'pass' | 'fail' | 'no_data' | 'inconclusive';
  /** Samples as they came. */
  readonly samples: { readonly candidate: number; readonly control: number };
  /** The figures of the test, where one was made. */
  readonly figures?: ShiftFigures;
  readonly sentence: string;
}

/** Of an arm: the cube of twice as many is the largest sum that ties can come to, and is exact. */
const SAMPLES_MAX = 100_000;

/**
 * Whether the candidate has shifted against the control, by `testShift`: a Mann-Whitney test that
 * minds the dependence of the samples, with a smallest change that matters. The scale of the values
 * plays no part; about O(n log n).
 *
 * `fail`: the change is in the bad direction, its p-value is at most alpha, and its effect at least
 * `minEffect`. `pass`: it is not, though a difference could have been seen. Fail-closed for the
 * rest:
 *
 * - `no_data`: an arm is empty or has a missing point. What a gap means is the caller's to say.
 * - `inconclusive`: a value is infinite, or too large for sums; more than 100,000 samples in an
 *   arm; alpha, minEffect or direction are none; the samples are too few to show any difference
 *   (one point an arm); or none was found, and they hang together so much that hardly any would
 *   have been.
 */
export function judgeShift(input: ShiftInput): ShiftVerdict {
  const { name, direction = 'increase', alpha = 0.01, minEffect = 0.05, show = plain } = input;
  const { dependence = { kind: 'samples' } } = input;
  const samples = { candidate: input.candidate.length, control: input.control.length };
  const unjudged = (kind: 'no_data' | 'inconclusive', why: string): ShiftVerdict => ({
    kind,
    samples,
    sentence: `${name} cannot be judged: ${why}`,
  });
  const odd = oddRule({ direction, alpha, minEffect });
  if (odd !== undefined) return unjudged('inconclusive', odd);
  const candidate = readArm('candidate', input.candidate);
  if (candidate.kind !== 'values') return unjudged(candidate.kind, candidate.why);
  const control = readArm('control', input.control);
  if (control.kind !== 'values') return unjudged(control.kind, control.why);
  // Sums of all samples and some deviations of them must be numbers too.
  const reach = (candidate.largest + control.largest) * (samples.candidate + samples.control);
  if (!Number.isFinite(reach * 1e6)) return unjudged('inconclusive', 'the values are too large');
  const test = testShift(candidate.values, control.values, { bad: direction, alpha, dependence });
  if (test === undefined) {
    return unjudged('inconclusive', `${countText(samples)} are too few to show any difference`);
  }
  const { figures, couldDiffer } = test;
  const isBad =
    direction === 'either'
      ? figures.direction !== 'same'
      : figures.direction === (direction === 'increase' ? 'higher' : 'lower');
  const isShifted = isBad && figures.pValue <= alpha;
  const matters = figures.effect === undefined || Math.abs(figures.effect) >= minEffect;
  const kind = isShifted && matters ? 'fail' : couldDiffer ? 'pass' : 'inconclusive';
  const reason = isShifted && !matters ? `, less than the ${percent(minEffect)} that matter` : '';
  const doubt = kind === 'inconclusive' ? ', too few of them to tell' : '';
  const text = `${described(figures, kind, show)}${reason} (${countText(samples)}${doubt})`;
  return { kind, samples, figures, sentence: `${name} ${text}` };
}

function oddRule({
  direction,
  alpha,
  minEffect,
}: Required<Pick<ShiftInput, 'direction' | 'alpha' | 'minEffect'>>): string | undefined {
  if (!['increase', 'decrease', 'either'].includes(direction))
    return `the direction is ${direction}`;
  if (!(alpha > 0 && alpha <= 0.5)) return `alpha is ${alpha}`;
  if (!(minEffect >= 0 && minEffect < Infinity)) return `the smallest effect is ${minEffect}`;
  return undefined;
}

type Arm =
  | { readonly kind: 'values'; readonly values: Float64Array; readonly largest: number }
  | { readonly kind: 'no_data' | 'inconclusive'; readonly why: string };

function readArm(arm: 'candidate' | 'control', series: Series): Arm {
  if (series.length === 0) return { kind: 'no_data', why: `no samples of the ${arm}` };
  if (series.length > SAMPLES_MAX) {
    const why = `${series.length} samples of the ${arm}, at most ${SAMPLES_MAX}`;
    return { kind: 'inconclusive', why };
  }
  const values = new Float64Array(series.length);
  let largest = 0;
  for (let at = 0; at < series.length; at += 1) {
    const value = series[at] ?? NaN;
    if (Number.isNaN(value)) {
      return { kind: 'no_data', why: `sample ${at + 1} of the ${arm} is missing` };
    }
    values[at] = value;
    largest = Math.max(largest, Math.abs(value));
  }
  return largest === Infinity
    ? { kind: 'inconclusive', why: `a sample of the ${arm} is infinite` }
    : { kind: 'values', values, largest };
}

function described(
  { direction, means, estimate, interval, effect, pValue, blockLength }: ShiftFigures,
  kind: ShiftVerdict['kind'],
  show: (value: number) => string,
): string {
  const verb = direction === 'higher' ? 'rose' : 'fell';
  const told =
    kind === 'fail'
      ? `${verb} from ${show(means.control)} to ${show(means.candidate)}`
      : `is ${show(means.candidate)}, ${show(means.control)} in the control`;
  const share = effect === undefined ? '' : `effect ${percent(effect)}, `;
  const shift = `shift ${show(estimate)}, interval ${show(interval.low)} to ${show(interval.high)}`;
  const blocks = `blocks of ${short(blockLength)}`;
  return `${told}: ${share}${shift}, p ${pValue.toPrecision(2)}, ${blocks}`;
}

function countText({ candidate, control }: ShiftVerdict['samples']): string {
  return `${candidate} and ${control} samples`;
}

function short(length: number): string {
  return String(Number(length.toFixed(1)));
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function plain(value: number): string {
  return String(Number(value.toPrecision(4)));
}
