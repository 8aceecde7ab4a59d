import { setTimeout as wait } from 'node:timers/promises';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createPaging } from '../../src/activities/activities.ts';
import { createAttemptLog } from '../../src/activities/begin-attempt.ts';
import { createPagingReads } from '../../src/activities/paging.ts';
import type { PagingDeps } from '../../src/activities/paging-deps.ts';
import { createBelayClient } from '../../src/client/client.ts';
import type { OpenRequest } from '../../src/client/incidents.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';
import type { IncidentReport, IncidentView } from '../../src/domain/escalation/incident.ts';
import type { Failure } from '../../src/domain/failure.ts';
import type { Page } from '../../src/domain/paging/page.ts';
import { type Paging, requirePaging } from '../../src/domain/paging/paging-file.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import type { PageChannel } from '../../src/providers/page/page-channel.ts';
import { createRateBudget } from '../../src/providers/page/rate-budget.ts';
import { addSearchAttributes } from './search-attributes.ts';
import { createTurns } from './turns.ts';
import { workflowCode } from './workflow-code.ts';

/** What a channel was given, in the order in which it came. */
export interface Received {
  readonly channel: string;
  readonly page: Page;
  readonly kind: 'send' | 'update';
  /** By the clock of the server. */
  readonly atMs: number;
}

export type IncidentRig = Awaited<ReturnType<typeof startIncidentRig>>;

const SOON_MS = 20_000;
/** Of time that is skipped until an incident has ended. */
const STEP_MS = 5000;

/**
 * The real escalation and paging activities on a server whose time is skipped: nights of waiting
 * take milliseconds. Every channel is a list that the test reads, and fails when it is told to.
 */
export async function startIncidentRig(options: { readonly maxCachedWorkflows?: number } = {}) {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const env = await startTimeSkippingServer(readDevConfig(process.env), () => undefined);
  await addSearchAttributes(env);
  const received: Received[] = [];
  const failures = new Map<string, Fault[]>();
  const held = new Map<string, Promise<void>>();
  const opened: string[] = [];
  let paging: Paging | undefined;

  const channelNamed = (channel: string): PageChannel => {
    const take = async (kind: Received['kind'], page: Page): Promise<void> => {
      const fault = failures.get(channel)?.shift();
      if (fault?.when === 'before') throw fault.failure;
      received.push({ channel, page, kind, atMs: await env.currentTimeMs() });
      await held.get(channel);
      if (fault !== undefined) throw fault.failure;
    };
    return {
      can: { dropsRepeats: true, updates: true, answers: true },
      async send(page) {
        await take('send', page);
        return { receipt: page.dedupKey.slice(0, 200), handle: page.dedupKey };
      },
      async update(page, handle) {
        await take('update', page);
        return { receipt: handle, handle };
      },
      check: async () => 'it is there',
    };
  };

  const clock = { nowMs: Date.now };
  const log = createAttemptLog(clock);
  let beginning: Promise<void> | undefined;
  const deps: PagingDeps = {
    clock,
    paging: {
      read: () =>
        paging === undefined
          ? { kind: 'unusable', why: 'no policy can be read: there is no paging file' }
          : { kind: 'usable', paging },
      channel: channelNamed,
      budget: () => createRateBudget({ perSecond: 1000, burst: 1000 }),
    },
    temporal: {
      async begin(attempts, signal) {
        await beginning;
        return log.begin(attempts, signal);
      },
    },
  };
  const taskQueue = 'belay';
  const shared = { connection: env.nativeConnection, shutdownForceTime: '2s' } as const;
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
    const running = Promise.all(workers.map((worker) => worker.run()));
    return async () => {
      for (const worker of workers) worker.shutdown();
      await running;
    };
  }

  let stopWorkers = await startWorkers();
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
      turns.speak(id, () => env.client.workflow.getHandle(id).signal(name, ...args)),
    /** No worker is there until `start`. */
    stop: () => stopWorkers(),
    async start(): Promise<void> {
      stopWorkers = await startWorkers();
    },
    /** Every page, of all tests of the file so far. */
    received,
    /** The pages of one incident; updates of messages are left out. */
    pagesOf: (id: string): readonly Received[] =>
      received.filter(({ kind, page }) => kind === 'send' && page.incident.id === id),
    /** The paging file from now on; undefined, there is none. */
    use(document: PagingDocument | undefined): void {
      paging = document === undefined ? undefined : pagingOf(document);
    },
    /** The next `times` calls of a channel fail; `after`: although the page has arrived. */
    fail(channel: string, fault: Fault, times = 1): void {
      failures.set(channel, [
        ...(failures.get(channel) ?? []),
        ...Array.from({ length: times }, () => fault),
      ]);
    },
    /** Calls of a channel arrive but get no answer until the returned function is called. */
    hold(channel: string): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.set(channel, promise);
      return () => {
        held.delete(channel);
        resolve();
      };
    },
    /** Pages that a worker has taken do not begin until the returned function is called. */
    holdBeginning(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      beginning = promise;
      return () => {
        beginning = undefined;
        resolve();
      };
    },
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
      failures.clear();
      for (const id of opened.splice(0)) {
        const handle = env.client.workflow.getHandle(id);
        const isOpen = async () => (await handle.describe()).status.name === 'RUNNING';
        if (!(await isOpen())) continue;
        await client.incidents.steer(id, 'resolve', { who: 'test', why: 'it is over' });
        // Whoever awaits the result may skip ten years, to the time-out of another workflow.
        while (await isOpen()) await env.sleep(STEP_MS);
      }
    },
    async close(): Promise<void> {
      await bare.close();
      await stopWorkers();
      await env.teardown();
    },
  };
}

export interface Fault {
  readonly failure: Failure;
  readonly when: 'before' | 'after';
}

function pagingOf(document: PagingDocument): Paging {
  const text = JSON.stringify(document);
  return requirePaging({ text, file: 'paging.json', readFile: () => '', forTests: true });
}
