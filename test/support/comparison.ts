import type { Comparison } from '../../src/activities/requests.ts';
import type { ArmMetric } from '../../src/domain/judge/arm-metric.ts';

/** Half of the budget of a release, for one test of a metric. */
export const METRIC: ArmMetric = {
  ...{ alpha: 0.005, increaseMax: 0.1, weight: 1 },
  method: 'sequential',
  severity: 'critical',
};

/** The errors of two halves of the traffic, compared. */
export const COMPARE: Comparison = {
  ...{ split: 0.5, splitUnits: 'requests', budget: 'error budget spent 0.5 of 1 %' },
  ...{ errors: METRIC, latency: undefined, metrics: [] },
};
