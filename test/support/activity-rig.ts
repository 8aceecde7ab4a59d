import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Clock } from '../../src/activities/clock.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import type { Reading } from '../../src/domain/judge/measurement.ts';
import type { Instance } from '../../src/domain/release/instance.ts';
import { requireRelease } from '../../src/domain/release/release-file.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import type { ReleaseSpec } from '../../src/domain/release/release-spec.ts';
import { createWebhookCall } from '../../src/providers/call/webhook-call.ts';
import { createMemoryEnvironment } from '../../src/providers/environment/memory.ts';
import type { HealthRound } from '../../src/providers/health/check-all.ts';
import { createMemorySource } from '../../src/providers/metrics/memory.ts';
import { createMemoryChannel } from '../../src/providers/notify/memory.ts';
import { createMemoryRouter } from '../../src/providers/traffic/memory.ts';

export const SERVICE = 'shop';
/** When Temporal scheduled the activity of a test. */
export const START_MS = 1_700_000_000_000;

export const GOOD: Reading = {
  latency_p95: { kind: 'value', value: 40, samples: 1000 },
  error_rate: { kind: 'value', value: 0, samples: 1000 },
  throughput: { kind: 'value', value: 100, samples: 1000 },
};

type CheckHealth = ActivityDeps['checkHealth'];
type AskPrometheus = ActivityDeps['askPrometheus'];

/**
 * Activities without a server, on the memory adapter of each port and a clock that moves when the
 * activity waits.
 */
export function createActivityRig() {
  let nowMs = START_MS;
  const moments: { readonly atMs: number; readonly act: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    async pause(ms, signal) {
      signal.throwIfAborted();
      nowMs += ms;
      for (const due of moments.filter(({ atMs }) => atMs <= nowMs)) {
        moments.splice(moments.indexOf(due), 1);
        due.act();
      }
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    },
  };
  const environment = createMemoryEnvironment();
  const router = createMemoryRouter();
  const metrics = createMemorySource();
  const channel = createMemoryChannel();
  const rig = {
    environment,
    router,
    metrics,
    channel,
    clock,
    /** What the health checks find; a test puts its own in the place. */
    checkHealth: (async () => ({ kind: 'healthy', checks: 1 })) as CheckHealth,
    /** What a Prometheus answers; a test puts its own in the place. */
    askPrometheus: (async () => ({ kind: 'no_data', why: 'none was set' })) as AskPrometheus,
    /** Whether Temporal answers; a test that takes it away says so. */
    isReachable: (async () => true) as ActivityDeps['temporal']['isReachable'],
    /** Ports behind which nobody accepts a connection. */
    refused: new Set<number>(),
    probed: [] as { readonly url: string; readonly headers: Readonly<Record<string, string>> }[],
    answer: { status: 200, tookMs: 5 },
    /** Does something once the clock has come so far, in milliseconds from the start. */
    after(ms: number, act: () => void): void {
      moments.push({ atMs: START_MS + ms, act });
    },
    elapsedMs: () => nowMs - START_MS,
    /** Runs an activity as its first attempt, or as one that goes on from heartbeat details. */
    async run<Request, Result>(
      activity: (request: Request) => Promise<Result>,
      request: Request,
      attempt: {
        readonly heartbeatDetails?: unknown;
        readonly onBeat?: (details: unknown) => void;
      } = {},
    ): Promise<Result> {
      const mock = new MockActivityEnvironment(
        {
          scheduledTimestampMs: START_MS,
          heartbeatDetails: attempt.heartbeatDetails,
          activityType: activity.name,
        },
        // A failed activity is a case of a test here, not a line for a person.
        { logger: new DefaultLogger('ERROR') },
      );
      running = mock;
      if (attempt.onBeat !== undefined) mock.on('heartbeat', attempt.onBeat);
      return mock.run(activity, request);
    },
    /** Calls off the activity that runs, as Temporal does for a workflow. */
    cancel(): void {
      running?.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    },
    /** Ends the activity that runs as a worker does that stops: another attempt follows. */
    shutDown(): void {
      running?.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    },
  };
  let running: MockActivityEnvironment | undefined;
  const refused = rig.refused;
  const deps: ActivityDeps = {
    clock,
    environment: () => environment,
    router: () => router,
    metrics: (spec) =>
      spec.kind === 'environment' ? { signals: [], measure: async () => ({}) } : metrics,
    askPrometheus: (...question) => rig.askPrometheus(...question),
    channel: () => channel,
    // The real one: whoever calls starts a server for it.
    call: createWebhookCall({ secret: () => undefined }),
    checkHealth: (request, signal) => rig.checkHealth(request, signal),
    temporal: { isReachable: (signal) => rig.isReachable(signal) },
    acceptsConnections: async ({ port }) => !refused.has(port),
    probe: async ({ url, headers }) => {
      rig.probed.push({ url, headers });
      return { kind: 'answered', ...rig.answer };
    },
  };
  return Object.assign(rig, { deps });
}

export type ActivityRig = ReturnType<typeof createActivityRig>;

/** A release of parts that are all in memory. */
export function specOf(changes: Partial<ReleaseDocument> = {}): ReleaseSpec {
  const document: ReleaseDocument = {
    service: SERVICE,
    version: 'v2',
    strategy: 'blue_green',
    environment: { kind: 'memory', instances: 2 },
    traffic: { kind: 'memory' },
    metrics: [{ kind: 'memory' }],
    performance_thresholds: { max_latency_p95: '250ms', max_error_rate: '5%' },
    health_check_timeout: '1m',
    warmup_duration: '10s',
    validation: { window: '30s', requests_per_second: 2, no_data_budget: '20s' },
    watch: { interval: '5s', window: '1m', no_data_budget: '30s' },
    stabilization_period: '2m',
    ...changes,
  };
  const text = JSON.stringify(document);
  return requireRelease({ forTests: true, text, file: 'r.json', folder: '/', version: undefined })
    .spec;
}

export function targetOf(version: string, count = 2) {
  const instances = Array.from({ length: count }, (_, place): Instance => {
    return { id: `${version}/${place}`, host: '127.0.0.1', port: 4000 + place };
  });
  return { version, instances };
}

export function unhealthy(report: string): HealthRound {
  return { kind: 'unhealthy', failures: 1, report };
}
