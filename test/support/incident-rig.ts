import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { dataConverter } from '../../src/codec/data-converter.ts';
import { createPaging } from '../../src/activities/activities.ts';
import { createPagingReads } from '../../src/activities/paging.ts';
import { createBelayClient } from '../../src/client/client.ts';
import type { OpenRequest } from '../../src/client/incidents.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';
import type { IncidentReport, IncidentView } from '../../src/domain/escalation/incident.ts';
import { createMemoryPaging } from './memory-paging.ts';
import { quietRuntime } from './quiet-runtime.ts';
import { addSearchAttributes } from './search-attributes.ts';
import { createTurns } from './turns.ts';
import { skipUntilClosed } from './skip-until-closed.ts';
import { workflowCode } from './workflow-code.ts';

export type IncidentRig = Awaited<ReturnType<typeof startIncidentRig>>;

const SOON_MS = 20_000;

/**
 * The real escalation and paging activities on a server whose time is skipped: nights of waiting
 * take milliseconds. Every channel is a list that the test reads, and fails when it is told to.
 */
export async function startIncidentRig(
  options: {
    readonly maxCachedWorkflows?: number;
    /** `later`: when `start` is called. */
    readonly workers?: 'at once' | 'later';
  } = {},
) {
  quietRuntime();
  const env = await startTimeSkippingServer(readDevConfig(process.env), () => undefined);
  await addSearchAttributes(env);
  const memory = createMemoryPaging(env);
  const { deps, received, pagesOf, use, fail, hold, holdAttempts, loseAttempts, limit } = memory;
  const opened: string[] = [];
  const taskQueue = 'belay';
  const shared = {
    connection: env.nativeConnection,
    dataConverter,
    shutdownForceTime: '2s',
  } as const;
  const turns = createTurns(env.client);
  const { sendPage, showStatus, ...others } = createPaging(deps);
  const sends = {
    ...others,
    sendPage: turns.activity(sendPage),
    showStatus: turns.activity(showStatus),
  };
  const code = await workflowCode();

  async function startWorkers(): Promise<() => Promise<void>> {
    const workers = await Promise.all([
      Worker.create({
        ...shared,
        taskQueue,
        workflowBundle: { code },
        activities: createPagingReads(deps),
        maxCachedWorkflows: options.maxCachedWorkflows ?? 500,
      }),
      Worker.create({ ...shared, taskQueue: `${taskQueue}-page`, activities: sends }),
    ]);
    const running = workers.map((worker) => worker.run());
    const [tasks, pages] = workers;
    const [tasksRun, pagesRun] = running;
    return async () => {
      const goOn = await turns.hush(opened);
      tasks.shutdown();
      await tasksRun;
      await turns.taken(opened);
      pages.shutdown();
      await pagesRun;
      goOn();
    };
  }

  let stopWorkers = options.workers === 'later' ? async () => undefined : await startWorkers();
  const bare = await createBelayClient({ address: env.address, taskQueue });
  const { steer, acknowledge, answer } = bare.incidents;
  const incidents: typeof bare.incidents = {
    ...bare.incidents,
    steer: (id, ...asked) => turns.speak(id, () => steer(id, ...asked)),
    acknowledge: (id, ...asked) => turns.speak(id, () => acknowledge(id, ...asked)),
    answer: (id, ...asked) => turns.speak(id, () => answer(id, ...asked)),
  };
  const client = { ...bare, incidents };

  return {
    env,
    client,
    taskQueue,
    /** Says something past the client, in its turn. */
    speak: turns.speak,
    /** Sends a signal of an incident. */
    signal: (id: string, name: string, ...args: readonly unknown[]): Promise<void> =>
      turns.speak(id, () => env.client.workflow.getHandle(id).signal(name, ...args), 'signal'),
    /** No worker is there until `start`. */
    stop: () => stopWorkers(),
    async start(): Promise<void> {
      stopWorkers = await startWorkers();
    },
    received,
    pagesOf,
    use,
    fail,
    hold,
    holdAttempts,
    loseAttempts,
    limit,
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
      memory.clearFaults();
      for (const id of opened.splice(0)) {
        const { status } = await env.client.workflow.getHandle(id).describe();
        if (status.name !== 'RUNNING') continue;
        await client.incidents.steer(id, 'resolve', { who: 'test', why: 'it is over' });
        await skipUntilClosed(env, id);
      }
    },
    async close(): Promise<void> {
      await bare.close();
      await stopWorkers();
      await env.teardown();
    },
  };
}
