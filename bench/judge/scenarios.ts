import { countsSeries, latencySeries, meansSeries, MINUTES } from './generators.ts';
import type { CountsKind, Grid, LatencyShift, MeansShape } from './generators.ts';
import type { Scenario } from './measure.ts';
import { RELEASE } from './release.ts';

export type Row = Scenario & {
  /** The figure of `falseRollbacks` that the row belongs to; the worst of its rows is told. */
  readonly figure?: Figure;
  /** Rows of one family differ by the effect alone; its A/A row calibrates the others' judges. */
  readonly family: string;
  /** `x2`, `+30 %`. */
  readonly effect: string;
  /** The candidate's figure by the baseline's. */
  readonly ratio: number;
  readonly minutesALook: number;
  /** Repetitions by those of the A/A rows of counts. */
  readonly share: number;
};

export type Figure = 'poisson' | 'sharedLoad' | 'bursts' | 'ar50' | 'ar80' | 'ar90';

const COUNTS: readonly Figure[] = ['poisson', 'sharedLoad', 'bursts', 'ar50', 'ar80', 'ar90'];

const NAMES: Readonly<Record<CountsKind, string>> = {
  poisson: 'Poisson',
  sharedLoad: 'shared load',
  bursts: 'bursts',
  ar50: 'AR 0.5',
  ar80: 'AR 0.8',
  ar90: 'AR 0.9',
  ar95: 'AR 0.95',
};

const LATENCY_SHARE = 0.03;
const POWER_SHARE = 0.1;
const RELEASE_SHARE = 0.2;

const BY_MINUTE: Grid = { ...RELEASE, held: RELEASE.blocksAMinute };
const STEADY: LatencyShift = { all: 1, top: 1, wander: 0 };

/** Both arms are alike, so that every flag is false; at most 1.5 % are promised. */
export const AA_ROWS: readonly Row[] = [
  ...COUNTS.map((kind) => ({ ...counts(kind, 1), figure: kind, share: 1 })),
  { ...means(0, 1, 1), share: 1 },
  ...([50, 80, 90] as const).map((percent) => ({
    ...means(percent / 100, 1, 1),
    figure: `ar${percent}` as const,
    share: 1,
  })),
  { ...latency('A/A', STEADY), share: LATENCY_SHARE },
  { ...latency('A/A', { ...STEADY, wander: 0.1 }), share: LATENCY_SHARE },
  { ...latency('+1 %', { ...STEADY, all: 1.01 }), share: LATENCY_SHARE },
];

/** Alike too, but beyond what is promised: slower drifts, and histories that were no warning. */
export const BEYOND_ROWS: readonly Row[] = [
  { ...counts('ar95', 1), share: 0.2 },
  ...(['bursts', 'ar80'] as const).map((kind) => ({
    ...counts(kind, 1, { ...MINUTES, isCalmBefore: true }, 'after a calm history'),
    share: 0.2,
  })),
  {
    ...latency(
      'A/A',
      { ...STEADY, wander: 0.1 },
      { ...MINUTES, isCalmBefore: true },
      'after a calm history',
    ),
    share: 0.01,
  },
];

/** The candidate is worse, so that every release without a flag is a miss. */
export const POWER_ROWS: readonly Row[] = [
  ...(['poisson', 'sharedLoad', 'bursts'] as const).flatMap((kind) =>
    [1.25, 1.5, 2, 3].map((ratio) => ({ ...counts(kind, ratio), share: POWER_SHARE })),
  ),
  ...[1, 1e-3, 1e-6, 1e-9].map((scale) => ({ ...means(0, 1.3, scale), share: 0.05 })),
  { ...latency('+5 %', { ...STEADY, all: 1.05 }), share: 0.02 },
  { ...latency('+10 %', { ...STEADY, all: 1.1 }), share: 0.02 },
  { ...latency('+30 %', { ...STEADY, all: 1.3 }), share: 0.02 },
  { ...latency('top 1 % x3', { ...STEADY, top: 3 }), share: 0.02 },
  { ...latency('+30 %', { ...STEADY, all: 1.3, wander: 0.1 }), share: 0.02 },
];

/** Alike, as a release sees them; bursts and drifts by the block, as in the promise. */
export const RELEASE_AA_ROWS: readonly Row[] = [
  ...COUNTS.map((kind) => ({ ...counts(kind, 1, RELEASE), share: RELEASE_SHARE })),
  { ...counts('bursts', 1, BY_MINUTE, 'by the minute'), share: RELEASE_SHARE },
  { ...latency('A/A', STEADY, RELEASE), share: LATENCY_SHARE },
];

/** Alike, but drifting within minutes, of which a history of 15 minutes has seen few. */
export const RELEASE_BEYOND_ROWS: readonly Row[] = [
  ...(['ar50', 'ar80', 'ar90'] as const).map((kind) => ({
    ...counts(kind, 1, BY_MINUTE, 'by the minute'),
    share: 0.05,
  })),
  {
    ...counts('bursts', 1, { ...BY_MINUTE, isCalmBefore: true }, 'by the minute, calm before'),
    share: 0.05,
  },
  {
    ...latency('A/A', { ...STEADY, wander: 0.1 }, BY_MINUTE, 'by the minute'),
    share: LATENCY_SHARE,
  },
];

export const RELEASE_POWER_ROWS: readonly Row[] = [
  ...[1.5, 2, 3, 5].map((ratio) => ({ ...counts('poisson', ratio, RELEASE), share: 0.05 })),
  ...[2, 3, 5].map((ratio) => ({
    ...counts('bursts', ratio, BY_MINUTE, 'by the minute'),
    share: 0.05,
  })),
  { ...latency('+10 %', { ...STEADY, all: 1.1 }, RELEASE), share: 0.02 },
  { ...latency('+30 %', { ...STEADY, all: 1.3 }, RELEASE), share: 0.02 },
  { ...latency('top 1 % x3', { ...STEADY, top: 3 }, RELEASE), share: 0.02 },
];

const SPIKY = { phi: 0, spikes: 0.01 } as const;

/** Metrics of a file's own, which have no history: alike, steady or drifting or with spikes. */
export const OWN_AA_ROWS: readonly Row[] = [
  ...[0, 0.8, 0.9, 0.95, 0.99].map((phi) => ({ ...own({ phi, ratio: 1 }), share: 0.2 })),
  { ...own({ ...SPIKY, ratio: 1 }), share: 0.2 },
];

export const OWN_POWER_ROWS: readonly Row[] = [
  ...[1.3, 1.5, 2].flatMap((ratio) =>
    [{ phi: 0 }, { phi: 0.8 }, SPIKY].map((shape) => ({
      ...own({ ...shape, ratio }),
      share: 0.05,
    })),
  ),
];

type Unshared = Omit<Row, 'share'>;

function counts(kind: CountsKind, ratio: number, grid: Grid = MINUTES, how?: string): Unshared {
  const family = ['counts', NAMES[kind], ...(how === undefined ? [] : [how])].join(', ');
  const effect = ratio === 1 ? 'A/A' : `x${ratio}`;
  return {
    ...named(family, effect, grid),
    ratio,
    series: (random) => countsSeries(kind, random, ratio, grid),
  };
}

function means(phi: number, ratio: number, scale: number): Unshared {
  const at = scale === 1 ? '' : ` at ${scale.toExponential()}`;
  return {
    ...named(`means, AR ${phi}`, `${ratio === 1 ? 'A/A' : '+30 %'}${at}`, MINUTES),
    ratio,
    series: (random) => meansSeries(random, { phi, ratio, scale }),
  };
}

function own(shape: Omit<MeansShape, 'scale'>): Unshared {
  const { phi, ratio, spikes } = shape;
  const family = `values, ${spikes === undefined ? `AR ${phi}` : '1 in 100 a spike'}`;
  const effect = ratio === 1 ? 'A/A' : `x${ratio}`;
  const series: Row['series'] = (random) => meansSeries(random, { ...shape, scale: 1 });
  return { ...named(family, effect, MINUTES), ratio, series };
}

function latency(
  effect: string,
  shift: LatencyShift,
  grid: Grid = MINUTES,
  how?: string,
): Unshared {
  const wandering = shift.wander > 0 ? ['wandering'] : [];
  const family = ['latency', ...wandering, ...(how === undefined ? [] : [how])].join(', ');
  return {
    ...named(family, effect, grid),
    ratio: shift.all,
    series: (random) => latencySeries(random, shift, grid),
  };
}

function named(family: string, effect: string, { blocksAMinute }: Grid) {
  return { name: `${family}, ${effect}`, family, effect, minutesALook: 1 / blocksAMinute };
}
