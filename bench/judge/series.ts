import type { CountsBlock, HistoryBlock } from '../../src/domain/judge/sequential/counts.ts';
import type { LatencyBlock } from '../../src/domain/judge/sequential/latency.ts';
import type { MeansBlock } from '../../src/domain/judge/sequential/means.ts';
import type { Histogram } from '../../src/domain/judge/histogram.ts';

/** One simulated release: a block a minute, and the baseline's minutes before it. */
export type Series =
  | {
      readonly kind: 'counts';
      readonly history: readonly HistoryBlock[];
      readonly blocks: readonly Required<CountsBlock>[];
    }
  | {
      readonly kind: 'means';
      readonly history: readonly number[];
      readonly blocks: readonly MeansBlock[];
    }
  | {
      readonly kind: 'latency';
      readonly history: readonly Histogram[];
      readonly blocks: readonly LatencyBlock[];
    };

/**
 * A judge in the comparison. It looks at the blocks as they come and says at which it would have
 * taken the release back, counted from 1; `atLook` is null when it never would.
 */
export interface Contender {
  readonly name: string;
  /** Whether this kind of series is one that the judge can look at. */
  readonly judges: (kind: Series['kind']) => boolean;
  readonly run: (series: Series) => Flag;
}

export interface Flag {
  readonly flagged: boolean;
  readonly atLook: number | null;
}
