import { beginCounts, lookCounts } from '../../src/domain/judge/sequential/counts.ts';
import { beginLatency, lookLatency } from '../../src/domain/judge/sequential/latency.ts';
import { beginMeans, lookMeans } from '../../src/domain/judge/sequential/means.ts';
import { logMultinomialE } from '../../src/domain/judge/sequential/multinomial.ts';
import type { TestReading } from '../../src/domain/judge/sequential/test-reading.ts';
import type { Contender, Flag, Series } from './series.ts';

/** Our own judge with all its defaults, looking at every block. */
export function sequentialContender(
  name: string,
  alpha: number,
  history: 'with history' | 'without history',
): Contender {
  const past = <T>(blocks: readonly T[]): readonly T[] =>
    history === 'with history' ? blocks : [];
  return {
    name,
    judges: () => true,
    run: (series) => {
      switch (series.kind) {
        case 'counts': {
          const state = beginCounts({ alpha, split: 0.5, history: past(series.history) });
          return firstWorse(state, series.blocks, lookCounts);
        }
        case 'means': {
          const state = beginMeans({ alpha, history: past(series.history) });
          return firstWorse(state, series.blocks, lookMeans);
        }
        case 'latency': {
          const state = beginLatency({ alpha, history: past(series.history) });
          return firstWorse(state, series.blocks, lookLatency);
        }
        default:
          return series satisfies never;
      }
    },
  };
}

/** The plain multinomial test, which no release is judged by: what the guard is worth. */
export function unguardedContender(name: string, alpha: number): Contender {
  return {
    name,
    judges: (kind) => kind === 'counts',
    run: (series: Series) => {
      let [baseline, candidate, look] = [0, 0, 0];
      if (series.kind !== 'counts') throw new RangeError(`no counts: ${series.kind}`);
      for (const block of series.blocks) {
        look += 1;
        baseline += block.baseline;
        candidate += block.candidate;
        const logE = logMultinomialE([baseline, candidate], [0.5, 0.5], 100);
        if (candidate > baseline && logE >= Math.log(1 / alpha)) {
          return { flagged: true, atLook: look };
        }
      }
      return { flagged: false, atLook: null };
    },
  };
}

function firstWorse<State, Block>(
  begun: State,
  blocks: readonly Block[],
  look: (state: State, blocks: readonly Block[]) => { readonly state: State; reading: TestReading },
): Flag {
  let state = begun;
  for (const [index, block] of blocks.entries()) {
    const looked = look(state, [block]);
    if (looked.reading.decision === 'worse') return { flagged: true, atLook: index + 1 };
    state = looked.state;
  }
  return { flagged: false, atLook: null };
}
