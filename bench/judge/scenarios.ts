import { countsSeries, latencySeries, meansSeries } from './generators.ts';
import type { CountsKind, LatencyShift } from './generators.ts';
import type { Scenario } from './measure.ts';

export type Row = Scenario & {
  /** The figure of `falseRollbacks` that the row belongs to; the worst of its rows is told. */
  readonly figure?: CountsKind;
  /** How the row is told beside its family: `x2`, `+30 %`. */
  readonly effect: string;
  /** By how much the candidate is worse: `3` is a ratio of 3. */
  readonly ratio: number;
  /** Rows of one family differ by the effect alone; its A/A row calibrates the others' judges. */
  readonly family: Family;
  /** Repetitions by those of the A/A rows of counts. */
  readonly share: number;
};

export type Family = `counts ${CountsKind}` | `means AR ${number}` | `latency${'' | ', wandering'}`;

const COUNTS: readonly CountsKind[] = ['poisson', 'sharedLoad', 'bursts', 'ar50', 'ar80', 'ar90'];

const LATENCY_SHARE = 0.05;
const POWER_SHARE = 0.1;

/** Both arms are alike, so that every flag is false. */
export const AA_ROWS: readonly Row[] = [
  ...COUNTS.map((kind) => ({ ...counts(kind, 1), figure: kind, share: 1 })),
  { ...means(0, 1, 1), share: 1 },
  ...([50, 80, 90] as const).map((percent) => ({
    ...means(percent / 100, 1, 1),
    figure: `ar${percent}` as const,
    share: 1,
  })),
  { ...latency('A/A', { all: 1, top: 1, wander: 0 }), share: LATENCY_SHARE },
  { ...latency('A/A', { all: 1, top: 1, wander: 0.1 }), share: LATENCY_SHARE },
  { ...latency('+1 %', { all: 1.01, top: 1, wander: 0 }), share: LATENCY_SHARE },
];

/** The candidate is worse, so that every release without a flag is a miss. */
export const POWER_ROWS: readonly Row[] = [
  ...(['poisson', 'sharedLoad', 'bursts'] as const).flatMap((kind) =>
    [1.25, 1.5, 2, 3].map((ratio) => ({ ...counts(kind, ratio), share: POWER_SHARE })),
  ),
  ...[1, 1e-3, 1e-6, 1e-9].map((scale) => ({ ...means(0, 1.3, scale), share: 0.05 })),
  { ...latency('+5 %', { all: 1.05, top: 1, wander: 0 }), share: 0.02 },
  { ...latency('+10 %', { all: 1.1, top: 1, wander: 0 }), share: 0.02 },
  { ...latency('+30 %', { all: 1.3, top: 1, wander: 0 }), share: 0.02 },
  { ...latency('top 1 % x3', { all: 1, top: 3, wander: 0 }), share: 0.02 },
  { ...latency('+30 %', { all: 1.3, top: 1, wander: 0.1 }), share: 0.02 },
];

function counts(kind: CountsKind, ratio: number): Omit<Row, 'share'> {
  const [family, effect] = [`counts ${kind}`, `x${ratio}`] as const;
  return {
    name: `${family} ${effect}`,
    ...{ family, effect, ratio },
    series: (random) => countsSeries(kind, random, ratio),
  };
}

function means(phi: number, ratio: number, scale: number): Omit<Row, 'share'> {
  const family = `means AR ${phi}` as const;
  const effect = `x${ratio}${scale === 1 ? '' : ` at ${scale}`}`;
  return {
    name: `${family} ${effect}`,
    ...{ family, effect, ratio },
    series: (random) => meansSeries(random, { phi, ratio, scale }),
  };
}

function latency(effect: string, shift: LatencyShift): Omit<Row, 'share'> {
  const family = shift.wander > 0 ? 'latency, wandering' : 'latency';
  return {
    name: `${family} ${effect}`,
    ...{ family, effect, ratio: shift.all },
    series: (random) => latencySeries(random, shift),
  };
}
