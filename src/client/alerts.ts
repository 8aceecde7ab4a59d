import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import type { PostedAlert } from '../domain/alerting/alert.ts';
import type { AlertStore } from '../domain/alerting/alert-store.ts';
import { type Configuration, readAlerting } from '../domain/alerting/alerting-file.ts';
import type { Silence, SilenceRequest } from '../domain/alerting/silence.ts';
import type { AlertingView, ShardView } from '../domain/alerting/views.ts';
import { formatProblem } from '../domain/document/problem.ts';
import { Failure } from '../domain/failure.ts';
import {
  type AlertingInput,
  COORDINATOR_ID,
  type ConfigureCommand,
  alertingQuery,
  configureUpdate,
  expireUpdate,
  groupsQuery,
  shardId,
  silenceUpdate,
} from '../workflows/alert-messages.ts';
import type { Caller } from './caller.ts';
import { createConfigurationSource } from './configuration-source.ts';
import { createBeat } from './beat-heartbeat.ts';
import { createPost } from './post-alerts.ts';
import { type Request, asked, updateIdOf } from './request.ts';
import { configured, reachShards } from './shards.ts';

/** What became of a batch. Whatever is not in `refused` is kept: it is in a workflow, or was. */
export interface Posted {
  readonly accepted: number;
  /** How many of these were news; of the others only the time has been noted. */
  readonly news: number;
  /** By their places in the batch. */
  readonly refused: readonly {
    readonly at: number;
    readonly code: 'AlertInvalid' | 'AlertingFull';
    readonly why: string;
  }[];
}

export interface ConfigureRequest extends Request {
  /** An alerting file. */
  readonly alerting: { readonly text: string; readonly file: string };
}

/** Alerts, silences and their configuration: how other services put alerts in and silence them. */
export interface AlertCalls {
  /** Returns when every alert that is not refused is durable. A repeat of it changes nothing. */
  post(alerts: readonly PostedAlert[]): Promise<Posted>;
  /**
   * A signal of a heartbeat, durable when it returns; `NotFound` where the configuration has none of
   * this name. It needs no store of last messages.
   */
  beat(heartbeat: string): Promise<void>;
  /** Returns when every shard goes by the new configuration. The first one begins the shards. */
  configure(request: ConfigureRequest): Promise<{ readonly version: number }>;
  /** The configuration and all silences. */
  show(): Promise<AlertingView>;
  /** What each shard holds. */
  shards(options?: { readonly limit?: number }): Promise<readonly ShardView[]>;
  /** Returns when every shard holds back what it matches. */
  silence(request: Request & { readonly silence: SilenceRequest }): Promise<Silence>;
  /** Ends a silence; what it held back is looked at again at once. */
  expire(id: string, request: Request): Promise<Silence>;
}

export interface AlertOptions {
  readonly taskQueue: string;
  /** How many shards the first configuration begins. */
  readonly shards: number;
  readonly store: AlertStore | undefined;
}

const ABOUT = 'the coordinator of alerts';

/** What is asked of the coordinator of alerts and of its shards. */
export function askAlerts(temporal: Client, caller: Caller, options: AlertOptions): AlertCalls {
  const { taskQueue, store } = options;
  const shards = reachShards(temporal, caller);
  const nowMs = Date.now;
  const source = createConfigurationSource(() => shards.alerting(), nowMs);
  const coordinator = () => temporal.workflow.getHandle(COORDINATOR_ID);
  const show = (): Promise<AlertingView> =>
    configured(() => caller.call(ABOUT, () => coordinator().query(alertingQuery)));

  return {
    post: createPost({ shards, source, store, nowMs }),
    beat: createBeat({ shards, source, store, nowMs }),
    show,

    async configure({ alerting, ...request }) {
      const command: ConfigureCommand = {
        ...asked(request),
        configuration: requireConfiguration(alerting),
      };
      return caller.call(ABOUT, () =>
        temporal.workflow.executeUpdateWithStart(configureUpdate, {
          startWorkflowOperation: startCoordinator(options.shards, taskQueue),
          updateId: updateIdOf('configure', command),
          args: [command],
        }),
      );
    },

    async shards({ limit } = {}) {
      const { shards: count } = await show();
      const asking = Array.from({ length: count }, (_, shard) =>
        caller.call(shardId(shard), () =>
          temporal.workflow
            .getHandle(shardId(shard))
            .query(groupsQuery, limit === undefined ? {} : { limit }),
        ),
      );
      return Promise.all(asking);
    },

    async silence({ silence, ...request }) {
      const command = { ...asked(request), silence };
      return configured(() =>
        caller.call(ABOUT, () =>
          coordinator().executeUpdate(silenceUpdate, {
            updateId: updateIdOf('silence', command),
            args: [command],
          }),
        ),
      );
    },

    async expire(silenceId, request) {
      const command = { ...asked(request), silenceId };
      return configured(() =>
        caller.call(ABOUT, () =>
          coordinator().executeUpdate(expireUpdate, {
            updateId: updateIdOf('expire', command),
            args: [command],
          }),
        ),
      );
    },
  };
}

function requireConfiguration(alerting: ConfigureRequest['alerting']): Configuration {
  const read = readAlerting(alerting);
  if (read.kind === 'valid') return read.configuration;
  throw new Failure('AlertingFileInvalid', read.problems.map(formatProblem).join('\n'));
}

function startCoordinator(shards: number, taskQueue: string) {
  const input: AlertingInput = { schemaVersion: 1, shards };
  return new WithStartWorkflowOperation('alerting', {
    workflowId: COORDINATOR_ID,
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: 'Owner of the alerting configuration and of all silences',
  });
}
