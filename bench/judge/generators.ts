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

export type CountsKind = 'poisson' | 'sharedLoad' | 'bursts' | 'ar50' | 'ar80' | 'ar90' | 'ar95';

/** How finely a release is told, and how long one arm's rate stays as it is. */
export interface Grid {
  readonly blocksAMinute: number;
  readonly historyBlocks: number;
  readonly blocks: number;
  /** Blocks after which bursts and wandering rates take their next value. */
  readonly held: number;
  /** Before the run the rate was steady, whatever it does then. */
  readonly isCalmBefore?: boolean;
}

/** Blocks of a minute, each with its own burst, after eight hours of history. */
export const MINUTES: Grid = {
  blocksAMinute: 1,
  historyBlocks: HISTORY_BLOCKS,
  blocks: LOOKS,
  held: 1,
};

/** Errors of both arms at 50 %, the candidate's at `ratio` times the baseline's rate. */
export function countsSeries(
  kind: CountsKind,
  random: Random,
  ratio: number,
  grid: Grid = MINUTES,
): Series {
  const { load, own } = ratesOf(kind, random);
  const { blocksAMinute, historyBlocks } = grid;
  const baseline = held(own(), grid.held);
  const candidate = held(own(), grid.held);
  const requests = (block: number): number =>
    Math.max(1, random.poisson((REQUESTS_A_MINUTE / blocksAMinute) * load(block / blocksAMinute)));
  const errors = (block: number, rate: number): number =>
    random.poisson((ERRORS_A_MINUTE / blocksAMinute) * load(block / blocksAMinute) * rate);
  return {
    kind: 'counts',
    history: Array.from({ length: historyBlocks }, (_, block) => ({
      events: errors(block, grid.isCalmBefore === true ? 1 : baseline(block)),
      units: requests(block),
    })),
    blocks: Array.from({ length: grid.blocks }, (_, look) => {
      const block = historyBlocks + look;
      return {
        baseline: errors(block, baseline(block)),
        candidate: errors(block, ratio * candidate(block)),
        units: { baseline: requests(block), candidate: requests(block) },
      };
    }),
  };
}

/** The next value in the first of every so many blocks. */
function held(next: () => number, blocks: number): (block: number) => number {
  let value = next();
  return (block) => {
    if (block % blocks === 0) value = next();
    return value;
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
    case 'ar90':
    case 'ar95': {
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

const PHI = { ar50: 0.5, ar80: 0.8, ar90: 0.9, ar95: 0.95 } as const;

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

export interface MeansShape {
  readonly phi: number;
  readonly ratio: number;
  readonly scale: number;
  /** The share of the values that are a hundred times as high, of either arm. */
  readonly spikes?: number;
}

/** A metric that varies by 20 %, as AR(1); the candidate's mean is `ratio` times the baseline's. */
export function meansSeries(random: Random, { phi, ratio, scale, spikes = 0 }: MeansShape): Series {
  const baseline = autoregressive(random, phi);
  const candidate = autoregressive(random, phi);
  const value = (next: () => number): number => {
    const isSpike = spikes > 0 && random.uniform() < spikes;
    return scale * (1 + 0.2 * next()) * (isSpike ? 100 : 1);
  };
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

const LATENCY_REQUESTS_A_MINUTE = 300;
const LATENCY_HISTORY_BLOCKS = 240;
const TOP = 2.3263;

const BUCKET_LOG = Math.log(valueOfBucket(1) / valueOfBucket(0));

/**
 * Lognormal latencies around 100 ms (deviation 0.5 of the log) of 300 requests a minute per arm.
 */
export function latencySeries(
  random: Random,
  shift: LatencyShift,
  grid: Grid = { ...MINUTES, historyBlocks: LATENCY_HISTORY_BLOCKS },
): Series {
  const requests = LATENCY_REQUESTS_A_MINUTE / grid.blocksAMinute;
  const baseline = latencyArm(random, { all: 1, top: 1, wander: shift.wander }, requests, grid);
  const candidate = latencyArm(random, shift, requests, grid);
  return {
    kind: 'latency',
    history: Array.from({ length: grid.historyBlocks }, (_, block) => baseline(block)),
    blocks: Array.from({ length: grid.blocks }, (_, look) => ({
      baseline: baseline(grid.historyBlocks + look),
      candidate: candidate(grid.historyBlocks + look),
    })),
  };
}

/** Draws buckets and not latencies: a logarithm less a request, and the same histograms. */
function latencyArm(
  random: Random,
  { all, top, wander }: LatencyShift,
  requests: number,
  grid: Grid,
): (block: number) => Histogram {
  const minutes = held(autoregressive(random, 0.8), grid.held);
  const tally = new Map<number, number>();
  return (block) => {
    tally.clear();
    const minute = minutes(block);
    const isCalm = grid.isCalmBefore === true && block < grid.historyBlocks;
    const log = Math.log(100 * all) + (isCalm ? 0 : wander * minute);
    for (let i = 0; i < requests; i += 1) {
      const z = random.normal();
      const latencyLog = log + 0.5 * z + (z > TOP ? Math.log(top) : 0);
      const bucket = Math.ceil(latencyLog / BUCKET_LOG);
      tally.set(bucket, (tally.get(bucket) ?? 0) + 1);
    }
    return { counts: Object.fromEntries(tally), total: requests };
  };
}
