import type { ReleaseSpec } from './release-spec.ts';

/**
 * A specification that a run of older code has carried so far: what that code did not know has the
 * value that means what it did.
 */
export function completedSpec(carried: ReleaseSpec): ReleaseSpec {
  return { ...UNKNOWN_BEFORE, ...carried, watch: { ...AT_ONCE, ...carried.watch } };
}

/** A broken limit counts at once. */
const AT_ONCE: Partial<ReleaseSpec['watch']> = { breachForMs: 0, hysteresis: 0 };

const BY_LIMITS = {
  method: 'threshold',
  increaseMax: 0.1,
  severity: 'critical',
  weight: 1,
  critical: false,
} as const;

const UNKNOWN_BEFORE = {
  judge: {
    method: 'each',
    pass: 95,
    marginal: 75,
    groupWeights: {},
    alpha: 0.01,
    errors: { ...BY_LIMITS, group: 'errors' },
    latency: { ...BY_LIMITS, group: 'latency' },
    metrics: [],
    noData: { latency_p95: 'fail', error_rate: 'fail', throughput: 'fail' },
  },
  mode: 'act',
  gates: [],
  hooks: [],
  freezeWindows: [],
  promotion: 'automatic',
  baseline: false,
  keepOnAbortMs: 0,
  rollbackWindowMs: 0,
  rolling: {
    batch: { count: undefined, percent: 20 },
    maxSurge: undefined,
    maxUnavailable: undefined,
    stabilizeMs: undefined,
  },
} as const satisfies Partial<ReleaseSpec>;
