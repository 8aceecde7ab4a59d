import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { dataConverter } from '../../src/codec/data-converter.ts';
import type { BalancerKind } from '../../src/dev/balancer.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { demoRelease } from '../../src/dev/demo-release.ts';
import { type RunningLoad, startLoad } from '../../src/dev/load.ts';
import { type RunningStack, type StackOptions, startStack } from '../../src/dev/stack.ts';
import type { Accepted } from '../../src/domain/release/commands.ts';
import type { Progress, RunReport } from '../../src/domain/release/progress.ts';
import { requireRelease } from '../../src/domain/release/release-file.ts';
import type { ReleaseSpec } from '../../src/domain/release/release-spec.ts';
import type { ReleaseDocument } from '../../src/domain/release/release.schema.ts';
import {
  type ProcessEnvironment,
  createProcessEnvironment,
} from '../../src/providers/environment/process.ts';
import { createRouters } from '../../src/providers/traffic/registry.ts';
import type { TrafficRouter } from '../../src/providers/traffic/router.ts';
import { begun } from './begun.ts';
import { poll } from './poll.ts';

export const SERVICE = 'checkout';

const ENDS_WITHIN_MS = 100_000;

/** Waits as short as they can be; what is noise of a busy machine is no fault of a version. */
const SHORT: Partial<ReleaseDocument> = {
  warmup_duration: '1s',
  validation: {
    window: '3s',
    requests_per_second: 20,
    no_data_budget: '5s',
    max_latency_increase: '500%',
  },
  watch: { interval: '500ms', window: '5s', no_data_budget: '10s' },
  stabilization_period: '4s',
  cleanup_delay: '1s',
  rollback_verify_after: '2s',
};

/**
 * Shorter still, for what follows from errors: how long answers take says nothing on a busy machine.
 */
export const QUICK = {
  performance_thresholds: { max_latency_p95: '5s', max_error_rate: '5%' },
  warmup_duration: '0s',
  health_check_timeout: '10s',
  validation: {
    window: '1s',
    requests_per_second: 20,
    min_samples: 5,
    no_data_budget: '5s',
    max_latency_increase: '500%',
  },
  watch: { interval: '500ms', window: '3s', min_samples: 3, no_data_budget: '10s' },
  stabilization_period: '1s',
  cleanup_delay: '0s',
  rollback_verify_after: '1s',
} as const satisfies Partial<ReleaseDocument>;

export interface TestStack extends RunningStack {
  /** Where everything keeps its state. */
  readonly folder: string;
  /** Begins a release whose waits are as short as they can be; `changes` go over them. */
  deploy(
    version: string,
    changes?: Partial<ReleaseDocument>,
    requestId?: string,
  ): Promise<{ workflowId: string; number: number }>;
  /** The same for one that may have to wait for its turn, or that overrides a freeze window. */
  submit(
    version: string,
    changes?: Partial<ReleaseDocument>,
    request?: {
      readonly requestId?: string;
      readonly overrideFreeze?: boolean;
      /** A file has them by the minute, a test by the second. */
      readonly freezeWindows?: ReleaseSpec['freezeWindows'];
    },
  ): Promise<Accepted>;
  /** What `submit` asks for. */
  specOf(version: string, changes?: Partial<ReleaseDocument>): ReleaseSpec;
  /** Releases the first version, with users from its first moment on. */
  begin(changes?: Partial<ReleaseDocument>): Promise<void>;
  /** Waits for the end of a run. */
  end(workflowId: string, withinMs?: number): Promise<RunReport>;
  /** Waits until a run is in this phase. */
  until(workflowId: string, phase: Progress['phase']): Promise<Progress>;
  /** Waits until what a run says of itself is as wanted. */
  when(workflowId: string, wanted: (progress: Progress) => boolean): Promise<Progress>;
  /** Which version answers one request of a user. */
  serving(headers?: Record<string, string>): Promise<string | null>;
  /** Who has which share at the load balancer. */
  weights(): Promise<Record<string, number>>;
  /** Every instance of a version begins, or ends, to fail all requests. */
  fault(version: string, set: 'errors' | 'none'): Promise<void>;
  /** Begins traffic and leaves it on until the stack is closed. */
  load(requestsPerSecond?: number): RunningLoad;
  /** The balancer and the processes as the worker's drivers see them. */
  readonly router: TrafficRouter;
  readonly environment: ProcessEnvironment;
  /** Ends a run as an operator of Temporal may: without asking it. */
  terminate(workflowId: string): Promise<void>;
}

/** The environment block of the demo service with a fault, and whatever else a test needs. */
export function environmentOf(env: Record<string, string>): ReleaseDocument['environment'] {
  const { environment } = demoRelease({
    service: SERVICE,
    version: 'any',
    traffic: { kind: 'memory' },
  });
  return environment.kind === 'process' ? { ...environment, env } : environment;
}

/** The real parts together: Temporal, a load balancer, a worker, all processes of their own. */
export async function startTestStack(
  balancer: BalancerKind,
  options: Pick<StackOptions, 'workflowBundle' | 'temporalArgs' | 'paging'> = {},
): Promise<TestStack> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-test-'));
  const lines: string[] = [];
  const stack = await startStack(
    readDevConfig(process.env),
    { service: SERVICE, balancer, folder, usualPorts: 'no', ...options },
    (line) => lines.push(line),
  );
  let running: RunningLoad | undefined;
  const close = async (): Promise<void> => {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
    await running?.stop();
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupt = (): void => {
    void close().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const load = (requestsPerSecond = 100): RunningLoad => {
    running ??= startLoad({ url: stack.balancer.url, connections: 32, requestsPerSecond });
    return running;
  };
  const asking = askFor(stack, folder);
  const following = followRuns(stack);
  const { specOf, submit } = asking;
  const router = createRouters()(specOf('any').traffic);
  const environment = createProcessEnvironment({
    stateDir: join(folder, 'environment'),
    inherited: {},
  });
  return {
    ...stack,
    ...asking,
    ...following,
    ...lookAt(stack, router, environment),
    folder,
    router,
    environment,
    async terminate(workflowId) {
      const connection = await Connection.connect({ address: stack.temporal.address });
      await new Client({ connection, dataConverter }).workflow
        .getHandle(workflowId)
        .terminate('by a test');
      await connection.close();
    },
    async begin(changes) {
      const { workflowId } = begun(await submit('v1', { ...changes, stabilization_period: '1s' }));
      await following.until(workflowId, 'stabilizing');
      load();
      const { outcome, reason } = await following.end(workflowId);
      if (outcome !== 'succeeded') throw new Error(`v1 was not released: ${reason}`);
    },
    load,
    close,
  };
}

/** Releases of the demo service, as short as they can be. */
function askFor(
  stack: RunningStack,
  folder: string,
): Pick<TestStack, 'specOf' | 'submit' | 'deploy'> {
  const specOf: TestStack['specOf'] = (version, changes = {}) => {
    const document = demoRelease({
      service: SERVICE,
      version,
      traffic: stack.balancer.traffic,
      changes: { ...SHORT, ...changes },
    });
    const text = JSON.stringify(document);
    return requireRelease({ text, file: 'test.json', folder, version }).spec;
  };

  const submit: TestStack['submit'] = async (version, changes, request = {}) => {
    const spec = specOf(version, changes);
    const { freezeWindows = spec.freezeWindows, ...rest } = request;
    return stack.client.deploy({
      release: { ...spec, freezeWindows },
      who: 'test',
      why: `release ${version}`,
      ...rest,
    });
  };

  return {
    specOf,
    submit,
    async deploy(version, changes, requestId) {
      return begun(await submit(version, changes, requestId === undefined ? {} : { requestId }));
    },
  };
}

/** How runs stand and end. */
function followRuns({ client }: RunningStack): Pick<TestStack, 'end' | 'when' | 'until'> {
  const end: TestStack['end'] = async (workflowId, withinMs = ENDS_WITHIN_MS) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${workflowId} did not end`)), withinMs);
    });
    try {
      return await Promise.race([client.result(workflowId), late]);
    } finally {
      clearTimeout(timer);
    }
  };

  const when: TestStack['when'] = (workflowId, wanted) =>
    poll(ENDS_WITHIN_MS, async () => {
      const progress = await client.progress(workflowId);
      if (wanted(progress)) return progress;
      if (progress.phase === 'ended') {
        throw new Error(`${workflowId} is ${progress.outcome}: ${progress.reason}`);
      }
      return undefined;
    });

  const until: TestStack['until'] = (workflowId, phase) =>
    when(workflowId, (progress) => progress.phase === phase);
  return { end, when, until };
}

/** What users and the load balancer meet. */
function lookAt(
  { balancer }: RunningStack,
  router: TrafficRouter,
  environment: ProcessEnvironment,
): Pick<TestStack, 'serving' | 'weights' | 'fault'> {
  return {
    async serving(headers = {}) {
      const answer = await fetch(balancer.url, { headers });
      await answer.text();
      return answer.headers.get('x-version');
    },
    async weights() {
      const { routes } = await router.read(SERVICE, new AbortController().signal);
      return Object.fromEntries(routes.map((route) => [route.version, route.weightPercent]));
    },
    async fault(version, set) {
      for (const { host, port } of await environment.find(SERVICE, version)) {
        // One that has only just been started may not listen yet.
        await poll(ENDS_WITHIN_MS, () =>
          fetch(`http://${host}:${port}/__fault?set=${set}`).then(
            (answer) => answer.text(),
            () => undefined,
          ),
        );
      }
    },
  };
}
