import type { ArmMetric, OwnMetric } from '../../src/domain/judge/arm-metric.ts';
import { beginOwn, lookAtOwn } from '../../src/domain/judge/arm-metric.ts';
import { EMPTY_HISTOGRAM } from '../../src/domain/judge/histogram.ts';
import type { Contender } from './series.ts';

const NO_TALLY = { requests: 0, errors: 0, latency: EMPTY_HISTOGRAM } as const;

/** A metric of a release file's own as a release judges it: without history, by its defaults. */
export function ownContender(name: string, method: ArmMetric['method'], alpha: number): Contender {
  const metric: OwnMetric = {
    ...{ name: 'own', method, alpha, increaseMax: 0.1, direction: 'increase' },
    ...{ severity: 'critical', weight: 1, noData: 'fail' },
  };
  return {
    name,
    judges: (kind) => kind === 'means',
    run: (series) => {
      if (series.kind !== 'means') throw new RangeError(`no values: ${series.kind}`);
      let test = beginOwn(metric);
      for (const [index, { baseline, candidate }] of series.blocks.entries()) {
        const values = { own: { candidate, control: baseline } };
        const block = { baseline: NO_TALLY, candidate: NO_TALLY, values };
        const looked = lookAtOwn(test, [block], 'own');
        if (looked.said.decision === 'worse') return { flagged: true, atLook: index + 1 };
        test = looked.test;
      }
      return { flagged: false, atLook: null };
    },
  };
}
