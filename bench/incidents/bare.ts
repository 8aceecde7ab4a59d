import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';

const TASK_QUEUE = 'bare';

export interface BareArrival {
  readonly atMs: number;
  /** Null: it was due at once. */
  readonly dueMs: number | null;
}

export type BareActivities = ReturnType<typeof createBareActivities>;
export type Bare = Awaited<ReturnType<typeof startBare>>;

function createBareActivities(arrived: Map<string, BareArrival>) {
  return {
    async arrive(name: string, dueMs: number | null = null): Promise<void> {
      if (!arrived.has(name)) arrived.set(name, { atMs: Date.now(), dueMs });
    },
  };
}

/** Bare SDK calls, and a worker for them in this process. */
export async function startBare(address: string) {
  const arrived = new Map<string, BareArrival>();
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const temporal = new Client({ connection });
  const worker = await Worker.create({
    connection: native,
    taskQueue: TASK_QUEUE,
    workflowsPath: fileURLToPath(new URL('bare-workflows.ts', import.meta.url)),
    activities: createBareActivities(arrived),
    stickyQueueScheduleToStartTimeout: '1s',
    maxCachedWorkflows: 500,
    shutdownForceTime: '2s',
  });
  const running = worker.run();
  const start = (type: string, name: string, args: readonly unknown[]) =>
    temporal.workflow.start(type, {
      workflowId: `bare/${name}`,
      taskQueue: TASK_QUEUE,
      args: [name, ...args],
    });
  return {
    arrived,
    start: (name: string) => start('bare', name, []),
    startTimer: (name: string, forMs: number) => start('bareTimer', name, [forMs]),
    ask: (name: string) => temporal.workflow.getHandle(`bare/${name}`).executeUpdate('ask'),
    async close(): Promise<void> {
      worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  };
}
