import { setTimeout as wait } from 'node:timers/promises';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createPaging } from '../../src/activities/activities.ts';
import { createPagingReads } from '../../src/activities/paging.ts';
import { createBelayClient } from '../../src/client/client.ts';
import type { OpenRequest } from '../../src/client/incidents.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';
import type { IncidentReport, IncidentView } from '../../src/domain/escalation/incident.ts';
import { createMemoryPaging } from './memory-paging.ts';
import { addSearchAttributes } from './search-attributes.ts';
import { workflowCode } from './workflow-code.ts';

export type IncidentRig = Awaited<ReturnType<typeof startIncidentRig>>;

const SOON_MS = 20_000;

/**
 * The real escalation and paging activities on a server whose time is skipped: nights of waiting
 * take milliseconds. Every channel is a list that the test reads, and fails when it is told to.
 */
export async function startIncidentRig(options: { readonly maxCachedWorkflows?: number } = {}) {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const env = await startTimeSkippingServer(readDevConfig(process.env), () => undefined);
  await addSearchAttributes(env);
  const { deps, received, pagesOf, use, fail, hold, clearFaults } = createMemoryPaging(env);
  const opened: string[] = [];
  const taskQueue = 'belay';
  const shared = { connection: env.nativeConnection, shutdownForceTime: '2s' } as const;
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue,
      workflowBundle: { code: await workflowCode() },
      activities: createPagingReads(deps),
      maxCachedWorkflows: options.maxCachedWorkflows ?? 500,
    }),
    Worker.create({ ...shared, taskQueue: `${taskQueue}-page`, activities: createPaging(deps) }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = await createBelayClient({ address: env.address, taskQueue });

  return {
    env,
    client,
    taskQueue,
    received,
    pagesOf,
    use,
    fail,
    hold,
    async open(request: Partial<OpenRequest> = {}): Promise<string> {
      const { id } = await client.incidents.open({
        ...{ policy: 'night', title: 'checkout is down', who: 'checkout', why: 'its probe fails' },
        ...request,
      });
      opened.push(id);
      return id;
    },
    /** Waits, in real time, until the incident is as described. */
    async until(id: string, is: (view: IncidentView) => boolean): Promise<IncidentView> {
      for (const untilMs = Date.now() + SOON_MS; ; await wait(10)) {
        const view = await client.incidents.show(id);
        if (is(view)) return view;
        if (Date.now() > untilMs) throw new Error(`not so: ${JSON.stringify(view.timeline)}`);
      }
    },
    /** Skips time until it has ended. */
    end: (id: string): Promise<IncidentReport> =>
      env.client.workflow.getHandle<() => Promise<IncidentReport>>(id).result(),
    /** Skips this much time. */
    pass: (ms: number): Promise<void> => env.sleep(ms),
    /**
     * After each test: none of its incidents and faults meets the next one. They are resolved: one
     * that is terminated with an activity under way keeps the server from skipping for ever.
     */
    async clear(): Promise<void> {
      clearFaults();
      for (const id of opened.splice(0)) {
        const handle = env.client.workflow.getHandle(id);
        const { status } = await handle.describe();
        if (status.name !== 'RUNNING') continue;
        await client.incidents.steer(id, 'resolve', { who: 'test', why: 'it is over' });
        await handle.result();
      }
    },
    async close(): Promise<void> {
      await client.close();
      for (const worker of workers) worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}
