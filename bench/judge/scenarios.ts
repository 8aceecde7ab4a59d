import { countsSeries, latencySeries, meansSeries } from './generators.ts';
import type { CountsKind, LatencyShift } from './generators.ts';
import type { Scenario } from './measure.ts';

export type Row = Scenario & {
  /** The figure of `falseRollbacks` that the row belongs to; the worst of its rows is told. */
  readonly figure?: CountsKind;
  /** Repetitions by those of the A/A rows of counts. */
  readonly share: number;
};

const COUNTS: readonly CountsKind[] = ['poisson', 'sharedLoad', 'bursts', 'ar50', 'ar80', 'ar90'];

const LATENCY_SHARE = 0.03;

/** Both arms are alike, so that every flag is false. */
export const AA_ROWS: readonly Row[] = [
  ...COUNTS.map((kind) => ({ ...counts(kind, 1), figure: kind, share: 1 })),
  ...([50, 80, 90] as const).map((percent) => ({
    ...means(percent / 100, 1, 1),
    figure: `ar${percent}` as const,
    share: 1,
  })),
  { ...latency('A/A', { all: 1, top: 1, wander: 0 }), share: LATENCY_SHARE },
  { ...latency('A/A, minutes wander', { all: 1, top: 1, wander: 0.1 }), share: LATENCY_SHARE },
  { ...latency('+1 %, below what counts', { all: 1.01, top: 1, wander: 0 }), share: LATENCY_SHARE },
];

/** The candidate is worse, so that every release without a flag is a miss. */
export const POWER_ROWS: readonly Row[] = [
  ...[1.25, 1.5, 2, 3].map((ratio) => ({ ...counts('poisson', ratio), share: 0.1 })),
  ...[1.25, 1.5, 2, 3].map((ratio) => ({ ...counts('sharedLoad', ratio), share: 0.1 })),
  ...[1.25, 1.5, 2, 3].map((ratio) => ({ ...counts('bursts', ratio), share: 0.1 })),
  ...[1, 1e-3, 1e-6, 1e-9].map((scale) => ({ ...means(0, 1.3, scale), share: 0.02 })),
  { ...latency('+5 %', { all: 1.05, top: 1, wander: 0 }), share: 0.02 },
  { ...latency('+10 %', { all: 1.1, top: 1, wander: 0 }), share: 0.02 },
  { ...latency('+30 %', { all: 1.3, top: 1, wander: 0 }), share: 0.02 },
  { ...latency('top 1 % three times', { all: 1, top: 3, wander: 0 }), share: 0.02 },
  { ...latency('+30 %, minutes wander', { all: 1.3, top: 1, wander: 0.1 }), share: 0.02 },
];

function counts(kind: CountsKind, ratio: number): Scenario {
  return {
    name: `counts ${kind} x${ratio}`,
    series: (random) => countsSeries(kind, random, ratio),
  };
}

function means(phi: number, ratio: number, scale: number): Scenario {
  return {
    name: `means AR ${phi} x${ratio}, scale ${scale}`,
    series: (random) => meansSeries(random, { phi, ratio, scale }),
  };
}

function latency(name: string, shift: LatencyShift): Scenario {
  return { name: `latency ${name}`, series: (random) => latencySeries(random, shift) };
}
