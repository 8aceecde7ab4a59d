import { beforeEach, describe, expect, test } from 'vitest';
import type { VerifyRequest } from '../../src/activities/requests.ts';
import { createVerifyActivities } from '../../src/activities/verify.ts';
import type { Reading } from '../../src/domain/judge/measurement.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import {
  type ActivityRig,
  GOOD,
  START_MS,
  createActivityRig,
  specOf,
  targetOf,
  unhealthy,
} from '../support/activity-rig.ts';

const SLOW: Reading = { ...GOOD, latency_p95: { kind: 'value', value: 999, samples: 1000 } };
const BUDGET_MS = 30_000;

let rig: ActivityRig;
beforeEach(() => {
  rig = createActivityRig();
  rig.metrics.set('v1', GOOD);
});

function verify(
  changes: Partial<VerifyRequest> & { readonly document?: Partial<ReleaseDocument> } = {},
) {
  const { document = {}, ...request } = changes;
  const spec = specOf(document);
  const { service, traffic, environment, metrics, thresholds, watch, health } = spec;
  return rig.run(createVerifyActivities(rig.deps).verifyRollback, {
    ...{ service, traffic, environment, metrics, thresholds, watch, health },
    target: targetOf('v1'),
    fromMs: START_MS - 60_000,
    limits: spec.validation,
    before: GOOD,
    ...request,
  });
}

test('a version that is well again is verified at the first look', async () => {
  expect(await verify()).toMatchObject({ kind: 'pass' });
  expect(rig.elapsedMs()).toBe(0);
});

test('a version that is not well is told at once', async () => {
  rig.metrics.set('v1', SLOW);
  expect(await verify()).toMatchObject({ kind: 'fail' });
  expect(rig.elapsedMs()).toBe(0);
});

describe('within the budget', () => {
  test('figures may still come', async () => {
    rig.metrics.set('v1', {});
    rig.after(12_000, () => rig.metrics.set('v1', GOOD));
    expect(await verify()).toMatchObject({ kind: 'pass' });
    expect(rig.elapsedMs()).toBe(15_000);
  });

  test('instances may still become healthy', async () => {
    rig.checkHealth = async () => unhealthy('503');
    rig.after(12_000, () => (rig.checkHealth = async () => ({ kind: 'healthy', checks: 1 })));
    expect(await verify()).toMatchObject({ kind: 'pass' });
    expect(rig.elapsedMs()).toBe(15_000);
  });
});

describe('when the budget is over', () => {
  test('what has no figures is unknown, and not good', async () => {
    rig.metrics.set('v1', {});
    expect(await verify()).toMatchObject({ kind: 'no_data' });
    expect(rig.elapsedMs()).toBe(BUDGET_MS);
  });

  test('what is unhealthy is bad, however good its figures are', async () => {
    rig.checkHealth = async () => unhealthy('2 of 2 checks failed');
    expect(await verify()).toEqual({
      kind: 'fail',
      findings: [],
      summary: 'v1: 2 of 2 checks failed',
    });
    expect(rig.elapsedMs()).toBe(BUDGET_MS);
  });
});

describe('without thresholds', () => {
  const document = { performance_thresholds: {} };

  test('its own figures from before are the limits', async () => {
    expect(await verify({ document })).toMatchObject({
      kind: 'pass',
      findings: [{ limit: 70 }, { limit: 0.01 }],
    });
    rig.metrics.set('v1', SLOW);
    expect(await verify({ document })).toMatchObject({ kind: 'fail' });
  });

  test('a threshold wins over the figure from before', async () => {
    const stricter = { performance_thresholds: { max_latency_p95: '50ms' } };
    const { findings } = await verify({ document: stricter });
    expect(findings).toMatchObject([{ limit: 50 }, { limit: 0.01 }]);
  });

  test('and without figures from before its health decides, and that is said', async () => {
    expect(await verify({ document, before: null })).toMatchObject({ kind: 'warn', findings: [] });
  });

  test('a figure from before is no limit where no source measures it under live traffic', async () => {
    const signals = ['error_rate', 'throughput'] as const;
    rig.deps.metrics = () => ({ ...rig.metrics, signals });
    const { kind, findings } = await verify({ document });
    expect(kind).toBe('pass');
    expect(findings.map(({ signal }) => signal)).toEqual(['error_rate']);
  });
});

test('a verification that is called off throws', async () => {
  rig.metrics.set('v1', {});
  rig.after(10_000, () => rig.cancel());
  await expect(verify()).rejects.toMatchObject({ name: 'CancelledFailure' });
});
