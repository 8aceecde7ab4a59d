import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Failure } from '../domain/failure.ts';
import type { Accepted, ServiceView } from '../domain/release/commands.ts';
import { serviceWorkflowId } from '../domain/release/names.ts';
import type { Progress, RunReport } from '../domain/release/progress.ts';
import { requireRelease } from '../domain/release/release-file.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import { newService } from '../domain/release/service-state.ts';
import {
  abortUpdate,
  deployUpdate,
  progressQuery,
  promoteUpdate,
  rollbackUpdate,
  stateQuery,
} from '../workflows/messages.ts';
import { SERVICE } from '../workflows/search-attributes.ts';
import { translated } from './translate.ts';

/** Who asks and why; a repeat with the same request id is the same request. */
export interface Request {
  readonly who: string;
  readonly why: string;
  /** Default: a new one. Keep it when you repeat a call whose answer you did not get. */
  readonly requestId?: string;
}

export interface DeployRequest extends Request {
  /** A release as `readRelease` of a file gives it, or its text. */
  readonly release:
    | ReleaseSpec
    | {
        readonly text: string;
        readonly file: string;
        /** Absolute; where the programs of the environment run. */
        readonly folder: string;
        readonly version?: string;
      };
}

/**
 * How other services, the CLI and the API use Belay. Every call throws a `Failure` whose code is in
 * the table of failures; none shows a type of Temporal's.
 */
export interface BelayClient {
  /** Returns when the release has durably begun; follow it with `progress` or wait in `result`. */
  deploy(request: DeployRequest): Promise<Accepted>;
  /** Goes back to `toVersion`, by default to the version that was stable before. */
  rollback(service: string, request: Request & { readonly toVersion?: string }): Promise<Accepted>;
  /** Ends the running release: traffic back to stable first, then the candidate is removed. */
  abort(service: string, request: Request): Promise<{ readonly phase: string }>;
  /** Keeps the candidate of a release that waits for a person. */
  promote(service: string, request: Request): Promise<{ readonly phase: string }>;
  /** How a run stands: the one of this workflow id, or the service's running or latest one. */
  progress(serviceOrWorkflowId: string): Promise<Progress>;
  history(service: string): Promise<ServiceView>;
  services(): Promise<readonly string[]>;
  /** Waits for the end of a run, however long that takes, and until its service is free again. */
  result(workflowId: string): Promise<RunReport>;
  /** Waits, for 15 seconds at most, until a run that has ended no longer holds its service. */
  untilFree(workflowId: string): Promise<void>;
  close(): Promise<void>;
}

export interface BelayClientOptions {
  /** Default: `TEMPORAL_ADDRESS`, the profile of the Temporal CLI, then `localhost:7233`. */
  readonly address?: string;
  readonly namespace?: string;
  /** Of Belay's own workers. */
  readonly taskQueue?: string;
}

export const DEFAULT_TASK_QUEUE = 'belay';

/** A call that finds no worker must end: an update waits for one for ever. */
const ANSWER_WITHIN_MS = 15_000;
const SERVER_ANSWERS_WITHIN_MS = 2000;
const FREE_ASK_EVERY_MS = 100;

/** Connects to Temporal as its own tools do: environment, profile file, TLS and API key included. */
export async function createBelayClient(options: BelayClientOptions = {}): Promise<BelayClient> {
  const config = loadClientConnectConfig();
  const address = options.address ?? config.connectionOptions.address ?? 'localhost:7233';
  const connection = await translated(
    () => Connection.connect({ ...config.connectionOptions, address, connectTimeout: '5s' }),
    { address },
  );
  const namespace = options.namespace ?? config.namespace ?? 'default';
  const temporal = new Client({ connection, namespace });
  const taskQueue = options.taskQueue ?? DEFAULT_TASK_QUEUE;
  const calls = createCalls({ temporal, connection, taskQueue, address });
  return { ...calls, close: () => connection.close() };
}

interface Deps {
  readonly temporal: Client;
  readonly connection: Connection;
  readonly taskQueue: string;
  readonly address: string;
}

function createCalls({
  temporal,
  connection,
  taskQueue,
  address,
}: Deps): Omit<BelayClient, 'close'> {
  async function call<T>(about: string, work: () => Promise<T>): Promise<T> {
    try {
      return await translated(() => connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, work), {
        address,
        about,
        taskQueue,
      });
    } catch (error) {
      if (error instanceof Failure && error.code === 'NoWorker') await requireServer(error);
      throw error;
    }
  }

  /** Nobody has answered: a server that answers itself tells a missing worker from a missing server. */
  async function requireServer(cause: Failure): Promise<void> {
    const untilMs = Date.now() + SERVER_ANSWERS_WITHIN_MS;
    try {
      await connection.withDeadline(untilMs, () => connection.workflowService.getSystemInfo({}));
    } catch {
      throw new Failure(
        'TemporalUnreachable',
        `Temporal at ${address} does not answer; what was asked may still be carried out: ` +
          'repeat it with the same request id',
        { cause },
      );
    }
  }

  async function view(service: string): Promise<ServiceView> {
    return call(service, () =>
      temporal.workflow.getHandle(serviceWorkflowId(service)).query(stateQuery),
    );
  }

  async function running(service: string): Promise<string> {
    const { active } = await view(service);
    if (active !== undefined) return active.workflowId;
    throw new Failure('NotFound', `${service} has no running release`);
  }

  return {
    async deploy(request) {
      const spec = specOf(request);
      const command = { ...asked(request), spec };
      return call(spec.service, () =>
        temporal.workflow.executeUpdateWithStart(deployUpdate, {
          startWorkflowOperation: startService(spec.service, taskQueue),
          updateId: command.requestId,
          args: [command],
        }),
      );
    },

    async rollback(service, request) {
      const command = { ...asked(request), toVersion: request.toVersion };
      return call(service, () =>
        temporal.workflow
          .getHandle(serviceWorkflowId(service))
          .executeUpdate(rollbackUpdate, { updateId: command.requestId, args: [command] }),
      );
    },

    async abort(service, request) {
      const workflowId = await running(service);
      const command = asked(request);
      return call(workflowId, () =>
        temporal.workflow
          .getHandle(workflowId)
          .executeUpdate(abortUpdate, { updateId: command.requestId, args: [command] }),
      );
    },

    async promote(service, request) {
      const workflowId = await running(service);
      const command = asked(request);
      return call(workflowId, () =>
        temporal.workflow
          .getHandle(workflowId)
          .executeUpdate(promoteUpdate, { updateId: command.requestId, args: [command] }),
      );
    },

    async progress(serviceOrWorkflowId) {
      const workflowId = serviceOrWorkflowId.includes('/')
        ? serviceOrWorkflowId
        : await latestRun(serviceOrWorkflowId);
      return withRollback(await progressOf(workflowId));
    },

    history: view,

    async services() {
      return call('the list of services', async () => {
        const names: string[] = [];
        const query = "WorkflowType = 'service' AND ExecutionStatus = 'Running'";
        for await (const workflow of temporal.workflow.list({ query })) {
          names.push(workflow.workflowId.replace(/^service\//, ''));
        }
        return names.toSorted();
      });
    },

    async result(workflowId) {
      const about = { address, about: workflowId, taskQueue };
      const handle = temporal.workflow.getHandle<() => Promise<RunReport>>(workflowId);
      const report = await translated(() => handle.result(), about);
      await untilFree(workflowId);
      return report;
    },

    untilFree,
  };

  /** The service learns of the end a moment later; who asks in between would be refused. */
  async function untilFree(workflowId: string): Promise<void> {
    const service = workflowId.split('/')[1] ?? '';
    for (const untilMs = Date.now() + ANSWER_WITHIN_MS; Date.now() < untilMs;) {
      const { active } = await view(service);
      if (active?.workflowId !== workflowId) return;
      await wait(FREE_ASK_EVERY_MS);
    }
  }

  async function progressOf(workflowId: string): Promise<Progress> {
    return call(workflowId, () => temporal.workflow.getHandle(workflowId).query(progressQuery));
  }

  /** The rollback is a run of its own; who follows the release wants to see what it does. */
  async function withRollback(progress: Progress): Promise<Progress> {
    const { rolledBackBy } = progress;
    if (rolledBackBy === undefined) return progress;
    // It may not have begun: then the release says all there is.
    const back = await progressOf(rolledBackBy).catch(() => undefined);
    if (back === undefined) return progress;
    return {
      ...progress,
      weights: progress.phase === 'rolling_back' ? back.weights : progress.weights,
      warnings: [...progress.warnings, ...back.warnings],
      timeline: [...progress.timeline, ...back.timeline.filter(({ phase }) => phase !== 'ended')]
        // The order of entries of one moment stays as it is.
        .toSorted((a, b) => a.atMs - b.atMs),
    };
  }

  async function latestRun(service: string): Promise<string> {
    const { active, runs } = await view(service);
    const latest = active ?? runs[0];
    if (latest !== undefined) return latest.workflowId;
    throw new Failure('NotFound', `${service} has not been released yet`);
  }
}

function startService(service: string, taskQueue: string) {
  return new WithStartWorkflowOperation('service', {
    workflowId: serviceWorkflowId(service),
    taskQueue,
    args: [newService(service)],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Owner of ${service}: what is stable, what came before`,
    typedSearchAttributes: [{ key: SERVICE, value: service }],
  });
}

function specOf(request: DeployRequest): ReleaseSpec {
  const { release } = request;
  if ('schemaVersion' in release) return release;
  return requireRelease({ ...release, version: release.version }).spec;
}

function asked({ who, why, requestId }: Request) {
  return { who, why, requestId: requestId ?? randomUUID() };
}
