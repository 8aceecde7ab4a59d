import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { createActivities, createWatching } from '../../src/activities/activities.ts';
import { systemClock } from '../../src/activities/clock.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { type BelayClient, createBelayClient } from '../../src/client/client.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTemporal } from '../../src/dev/temporal-server.ts';
import { Failure } from '../../src/domain/failure.ts';
import { instancesFor } from '../../src/domain/release/capacity.ts';
import { VERBS } from '../../src/domain/release/progress.ts';
import { requireRelease } from '../../src/domain/release/release-file.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { createMemorySource } from '../../src/providers/metrics/memory.ts';
import { createMemoryChannel } from '../../src/providers/notify/memory.ts';
import { createWebhookCall } from '../../src/providers/call/webhook-call.ts';
import { type Act, createJournaledWorld } from '../support/journal.ts';
import { workflowCode } from '../support/workflow-code.ts';
import { BROKEN, GOOD } from '../support/workflow-rig.ts';

/**
 * Releases on a real Temporal server through random schedules of verbs and faults, while workers
 * come and go. Whatever happened, afterwards: the data plane serves one version, no instance was
 * removed while it had weight or before it was drained, and no weight was above its capacity.
 */
const INSTANCES = 4;
const RELEASES = 16;

const STRATEGIES = {
  blue_green: { strategy: 'blue_green', switch_steps: [25, 100] },
  canary: {
    strategy: 'canary',
    steps: [{ scale: 1 }, { weight: 25 }, { gate: { name: 'go', person: {} } }, { weight: 50 }],
  },
  ab_test: {
    strategy: 'ab_test',
    ab_test: {
      min_duration: '100ms',
      max_duration: '400ms',
      min_samples: 10,
      undecided: 'candidate',
    },
  },
  rolling: { strategy: 'rolling', rolling: { batch: 1, stabilize: '200ms' } },
} as const satisfies Record<string, Partial<ReleaseDocument>>;

type Event =
  | { readonly kind: 'verb'; readonly verb: (typeof VERBS)[number] }
  | { readonly kind: 'break' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'cancel' };

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('verb' as const), verb: fc.constantFrom(...VERBS) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'break' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'rollback' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'cancel' as const }) },
);

const schedules = fc.sample(
  fc.record({
    strategy: fc.constantFrom(...Object.values(STRATEGIES)),
    autoRollback: fc.boolean(),
    events: fc.array(fc.record({ event, afterMs: fc.integer({ min: 0, max: 700 }) }), {
      minLength: 1,
      maxLength: 8,
    }),
  }),
  { numRuns: RELEASES, seed: 20_261_125 },
);

const signal = new AbortController().signal;
const ASKED = { who: 'ada', why: 'a schedule of events' };

function specOf(service: string, version: string, changes: Partial<ReleaseDocument>) {
  const document: ReleaseDocument = {
    service,
    version,
    strategy: 'blue_green',
    environment: { kind: 'memory', instances: INSTANCES },
    traffic: { kind: 'memory' },
    metrics: [{ kind: 'memory' }],
    notifications: [{ kind: 'memory' }],
    performance_thresholds: { max_latency_p95: '250ms', max_error_rate: '5%' },
    warmup_duration: '0s',
    validation: { window: '200ms', requests_per_second: 50, no_data_budget: '1s', min_samples: 1 },
    watch: { interval: '100ms', window: '1s', no_data_budget: '2s' },
    rollout_duration: '600ms',
    stabilization_period: '300ms',
    cleanup_delay: '200ms',
    rollback_verify_after: '100ms',
    ...changes,
  };
  const text = JSON.stringify(document);
  return requireRelease({ forTests: true, text, file: 'test.json', folder: '/', version }).spec;
}

describe('random schedules of events', () => {
  const world = createJournaledWorld();
  const metrics = createMemorySource();
  let env: TestWorkflowEnvironment;
  let closeServer: () => Promise<void>;
  let client: BelayClient;
  let stopWorkers: () => Promise<void>;

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const temporal = await startTemporal(
      { ...readDevConfig(process.env), temporalAddress: undefined },
      {},
      () => undefined,
    );
    if (temporal.environment === undefined) throw new Error('a server of its own is needed');
    env = temporal.environment;
    closeServer = temporal.close;
    client = await createBelayClient({ address: temporal.address });
    stopWorkers = await keepRestartingWorkers(env, depsOf(world, metrics));
  });

  afterAll(async () => {
    await stopWorkers?.();
    await client?.close();
    await closeServer?.();
  });

  test.concurrent.each(schedules.map((one, at) => ({ ...one, service: `service-${at}` })))(
    '$strategy.strategy of $service ends as it must',
    async ({ service, strategy, autoRollback, events }) => {
      metrics.set(`${service}-v1`, GOOD);
      metrics.set(`${service}-v2`, GOOD);
      const first = await client.deploy({
        release: specOf(service, `${service}-v1`, {}),
        ...ASKED,
      });
      if (first.kind !== 'begun') throw new Error(first.kind);
      expect(await client.result(first.workflowId)).toMatchObject({ outcome: 'succeeded' });
      const changes = { ...strategy, auto_rollback_enabled: autoRollback };
      const second = await client.deploy({
        release: specOf(service, `${service}-v2`, changes),
        ...ASKED,
      });
      if (second.kind !== 'begun') throw new Error(second.kind);
      for (const { event: one, afterMs } of events) {
        await wait(afterMs);
        await act(service, second.workflowId, one);
      }
      const report = await bringToItsEnd(service, second.workflowId);
      await expectOneVersion(service, report.serving?.version ?? '');
      expectOrder(service);
    },
    110_000,
  );

  /** Each event takes effect or is refused by a code; nothing else may come of it. */
  async function act(service: string, workflowId: string, one: Event): Promise<void> {
    switch (one.kind) {
      case 'break':
        metrics.set(`${service}-v2`, BROKEN);
        return;
      case 'cancel':
        await env.client.workflow.getHandle(workflowId).cancel();
        return;
      case 'rollback':
        await patiently((requestId) => client.rollback(service, { ...ASKED, requestId }));
        return;
      case 'verb': {
        const details = { gate: 'go', step: 'stabilize', byMs: 50, overrideFreeze: true };
        await patiently((requestId) =>
          client.steer(service, one.verb, { ...ASKED, ...details, requestId }),
        );
        return;
      }
      default:
        return one satisfies never;
    }
  }

  /** What no worker has answered in time is repeated with the same request id, as it says. */
  async function patiently(ask: (requestId: string) => Promise<unknown>): Promise<void> {
    const requestId = randomUUID();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await ask(requestId);
        return;
      } catch (error) {
        const isSilent = error instanceof Failure && error.code === 'NoWorker';
        if (!isSilent || attempt === 5) return expectRefusal(error);
      }
    }
  }

  /** Workers come and go here: a look that none of them has answered is repeated. */
  async function looking<T>(look: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await look();
      } catch (error) {
        const isSilent = error instanceof Failure && error.code === 'NoWorker';
        if (!isSilent || attempt === 5) throw error;
      }
    }
  }

  function expectRefusal(error: unknown): void {
    expect(error).toMatchObject({
      code: expect.stringMatching(
        /^(NotAllowedNow|NotFound|ReleaseInProgress|NothingToRollBackTo)$/,
      ),
    });
  }

  /** Whatever it waits for, a person says: go on. */
  async function bringToItsEnd(service: string, workflowId: string) {
    let isOver = false;
    const report = client.result(workflowId).finally(() => (isOver = true));
    while (!isOver) {
      await wait(300);
      const { verbs, waiting } = await looking(() => client.progress(workflowId));
      const verb = (['resume', 'approve', 'promote', 'abort'] as const).find((name) =>
        verbs.includes(name),
      );
      if (waiting === undefined || verb === undefined) continue;
      await act(service, workflowId, { kind: 'verb', verb });
    }
    // A rollback that was asked for at the last moment follows as a run of its own.
    for (let free = 0; free < 5; await wait(100)) {
      const { active } = await looking(() => client.history(service));
      free = active === undefined ? free + 1 : 0;
    }
    return report;
  }

  async function expectOneVersion(service: string, serving: string): Promise<void> {
    const { stable } = await looking(() => client.history(service));
    const { routes } = await world.router.read(service, signal);
    const all = routes.filter(({ weightPercent }) => weightPercent > 0);
    expect(all).toMatchObject([{ version: stable, weightPercent: 100 }]);
    expect([`${service}-v1`, `${service}-v2`]).toContain(serving);
    const running = await world.environment.find(service, stable ?? '');
    expect(running).toHaveLength(INSTANCES);
  }

  function expectOrder(service: string): void {
    const weights = new Map<string, number>();
    const drained = new Set<string>();
    const running = new Map<string, number>();
    for (const one of world.acts.filter((done) => done.service === service)) {
      checkAct(one, { weights, drained, running });
    }
  }
});

interface Standing {
  readonly weights: Map<string, number>;
  readonly drained: Set<string>;
  readonly running: Map<string, number>;
}

function checkAct(one: Act, { weights, drained, running }: Standing): void {
  switch (one.kind) {
    case 'routes':
      expect(one.routes.reduce((sum, route) => sum + route.weightPercent, 0)).toBe(100);
      weights.clear();
      for (const { version, weightPercent, instances } of one.routes) {
        weights.set(version, weightPercent);
        if (weightPercent === 0) continue;
        drained.delete(version);
        // What carries traffic runs, and is enough of what it takes (one whole batch may be out).
        const has = Math.min(instances.length, running.get(version) ?? 0);
        expect(has).toBeGreaterThanOrEqual(instancesFor(weightPercent, INSTANCES) - 1);
        expect(has).toBeGreaterThan(0);
      }
      return;
    case 'drain':
      drained.add(one.version);
      return;
    case 'deploy':
      running.set(one.version, one.instances);
      return;
    case 'remove':
      expect(weights.get(one.version) ?? 0).toBe(0);
      running.set(one.version, 0);
      return;
    default:
      one satisfies never;
  }
}

function depsOf(
  world: ReturnType<typeof createJournaledWorld>,
  metrics: ReturnType<typeof createMemorySource>,
): ActivityDeps {
  const channel = createMemoryChannel();
  return {
    clock: systemClock,
    environment: () => world.environment,
    router: () => world.router,
    metrics: (spec) =>
      spec.kind === 'memory' ? metrics : { signals: [], measure: async () => ({}) },
    askPrometheus: async () => ({ kind: 'no_data', why: 'there is no Prometheus here' }),
    channel: () => channel,
    call: createWebhookCall({ secret: () => undefined }),
    checkHealth: async () => ({ kind: 'healthy', checks: 1 }),
    temporal: { isReachable: async () => true },
    acceptsConnections: async () => true,
    probe: async () => ({ kind: 'answered', status: 200, tookMs: 5 }),
  };
}

/** A worker that keeps workflows in memory, then one that does not, in turn. */
async function keepRestartingWorkers(env: TestWorkflowEnvironment, deps: ActivityDeps) {
  const code = await workflowCode();
  const shared = {
    connection: env.nativeConnection,
    dataConverter,
    shutdownForceTime: '20s',
  } as const;
  const watching = await Worker.create({
    ...shared,
    taskQueue: 'belay-watch',
    activities: createWatching(deps),
  });
  const watchingRun = watching.run();
  let stopped = false;
  const restarts = (async () => {
    for (let turn = 0; !stopped; turn += 1) {
      const worker = await Worker.create({
        ...shared,
        taskQueue: 'belay',
        workflowBundle: { code },
        activities: createActivities(deps),
        maxCachedWorkflows: turn % 2 === 0 ? 500 : 0,
        stickyQueueScheduleToStartTimeout: '1s',
      });
      const run = worker.run();
      await wait(2000);
      worker.shutdown();
      await run;
    }
  })();
  return async (): Promise<void> => {
    stopped = true;
    await restarts;
    watching.shutdown();
    await watchingRun;
  };
}
