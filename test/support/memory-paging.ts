import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createAttemptLog } from '../../src/activities/begin-attempt.ts';
import { systemClock } from '../../src/activities/clock.ts';
import type { PagingDeps } from '../../src/activities/paging-deps.ts';
import type { Failure } from '../../src/domain/failure.ts';
import type { Page } from '../../src/domain/paging/page.ts';
import { type Paging, requirePaging } from '../../src/domain/paging/paging-file.ts';
import type { PagingDocument } from '../../src/domain/paging/paging.schema.ts';
import type { PageChannel } from '../../src/providers/page/page-channel.ts';
import { type RateBudget, createRateBudget } from '../../src/providers/page/rate-budget.ts';

/** What a channel was given, in the order in which it came. */
export interface Received {
  readonly channel: string;
  readonly page: Page;
  readonly kind: 'send' | 'update';
  /** By the clock of the server. */
  readonly atMs: number;
}

export interface Fault {
  readonly failure: Failure;
  readonly when: 'before' | 'after';
}

/** Paging without an outside: every channel is a list that the test reads, and fails when told to. */
export function createMemoryPaging(env: Pick<TestWorkflowEnvironment, 'currentTimeMs'>) {
  const received: Received[] = [];
  const failures = new Map<string, Fault[]>();
  const held = new Map<string, Promise<void>>();
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
      handleOf: ({ dedupKey }) => dedupKey,
      async update(page, handle) {
        await take('update', page);
        return { receipt: handle, handle };
      },
      check: async () => 'it is there',
    };
  };

  const clock = systemClock;
  const log = createAttemptLog(clock);
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
      async begin(left, signal) {
        if (beginning !== undefined) {
          beginning.count += 1;
          await beginning.released;
        }
        if (lost > 0) {
          lost -= 1;
          return true;
        }
        return log.begin(left, signal);
      },
    },
  };

  return {
    deps,
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
    clearFaults(): void {
      failures.clear();
      budgets.clear();
      lost = 0;
    },
  };
}

function pagingOf(document: PagingDocument): Paging {
  const text = JSON.stringify(document);
  return requirePaging({ text, file: 'paging.json', readFile: () => '', forTests: true });
}
