import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { BalancerKind } from '../../src/dev/balancer.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { demoRelease } from '../../src/dev/demo-release.ts';
import { type RunningLoad, startLoad } from '../../src/dev/load.ts';
import { type RunningStack, type StackOptions, startStack } from '../../src/dev/stack.ts';
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

export const SERVICE = 'checkout';

const ENDS_WITHIN_MS = 100_000;

export interface TestStack extends RunningStack {
  /** Where everything keeps its state. */
  readonly folder: string;
  /** What `deploy` releases: waits are as short as they can be; `changes` go over them. */
  specOf(version: string, changes?: Partial<ReleaseDocument>): ReleaseSpec;
  /** Begins a release whose waits are as short as they can be; `changes` go over them. */
  deploy(
    version: string,
    changes?: Partial<ReleaseDocument>,
    requestId?: string,
  ): Promise<{ workflowId: string; number: number }>;
  /** Waits for the end of a run. */
  end(workflowId: string): Promise<RunReport>;
  /** Waits until a run is in this phase. */
  until(workflowId: string, phase: Progress['phase']): Promise<Progress>;
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
  options: Pick<StackOptions, 'workflowBundle' | 'temporalArgs'> = {},
): Promise<TestStack> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-test-'));
  const lines: string[] = [];
  const stack = await startStack(
    readDevConfig(process.env),
    { service: SERVICE, balancer, folder, usualPorts: 'no', ...options },
    (line) => lines.push(line),
  );
  let load: RunningLoad | undefined;
  const close = async (): Promise<void> => {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
    await load?.stop();
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupt = (): void => {
    void close().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const { traffic } = stack.balancer;
  const { spec: plain } = requireRelease({
    text: JSON.stringify(demoRelease({ service: SERVICE, version: 'any', traffic })),
    file: 'test.json',
    folder,
    version: undefined,
  });
  const specOf = (version: string, changes: Partial<ReleaseDocument> = {}): ReleaseSpec => {
    const document = demoRelease({
      service: SERVICE,
      version,
      traffic: stack.balancer.traffic,
      changes: {
        warmup_duration: '1s',
        validation: { window: '3s', requests_per_second: 20, no_data_budget: '5s' },
        watch: { interval: '500ms', window: '5s', no_data_budget: '10s' },
        stabilization_period: '4s',
        cleanup_delay: '1s',
        rollback_verify_after: '2s',
        ...changes,
      },
    });
    const text = JSON.stringify(document);
    return requireRelease({ text, file: 'test.json', folder, version }).spec;
  };
  return {
    ...stack,
    folder,
    router: createRouters()(plain.traffic),
    environment: createProcessEnvironment({
      stateDir: join(folder, 'environment'),
      inherited: {},
    }),
    async terminate(workflowId) {
      const connection = await Connection.connect({ address: stack.temporal.address });
      await new Client({ connection }).workflow.getHandle(workflowId).terminate('by a test');
      await connection.close();
    },
    specOf,
    async deploy(version, changes = {}, requestId) {
      const spec = specOf(version, changes);
      const accepted = await stack.client.deploy({
        release: spec,
        who: 'test',
        why: `release ${version}`,
        ...(requestId === undefined ? {} : { requestId }),
      });
      return begun(accepted);
    },
    async end(workflowId) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`${workflowId} did not end`)), ENDS_WITHIN_MS);
      });
      try {
        return await Promise.race([stack.client.result(workflowId), late]);
      } finally {
        clearTimeout(timer);
      }
    },
    async until(workflowId, phase) {
      const untilMs = Date.now() + ENDS_WITHIN_MS;
      for (;;) {
        const progress = await stack.client.progress(workflowId);
        if (progress.phase === phase) return progress;
        if (progress.phase === 'ended' || Date.now() > untilMs) {
          throw new Error(`${workflowId} is ${progress.phase}, not ${phase}: ${progress.reason}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    load(requestsPerSecond = 100) {
      load ??= startLoad({ url: stack.balancer.url, connections: 32, requestsPerSecond });
      return load;
    },
    close,
  };
}
