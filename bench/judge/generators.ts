import { valueOfBucket } from '../../src/domain/judge/histogram.ts';
import type { Histogram } from '../../src/domain/judge/histogram.ts';
import type { Random } from './random.ts';
import type { Series } from './series.ts';

export const LOOKS = 120;
export const HISTORY_BLOCKS = 480;

const ERRORS_A_MINUTE = 5;
const REQUESTS_A_MINUTE = 1000;

/** What multiplies an arm's rate in a minute; the mean is 1. */
interface Rates {
  readonly load: (minute: number) => number;
  readonly own: () => () => number;
}

export type CountsKind = 'poisson' | 'sharedLoad' | 'bursts' | 'ar50' | 'ar80' | 'ar90';

/** Errors of both arms at 50 %, the candidate's at `ratio` times the baseline's rate. */
export function countsSeries(kind: CountsKind, random: Random, ratio: number): Series {
  const { load, own } = ratesOf(kind, random);
  const baseline = own();
  const candidate = own();
  const requests = (minute: number): number =>
    Math.max(1, random.poisson(REQUESTS_A_MINUTE * load(minute)));
  const errors = (minute: number, rate: number): number =>
    random.poisson(ERRORS_A_MINUTE * load(minute) * rate);
  return {
    kind: 'counts',
    history: Array.from({ length: HISTORY_BLOCKS }, (_, minute) => ({
      events: errors(minute, baseline()),
      units: requests(minute),
    })),
    blocks: Array.from({ length: LOOKS }, (_, look) => ({
      baseline: errors(HISTORY_BLOCKS + look, baseline()),
      candidate: errors(HISTORY_BLOCKS + look, ratio * candidate()),
      units: {
        baseline: requests(HISTORY_BLOCKS + look),
        candidate: requests(HISTORY_BLOCKS + look),
      },
    })),
  };
}

function ratesOf(kind: CountsKind, random: Random): Rates {
  const steady = (): number => 1;
  switch (kind) {
    case 'poisson':
      return { load: steady, own: () => steady };
    case 'sharedLoad': {
      const phase = 2 * Math.PI * random.uniform();
      return {
        load: (minute) => 1 + 0.8 * Math.sin(phase + (2 * Math.PI * minute) / 60),
        own: () => steady,
      };
    }
    case 'bursts':
      return { load: steady, own: () => random.burst };
    case 'ar50':
    case 'ar80':
    case 'ar90': {
      // A wandering log rate of standard deviation 0.5: the rate varies by 53 %.
      const own = () => {
        const next = autoregressive(random, PHI[kind]);
        return () => Math.exp(0.5 * next() - 0.125);
      };
      return { load: steady, own };
    }
    default:
      return kind satisfies never;
  }
}

const PHI = { ar50: 0.5, ar80: 0.8, ar90: 0.9 } as const;

/** A stationary AR(1) series of variance 1. */
export function autoregressive(random: Random, phi: number): () => number {
  let last = random.normal();
  const innovation = Math.sqrt(1 - phi * phi);
  return () => {
    const now = last;
    last = phi * last + innovation * random.normal();
    return now;
  };
}

/** A metric that varies by 20 %, as AR(1); the candidate's mean is `ratio` times the baseline's. */
export function meansSeries(
  random: Random,
  { phi, ratio, scale }: { readonly phi: number; readonly ratio: number; readonly scale: number },
): Series {
  const baseline = autoregressive(random, phi);
  const candidate = autoregressive(random, phi);
  const value = (next: () => number): number => scale * (1 + 0.2 * next());
  return {
    kind: 'means',
    history: Array.from({ length: HISTORY_BLOCKS }, () => value(baseline)),
    blocks: Array.from({ length: LOOKS }, () => ({
      baseline: value(baseline),
      candidate: ratio * value(candidate),
    })),
  };
}

export interface LatencyShift {
  /** Of every request. */
  readonly all: number;
  /** Of the slowest hundredth, on top. */
  readonly top: number;
  /** The minute's own factor is exp of an AR(1) of 0.8 with this deviation; 0: independent. */
  readonly wander: number;
}

export const LATENCY_REQUESTS_A_MINUTE = 300;
const LATENCY_HISTORY_BLOCKS = 240;
const TOP = 2.3263;

const BUCKET_LOG = Math.log(valueOfBucket(1) / valueOfBucket(0));

/**
 * Lognormal latencies around 100 ms (deviation 0.5 of the log) of 300 requests a minute per arm.
 */
export function latencySeries(random: Random, shift: LatencyShift): Series {
  const baseline = latencyArm(random, { all: 1, top: 1, wander: shift.wander });
  const candidate = latencyArm(random, shift);
  return {
    kind: 'latency',
    history: Array.from({ length: LATENCY_HISTORY_BLOCKS }, () => baseline()),
    blocks: Array.from({ length: LOOKS }, () => ({ baseline: baseline(), candidate: candidate() })),
  };
}

/** Draws buckets and not latencies: a logarithm less a request, and the same histograms. */
function latencyArm(random: Random, { all, top, wander }: LatencyShift): () => Histogram {
  const minutes = autoregressive(random, 0.8);
  const tally = new Map<number, number>();
  return () => {
    tally.clear();
    const log = Math.log(100 * all) + wander * minutes();
    for (let i = 0; i < LATENCY_REQUESTS_A_MINUTE; i += 1) {
      const z = random.normal();
      const latencyLog = log + 0.5 * z + (z > TOP ? Math.log(top) : 0);
      const bucket = Math.ceil(latencyLog / BUCKET_LOG);
      tally.set(bucket, (tally.get(bucket) ?? 0) + 1);
    }
    return { counts: Object.fromEntries(tally), total: LATENCY_REQUESTS_A_MINUTE };
  };
}
