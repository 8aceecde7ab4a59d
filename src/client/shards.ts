import { randomUUID } from 'node:crypto';
import {
  type Client,
  QueryRejectedError,
  WorkflowClient,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { AlertingView, Room } from '../domain/alerting/views.ts';
import { Failure } from '../domain/failure.ts';
import {
  type AlertBatch,
  COORDINATOR_ID,
  alertingQuery,
  alertsSignal,
  beatSignal,
  reviveUpdate,
  roomQuery,
  shardId,
} from '../workflows/alert-messages.ts';
import type { Caller } from './caller.ts';
import { updateIdOf } from './request.ts';

/** The shards and their coordinator, as whoever puts alerts in needs them. */
export interface Shards {
  /** Throws `AlertingNotConfigured` where there is no coordinator. */
  alerting(): Promise<AlertingView>;
  /** `NotFound` as for `signal`: one that has ended would only repeat what it had at its end. */
  room(shard: number): Promise<Room>;
  /** Returns when the server has it for good; `NotFound` where no such shard runs. */
  signal(shard: number, batch: AlertBatch): Promise<void>;
  /** A heartbeat is alive; else as `signal`. */
  beat(shard: number, heartbeat: string): Promise<void>;
  /** Begins all that have been ended by hand, and answers which. */
  revive(shard: number): Promise<readonly number[]>;
}

/** Whoever posts waits for it: it is asked again by the next one. */
const ASK_WITHIN_MS = 3000;
/** Below the 10 s that Prometheus waits for its answer. */
const SIGNAL_WITHIN_MS = 6000;

/** Reaches them through Temporal. */
export function reachShards(temporal: Client, caller: Caller): Shards {
  const handle = (shard: number) => temporal.workflow.getHandle(shardId(shard));
  const { namespace, dataConverter } = temporal.options;
  const ofRunning = new WorkflowClient({
    ...{ connection: temporal.connection, namespace, queryRejectCondition: 'NOT_OPEN' },
    ...(dataConverter === undefined ? {} : { dataConverter }),
  });
  const coordinator = () => temporal.workflow.getHandle(COORDINATOR_ID);

  async function said(shard: number, say: () => Promise<void>): Promise<void> {
    try {
      await caller.within(SIGNAL_WITHIN_MS, shardId(shard), say);
    } catch (error) {
      // A signal needs no worker: it is the server that is silent.
      if (!(error instanceof Failure) || error.code !== 'NoWorker') throw error;
      const message = `Temporal does not answer for ${shardId(shard)}: post it again`;
      throw new Failure('TemporalUnreachable', message, { cause: error });
    }
  }

  return {
    alerting: () =>
      configured(() =>
        caller.within(ASK_WITHIN_MS, 'the coordinator of alerts', () =>
          coordinator().query(alertingQuery),
        ),
      ),

    room: (shard) =>
      caller.within(ASK_WITHIN_MS, shardId(shard), async () => {
        try {
          return await ofRunning.getHandle(shardId(shard)).query(roomQuery);
        } catch (error) {
          if (!(error instanceof QueryRejectedError)) throw error;
          throw new Failure('NotFound', `${shardId(shard)} does not run`, { cause: error });
        }
      }),

    signal: (shard, batch) => said(shard, () => handle(shard).signal(alertsSignal, batch)),
    beat: (shard, heartbeat) => said(shard, () => handle(shard).signal(beatSignal, heartbeat)),

    async revive(shard) {
      const by = { who: 'belay', why: `${shardId(shard)} does not run`, requestId: randomUUID() };
      const { begun } = await configured(() =>
        caller.call('the coordinator of alerts', () =>
          coordinator().executeUpdate(reviveUpdate, {
            updateId: updateIdOf('revive', by),
            args: [by],
          }),
        ),
      );
      return begun;
    },
  };
}

/**
 * Where there is no coordinator, nobody has said yet where alerts go. What the coordinator itself
 * does not find is another thing.
 */
export async function configured<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && isOfNobody(error)) throw notConfigured(error);
    throw error;
  }
}

/** No workflow is there; one that answers "not found" is. */
function isOfNobody({ code, cause }: Failure): boolean {
  return code === 'NotFound' && cause instanceof WorkflowNotFoundError;
}

export function notConfigured(cause?: unknown): Failure {
  return new Failure('AlertingNotConfigured', 'nobody has said yet where alerts go', { cause });
}
