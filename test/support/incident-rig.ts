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
import { type RateBudget, createRateBudget } from '../../src/providers/page/rate-budget.ts';
import { addSearchAttributes } from './search-attributes.ts';
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

/**
 * The real escalation and paging activities on a server whose time is skipped: nights of waiting
 * take milliseconds. Every channel is a list that the test reads, and fails when it is told to.
 */
export async function startIncidentRig(
  options: {
    readonly maxCachedWorkflows?: number;
    /** `later`: when `work` is called. */
    readonly workers?: 'at once' | 'later';
  } = {},
) {
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
  const attempts = createAttemptLog(clock);
  const budgets = new Map<string, RateBudget>();
  let lost = 0;
  let beginning: { readonly released: Promise<void>; count: number } | undefined;
  const deps: PagingDeps = {
    clock,
    paging: {
      read: () =>
        paging === undefined
          ? { kind: 'unusable', why: 'no policy can be read: there is no paging file' }
          : { kind: 'usable', paging },
      channel: channelNamed,
      budget: (channel) =>
        budgets.get(channel) ?? createRateBudget({ perSecond: 1000, burst: 1000 }),
    },
    temporal: {
      async begin(...asked) {
        if (beginning !== undefined) {
          beginning.count += 1;
          await beginning.released;
        }
        if (lost > 0) {
          lost -= 1;
          return true;
        }
        return attempts.begin(...asked);
      },
    },
  };
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
  let running: Promise<unknown> = Promise.resolve();
  const work = (): void => {
    running = Promise.all(workers.map((worker) => worker.run()));
  };
  if (options.workers !== 'later') work();
  const client = await createBelayClient({ address: env.address, taskQueue });

  return {
    env,
    client,
    taskQueue,
    work,
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
    /** Attempts that a worker has taken do not begin until they are released. */
    holdAttempts() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiting = { released: promise, count: 0 };
      beginning = waiting;
      return {
        count: () => waiting.count,
        release(): void {
          beginning = undefined;
          resolve();
        },
      };
    },
    /** Of what an activity tells Temporal of its attempts, the next `times` are lost. */
    loseAttempts(times: number): void {
      lost = times;
    },
    /** A channel with one budget for all its pages from now on. */
    limit(channel: string, rate: Parameters<typeof createRateBudget>[0]): void {
      budgets.set(channel, createRateBudget(rate));
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
      budgets.clear();
      lost = 0;
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

export interface Fault {
  readonly failure: Failure;
  readonly when: 'before' | 'after';
}

function pagingOf(document: PagingDocument): Paging {
  const text = JSON.stringify(document);
  return requirePaging({ text, file: 'paging.json', readFile: () => '', forTests: true });
}
