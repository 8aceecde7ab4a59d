import { beforeEach, describe, expect, test } from 'vitest';
import { createHealthActivities } from '../../src/activities/health.ts';
import { createRollBatchActivities } from '../../src/activities/roll-batch.ts';
import { Failure } from '../../src/domain/failure.ts';
import {
  type ActivityRig,
  SERVICE,
  createActivityRig,
  specOf,
  targetOf,
} from '../support/activity-rig.ts';

const { signal } = new AbortController();

let rig: ActivityRig;
beforeEach(() => {
  rig = createActivityRig();
});

describe('what a version will be judged by', () => {
  const judged = (failures: number, code: 'MetricsUnreachable' | 'MetricsInvalid') => {
    let asked = 0;
    const source = {
      signals: ['cpu'] as const,
      measure: async () => {
        asked += 1;
        if (asked > failures) return {};
        throw new Failure(code, 'http://prometheus:9090: refused');
      },
    };
    const { service, environment, health, traffic, metrics, warmup } = specOf();
    const { proveReady } = createHealthActivities({ ...rig.deps, metrics: () => source });
    const target = targetOf('v2');
    return rig.run(proveReady, {
      ...{ service, environment, health, target, warmup: { ...warmup, durationMs: 0 } },
      judgedBy: { traffic, metrics },
    });
  };

  test('is waited for', async () => {
    // Two sources are asked in a round: that of the file and that of the environment.
    expect((await judged(6, 'MetricsUnreachable')).report).toContain('healthy after 1 round(s)');
    expect(rig.elapsedMs()).toBe(3000);
  });

  test('cannot be reached until the deadline: nobody is to meet the version', async () => {
    await expect(judged(Infinity, 'MetricsUnreachable')).rejects.toMatchObject({
      code: 'NoData',
      message: expect.stringContaining('http://prometheus:9090: refused'),
    });
    expect(rig.elapsedMs()).toBe(60_000);
  });

  test('refuses the question: waiting does not help', async () => {
    await expect(judged(Infinity, 'MetricsInvalid')).rejects.toMatchObject({
      code: 'MetricsInvalid',
    });
    expect(rig.elapsedMs()).toBe(0);
  });
});

test('no batch is moved that nobody could judge', async () => {
  const spec = specOf();
  const { environment, service } = spec;
  const by = { service, key: 'before', generation: 1 };
  const instances = await rig.environment.deploy(
    { ...by, version: 'v1', spec: { ...environment, instances: 5 } },
    signal,
  );
  await rig.router.apply(
    { ...by, routes: [{ version: 'v1', weightPercent: 100, instances }] },
    signal,
  );
  const deadSource = {
    signals: ['cpu'] as const,
    measure: () => Promise.reject(new Failure('MetricsUnreachable', 'http://prometheus: refused')),
  };
  const { rollBatch } = createRollBatchActivities({ ...rig.deps, metrics: () => deadSource });
  const { traffic, metrics, thresholds, watch, health, warmup } = spec;
  const rolled = rig.run(rollBatch, {
    ...{ service, traffic, metrics, thresholds, watch, health, warmup },
    coming: { version: 'v2', instances: [], environment },
    going: { version: 'v1', instances, environment },
    ...{ from: 0, to: 2, desired: 5, surge: false },
    ...{ drainDeadlineMs: 1000, stabilizeMs: 5000, limits: spec.validation },
    ...{ key: 'release/shop/7/batch-1', generation: 10 },
  });
  await expect(rolled).rejects.toMatchObject({
    code: 'NoData',
    message: expect.stringContaining('http://prometheus: refused'),
  });
  expect(await rig.router.effects(SERVICE, signal)).toHaveLength(1);
  expect(await rig.environment.effects(SERVICE)).toHaveLength(1);
});
