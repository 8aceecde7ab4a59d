import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/activities/clock.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import type { RollBatchRequest, RollBatchResult } from '../../src/activities/requests.ts';
import { createRollBatchActivities } from '../../src/activities/roll-batch.ts';
import { type RunningLoad, startLoad } from '../../src/dev/load.ts';
import type { Instance } from '../../src/domain/release/instance.ts';
import type { ReleaseSpec } from '../../src/domain/release/release-spec.ts';
import { checkOnce } from '../../src/providers/health/check-all.ts';
import { createProbe } from '../../src/providers/health/probe-load.ts';
import { createProbes } from '../../src/providers/health/registry.ts';
import { createSources } from '../../src/providers/metrics/registry.ts';
import { createActivityRig, specOf } from '../support/activity-rig.ts';
import { type ProcessRig, createProcessRig } from '../support/process-rig.ts';
import { type RouterRig, SERVICE, startRouterRig } from '../support/router-rig.ts';

const DEMO_SERVICE = fileURLToPath(new URL('../../src/dev/demo-service.ts', import.meta.url));
const { signal } = new AbortController();
const DESIRED = 3;

let processes: ProcessRig;
let routing: RouterRig | undefined;
let load: RunningLoad | undefined;

beforeEach(() => {
  processes = createProcessRig();
});

afterEach(async () => {
  await load?.stop();
  load = undefined;
  await routing?.close();
  processes.close();
});

/** Real processes behind a real load balancer, which counts what users see. */
function realDeps({ router }: RouterRig): ActivityDeps {
  const probeHealth = createProbes({ inherited: {} });
  const environment = processes.environment();
  const sources = createSources({ secret: () => undefined });
  return {
    ...createActivityRig().deps,
    clock: systemClock,
    environment: () => environment,
    router: () => router,
    metrics: (spec, beside) => sources(spec, beside),
    checkHealth: (request, until) => checkOnce(request, until, probeHealth),
    probe: createProbe(),
  };
}

const ROLLED =
  'instances are rolled forwards behind %s, a bad batch is undone and all goes back: no request fails';

test.each(['embedded', 'haproxy'] as const)(
  ROLLED,
  async (kind) => {
    routing = await startRouterRig(kind, []);
    const deps = realDeps(routing);
    const rig = createActivityRig();
    const { rollBatch } = createRollBatchActivities(deps);
    const spec: ReleaseSpec = specOf({
      service: SERVICE,
      environment: { kind: 'memory', instances: DESIRED },
      metrics: [{ kind: 'traffic' }],
      performance_thresholds: { max_error_rate: '5%' },
      health_check_endpoint: '/healthz',
      health_check_timeout: '3s',
      health_check_interval: '100ms',
      warmup_duration: '200ms',
      watch: { interval: '300ms', window: '2s', min_samples: 1, no_data_budget: '5s' },
      drain_timeout: '5s',
    });
    const { service, traffic, metrics, thresholds, health, warmup, watch } = spec;
    const environmentOf = (env: Record<string, string> = {}) =>
      processes.spec({ command: [process.execPath, DEMO_SERVICE], instances: DESIRED, env });

    const v1 = await deps
      .environment(spec.environment)
      .deploy(
        { service, version: 'v1', key: 'deploy', generation: 1, spec: environmentOf() },
        signal,
      );
    await untilHealthy(deps, spec, v1);
    const routes = [{ version: 'v1', weightPercent: 100, instances: v1 }];
    await deps.router(traffic).apply({ service, key: 'first', generation: 2, routes }, signal);
    load = startLoad({ url: routing.url(''), connections: 8, requestsPerSecond: 150 });

    let generation = 10;
    const sides: Record<string, readonly Instance[]> = { v1, v2: [] };
    async function roll(
      [coming, going]: readonly [string, string],
      changes: Pick<RollBatchRequest, 'from' | 'to' | 'surge'> & { readonly fault?: string },
    ): Promise<RollBatchResult> {
      const { fault, ...batch } = changes;
      generation += 10;
      const request: RollBatchRequest = {
        ...{ service, traffic, metrics, thresholds, health, warmup, watch },
        coming: {
          version: coming,
          instances: sides[coming] ?? [],
          environment: environmentOf(fault === undefined ? {} : { FAULT: fault }),
        },
        going: { version: going, instances: sides[going] ?? [], environment: environmentOf() },
        ...batch,
        desired: DESIRED,
        drainDeadlineMs: 5000,
        stabilizeMs: 600,
        // A busy machine may make any of them slow: what counts here is that all are answered.
        limits: { latencyIncreaseMax: 100, errorRateIncreaseMax: 0.01 },
        key: `release/shop/7/batch-${generation}`,
        generation,
      };
      const result = await rig.run(rollBatch, request);
      sides[coming] = result.coming;
      sides[going] = result.going;
      return result;
    }
    const good = { kind: 'done', watch: { kind: 'judged', verdict: { kind: 'pass' } } };

    expect(await roll(['v2', 'v1'], { from: 0, to: 1, surge: false })).toMatchObject(good);
    expect(await roll(['v2', 'v1'], { from: 1, to: 2, surge: true })).toMatchObject(good);
    const bad = { from: 2, to: 3, surge: false, fault: 'unhealthy' };
    expect(await roll(['v2', 'v1'], bad)).toMatchObject({
      kind: 'undone',
      reason: expect.stringContaining('503'),
    });
    expect(await roll(['v1', 'v2'], { from: 1, to: 3, surge: false })).toMatchObject(good);

    const { failed, faulty, byVersion, examples } = await load.stop();
    load = undefined;
    expect({ failed, faulty, examples }).toEqual({ failed: 0, faulty: 0, examples: [] });
    expect(Object.keys(byVersion).toSorted()).toEqual(['v1', 'v2']);
    expect(processes.processes()).toHaveLength(DESIRED);
  },
  30_000,
);

async function untilHealthy(
  deps: ActivityDeps,
  { health }: ReleaseSpec,
  instances: readonly Instance[],
): Promise<void> {
  const request = { service: SERVICE, version: 'v1', instances, checks: health.checks };
  await expect
    .poll(async () => (await deps.checkHealth(request, signal)).kind, { timeout: 10_000 })
    .toBe('healthy');
}
