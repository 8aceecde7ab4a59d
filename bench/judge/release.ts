import type { Histogram } from '../../src/domain/judge/histogram.ts';
import {
  type ArmBlock,
  type Tally,
  beginErrors,
  beginLatencies,
  lookAtErrors,
  lookAtLatencies,
} from '../../src/domain/judge/arm-metric.ts';
import type { Grid } from './generators.ts';
import type { Contender, Series } from './series.ts';

/**
 * What a release has at an interval of five seconds: what the load balancer kept of the 15 minutes
 * before it, and 20 minutes at one weight. Bursts last for a block, or for a minute.
 */
export const RELEASE: Grid = { blocksAMinute: 12, historyBlocks: 178, blocks: 240, held: 1 };

/** The judge as a release calls it: through the product's own code, with one metric. */
export function releaseContender(name: string, alpha: number, increaseMax: number): Contender {
  const rule = { method: 'sequential', severity: 'critical', weight: 1 } as const;
  const metric = { ...rule, alpha, increaseMax };
  return {
    name,
    judges: (kind) => kind !== 'means',
    run: (series) => {
      const { history, blocks } = talliesOf(series);
      let errors = series.kind === 'counts' ? beginErrors(metric, 0.5, history) : null;
      let latencies = series.kind === 'latency' ? beginLatencies(metric, history) : null;
      for (const [index, block] of blocks.entries()) {
        const onErrors = errors === null ? null : lookAtErrors(errors, [block]);
        const onLatencies = latencies === null ? null : lookAtLatencies(latencies, [block]);
        const decision = onErrors?.said.decision ?? onLatencies?.said.decision;
        if (decision === 'worse') return { flagged: true, atLook: index + 1 };
        errors = onErrors?.test ?? null;
        latencies = onLatencies?.test ?? null;
      }
      return { flagged: false, atLook: null };
    },
  };
}

const NO_LATENCY: Histogram = { counts: {}, total: 0 };

function talliesOf(series: Series): {
  readonly history: readonly Tally[];
  readonly blocks: readonly ArmBlock[];
} {
  switch (series.kind) {
    case 'counts': {
      const tally = (errors: number, requests: number): Tally => ({
        ...{ requests, errors, latency: NO_LATENCY },
      });
      return {
        history: series.history.map(({ events, units = 0 }) => tally(events, units)),
        blocks: series.blocks.map(({ baseline, candidate, units }) => ({
          baseline: tally(baseline, units.baseline),
          candidate: tally(candidate, units.candidate),
        })),
      };
    }
    case 'latency': {
      const tally = (latency: Histogram): Tally => ({
        ...{ requests: latency.total, errors: 0, latency },
      });
      return {
        history: series.history.map(tally),
        blocks: series.blocks.map(({ baseline, candidate }) => ({
          baseline: tally(baseline),
          candidate: tally(candidate),
        })),
      };
    }
    case 'means':
      throw new RangeError('a release has counts and latencies');
    default:
      return series satisfies never;
  }
}
