import { setTimeout as wait } from 'node:timers/promises';
import { type ActivityInterceptors, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { PagingDeps } from '../../src/activities/paging-deps.ts';
import { createPagingReads } from '../../src/activities/paging.ts';
import { createPaging } from '../../src/activities/activities.ts';
import { createAttemptLog } from '../../src/activities/begin-attempt.ts';
import { createBelayClient } from '../../src/client/client.ts';
import type { OpenRequest } from '../../src/client/incidents.ts';
import { readDevConfig } from '../../src/dev/config.ts';
import { startTimeSkippingServer } from '../../src/dev/temporal-server.ts';
import type { IncidentView } from '../../src/domain/escalation/incident.ts';
import type { Page } from '../../src/domain/paging/page.ts';
import { type Paging, requirePaging } from '../../src/domain/paging/paging-file.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import { createMemoryPageChannel } from '../../src/providers/page/memory.ts';
import type { PageChannel } from '../../src/providers/page/page-channel.ts';
import { createRateBudgets } from '../../src/providers/page/rate-budget.ts';
import { addSearchAttributes } from './search-attributes.ts';
import { workflowCode } from './workflow-code.ts';

export const BY = { who: 'ada', why: 'a test' };
const SOON_MS = 20_000;

/** What a channel was asked to show, and when by the server's time. */
export interface Sent {
  readonly channel: string;
  readonly action: Page['action'];
  readonly who: string | undefined;
  readonly to: string | undefined;
  readonly key: string;
  readonly atMs: number;
  readonly maybeRepeated: boolean;
}

export type IncidentRig = Awaited<ReturnType<typeof startIncidentRig>>;

/**
 * The real escalation workflow and its activities on a server whose time is skipped; every channel
 * is one in memory of its own, whose attempts are recorded in one list.
 */
export async function startIncidentRig(options: { readonly maxCachedWorkflows: number }) {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const env = await startTimeSkippingServer(readDevConfig(process.env), () => undefined);
  await addSearchAttributes(env);
  let offsetMs = 0;
  let paging: Paging | undefined;
  const sent: Sent[] = [];
  const channels = new Map<string, ReturnType<typeof createMemoryPageChannel>>();
  const holds = new Map<string, Promise<void>>();
  const clock = { nowMs: () => Date.now() + offsetMs };

  function memory(name: string) {
    const known = channels.get(name) ?? createMemoryPageChannel();
    channels.set(name, known);
    return known;
  }

  function recorded(name: string): PageChannel {
    const inner = memory(name);
    const record = ({ action, who, to, dedupKey, maybeRepeated }: Page): void => {
      sent.push({
        ...{ channel: name, action, who, to, key: dedupKey, maybeRepeated },
        atMs: clock.nowMs(),
      });
    };
    return {
      ...inner,
      async send(page, signal) {
        record(page);
        await holds.get(name);
        return inner.send(page, signal);
      },
      async update(page, handle, signal) {
        record(page);
        return inner.update(page, handle, signal);
      },
    };
  }

  const deps: PagingDeps = {
    clock,
    paging: {
      read: () =>
        paging === undefined
          ? { kind: 'unusable', why: 'the test has no paging file yet' }
          : { kind: 'usable', paging },
      channel: (name) => recorded(name),
      budget: createRateBudgets(),
    },
    temporal: createAttemptLog({ nowMs: () => Date.now() }),
  };
  const shared = {
    connection: env.nativeConnection,
    shutdownForceTime: '2s' as const,
    interceptors: {
      activity: [
        (): ActivityInterceptors => ({
          inbound: {
            async execute(input, next) {
              offsetMs = (await env.currentTimeMs()) - Date.now();
              return next(input);
            },
          },
        }),
      ],
    },
  };
  const taskQueue = 'belay';
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue,
      workflowBundle: { code: await workflowCode() },
      activities: createPagingReads(deps),
      maxCachedWorkflows: options.maxCachedWorkflows,
    }),
    Worker.create({ ...shared, taskQueue: `${taskQueue}-page`, activities: createPaging(deps) }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = await createBelayClient({ address: env.address, taskQueue });

  return {
    env,
    client,
    incidents: client.incidents,
    sent,
    channel: memory,
    /** The next pages of a channel stay under way until the returned function is called. */
    hold(name: string): () => void {
      let free = (): void => undefined;
      holds.set(
        name,
        new Promise((resolve) => {
          free = resolve;
        }),
      );
      return () => {
        holds.delete(name);
        free();
      };
    },
    setPaging(document: PagingDocument | undefined): void {
      paging =
        document === undefined
          ? undefined
          : requirePaging({ forTests: true, text: JSON.stringify(document), file: 'test.json' });
    },
    /** Opens one; `key` keeps the tests of a file apart. */
    async open(request: Partial<OpenRequest> = {}): Promise<string> {
      const opened = await client.incidents.open({
        ...{ policy: 'main', title: 'it burns', ...BY },
        ...request,
      });
      return opened.id;
    },
    /** Waits, in real time, until the incident is like this. */
    async until(id: string, isSo: (view: IncidentView) => boolean): Promise<IncidentView> {
      for (const untilMs = Date.now() + SOON_MS; ; await wait(20)) {
        const view = await client.incidents.show(id);
        if (isSo(view)) return view;
        if (Date.now() > untilMs) {
          const said = view.timeline.map(({ text }) => text).join(' | ');
          throw new Error(`${id} is ${view.status}: ${said}`);
        }
      }
    },
    sleep: (ms: number) => env.sleep(ms),
    nowMs: () => env.currentTimeMs(),
    async close(): Promise<void> {
      await client.close();
      for (const worker of workers) worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}
