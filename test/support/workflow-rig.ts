import { setTimeout as wait } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { type ActivityInterceptors, Worker, type WorkerOptions } from '@temporalio/worker';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { createActivities, createPaging, createWatching } from '../../src/activities/activities.ts';
import type { Clock } from '../../src/activities/clock.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { createPagingReads } from '../../src/activities/paging.ts';
import { createBelayClient } from '../../src/client/client.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';
import type { Reading } from '../../src/domain/judge/measurement.ts';
import type { RunReport, Waiting } from '../../src/domain/release/progress.ts';
import { requireRelease } from '../../src/domain/release/release-file.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import { createWebhookCall } from '../../src/providers/call/webhook-call.ts';
import { createMemoryEnvironment } from '../../src/providers/environment/memory.ts';
import type { HealthRound } from '../../src/providers/health/check-all.ts';
import { createMemorySource } from '../../src/providers/metrics/memory.ts';
import { createTrafficSource } from '../../src/providers/metrics/traffic.ts';
import { createMemoryChannel } from '../../src/providers/notify/memory.ts';
import { createMemoryRouter } from '../../src/providers/traffic/memory.ts';
import { begun } from './begun.ts';
import { createMemoryPaging } from './memory-paging.ts';
import { quietRuntime } from './quiet-runtime.ts';
import { addSearchAttributes } from './search-attributes.ts';
import { skipUntilClosed } from './skip-until-closed.ts';
import { workflowCode, workflowCodeWithoutHeartbeats } from './workflow-code.ts';

export const SERVICE = 'checkout';

export const GOOD: Reading = {
  latency_p95: { kind: 'value', value: 40, samples: 1000 },
  error_rate: { kind: 'value', value: 0, samples: 1000 },
  throughput: { kind: 'value', value: 100, samples: 1000 },
};

export const BROKEN: Reading = {
  ...GOOD,
  error_rate: { kind: 'value', value: 0.4, samples: 1000 },
};

export type WorkflowRig = Awaited<ReturnType<typeof startWorkflowRig>>;

/**
 * The real workflows and activities on a server whose time is skipped: hours of waiting take
 * milliseconds. The outside world is the memory adapter of each port.
 */
export async function startWorkflowRig(options: {
  readonly maxCachedWorkflows: number;
  /**
   * `held`: an activity that waits keeps its workflow waiting as long, in the server's time. No
   * heartbeat is missed then, as the skipping would miss all of them.
   */
  readonly activityTime?: 'ahead' | 'held';
}) {
  const { activityTime = 'ahead' } = options;
  quietRuntime();
  const config = readDevConfig(process.env);
  const env = await startTimeSkippingServer(config, () => undefined);
  await addSearchAttributes(env);
  const clock = skippingClock(env, activityTime);
  const environment = createMemoryEnvironment();
  const router = createMemoryRouter({ nowMs: clock.nowMs });
  const metrics = createMemorySource();
  const channel = createMemoryChannel();
  const health = new Map<string, HealthRound>();
  const answers = new Map<string, { readonly status: number; readonly tookMs: number }>();
  const figures = new Map<string, number>();
  const refused = new Set<number>();
  const deps: ActivityDeps = {
    clock,
    environment: () => environment,
    router: () => router,
    metrics: ({ kind }) => {
      if (kind === 'traffic') return createTrafficSource(router);
      return kind === 'memory' ? metrics : { signals: [], measure: async () => ({}) };
    },
    askPrometheus: async (_server, query, { version }) => {
      const value = figures.get(`${query} of ${version}`);
      if (value !== undefined) return { kind: 'value', value, samples: 1 };
      return { kind: 'no_data', why: 'there is no Prometheus here' };
    },
    channel: () => channel,
    // The real one: whoever calls starts a server for it.
    call: createWebhookCall({ secret: () => undefined }),
    checkHealth: async ({ version }) => health.get(version) ?? { kind: 'healthy', checks: 1 },
    temporal: { isReachable: async () => true },
    acceptsConnections: async ({ port }) => !refused.has(port),
    probe: async ({ headers }) => ({
      kind: 'answered',
      ...(answers.get(headers['x-belay-version'] ?? '') ?? { status: 200, tookMs: 5 }),
    }),
  };
  const code = await (activityTime === 'held' ? workflowCodeWithoutHeartbeats() : workflowCode());
  const paging = createMemoryPaging(env);
  const taskQueue = 'belay';
  const shared = {
    connection: env.nativeConnection,
    dataConverter,
    interceptors: { activity: [clock.interceptor] },
    shutdownForceTime: '2s',
  } satisfies Partial<WorkerOptions>;
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue,
      workflowBundle: { code },
      activities: { ...createActivities(deps), ...createPagingReads(paging.deps) },
      maxCachedWorkflows: options.maxCachedWorkflows,
    }),
    Worker.create({
      ...shared,
      taskQueue: `${taskQueue}-watch`,
      activities: createWatching(deps),
    }),
    Worker.create({
      ...shared,
      interceptors: {},
      taskQueue: `${taskQueue}-page`,
      activities: createPaging(paging.deps),
    }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = await createBelayClient({ address: env.address, taskQueue });

  return {
    env,
    client,
    clock,
    environment,
    router,
    metrics,
    channel,
    /** Who is paged by what; no paging file until a test gives one. */
    paging,
    /** The instances behind these ports accept no connection from now on. */
    refuse: (ports: readonly number[]) => ports.forEach((port) => refused.add(port)),
    /** What the health checks of a version find from now on. */
    setHealth: (version: string, round: HealthRound) => health.set(version, round),
    /** How a version answers the probe load. */
    setAnswer: (version: string, answer: { status: number; tookMs: number }) =>
      answers.set(version, answer),
    /** What a query answers for a version, where an A/B test asks Prometheus. */
    setFigure: (query: string, version: string, value: number) =>
      figures.set(`${query} of ${version}`, value),
    specOf,
    /** Begins a release whose parts are all in memory. */
    async deploy(version: string, changes: Partial<ReleaseDocument> = {}, requestId?: string) {
      const accepted = await client.deploy({
        release: specOf(version, changes),
        who: 'ada',
        why: `release ${version}`,
        ...(requestId === undefined ? {} : { requestId }),
      });
      return begun(accepted);
    },
    /** Waits, in real time, until a release says that it waits for this reason. */
    async until(workflowId: string, why: Waiting['why']): Promise<Waiting> {
      for (const untilMs = Date.now() + 20_000; ; await wait(20)) {
        const { waiting, phase, timeline } = await client.progress(workflowId);
        if (waiting?.why === why) return waiting;
        if (phase === 'ended' || Date.now() > untilMs) {
          const said = timeline.map(({ text }) => text).join(' | ');
          throw new Error(`${workflowId} is ${phase}, not ${why}: ${said}`);
        }
      }
    },
    /** Skips time until the run has ended and its service is free. */
    async end(workflowId: string): Promise<RunReport> {
      await skipUntilClosed(env, workflowId);
      return client.result(workflowId);
    },
    async close(): Promise<void> {
      await client.close();
      for (const worker of workers) worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}

/** A release of parts that are all in memory, with the waits of a real one. */
export function specOf(version: string, changes: Partial<ReleaseDocument> = {}) {
  const document: ReleaseDocument = {
    service: SERVICE,
    version,
    strategy: 'blue_green',
    environment: { kind: 'memory', instances: 2 },
    traffic: { kind: 'memory' },
    metrics: [{ kind: 'memory' }],
    notifications: [{ kind: 'memory' }],
    performance_thresholds: { max_latency_p95: '250ms', max_error_rate: '5%' },
    warmup_duration: '10s',
    validation: { window: '10s', requests_per_second: 2, no_data_budget: '10s' },
    stabilization_period: '1m',
    ...changes,
  };
  const text = JSON.stringify(document);
  return requireRelease({ forTests: true, text, file: 'test.json', folder: '/', version }).spec;
}

const PAUSES_AT_ONCE = 200;

type Moment = (activityType: string) => Promise<void> | void;

/**
 * The server's time, from which an activity runs ahead as it pauses; the server follows where a
 * timer of the workflow waits as long. Its own `sleep` would skip heartbeat timeouts as well.
 */
function skippingClock(env: TestWorkflowEnvironment, activityTime: 'ahead' | 'held') {
  let offsetMs = 0;
  const moments = new Map<string, Moment>();
  const paused = new Map<string, number>();
  const follow = async (): Promise<void> => {
    offsetMs = (await env.currentTimeMs()) - Date.now();
  };
  const hold = async (): Promise<void> => {
    if (activityTime === 'ahead') return;
    const untilMs = clock.nowMs();
    const aheadMs = untilMs - (await env.currentTimeMs());
    if (aheadMs > 0) await env.sleep(aheadMs);
  };
  const clock: Clock = {
    nowMs: () => Date.now() + offsetMs,
    async pause(ms, signal) {
      signal.throwIfAborted();
      const { activityType, base64TaskToken } = activityInfo();
      const pauses = (paused.get(base64TaskToken) ?? 0) + 1;
      paused.set(base64TaskToken, pauses);
      const moment = moments.get(activityType);
      moments.delete(activityType);
      await moment?.(activityType);
      offsetMs += ms;
      // A watch without an end must leave time for whoever is to end it.
      await new Promise((resolve) => setTimeout(resolve, pauses > PAUSES_AT_ONCE ? 10 : 0));
      signal.throwIfAborted();
    },
  };
  return {
    ...clock,
    /** Does something in the middle of an activity of this type, once: in its first pause. */
    during: (activityType: string, moment: Moment) => moments.set(activityType, moment),
    interceptor: (): ActivityInterceptors => ({
      inbound: {
        async execute(input, next) {
          await follow();
          try {
            return await next(input);
          } finally {
            await hold();
          }
        },
      },
    }),
  };
}
