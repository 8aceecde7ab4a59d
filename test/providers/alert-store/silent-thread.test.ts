import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Asked, Told } from '../../../src/providers/alert-store/sqlite-thread.ts';
import { NOW, firing } from './messages.ts';

/** As one whose disk does not answer. */
class SilentThread extends EventEmitter {
  readonly asked: Asked[] = [];
  isTerminated = false;
  constructor() {
    super();
    threads.push(this);
  }
  ref(): void {}
  unref(): void {}
  postMessage(asked: Asked): void {
    this.asked.push(asked);
  }
  async terminate(): Promise<number> {
    this.isTerminated = true;
    return 1;
  }
  /** The disk is back. */
  answerAll(value: unknown): void {
    for (const { id } of this.asked.splice(0)) {
      this.emit('message', { id, value } satisfies Told);
    }
  }
}
const threads: SilentThread[] = [];
vi.mock('node:worker_threads', async (original) => ({
  ...(await original<typeof import('node:worker_threads')>()),
  Worker: SilentThread,
}));

/** So long Prometheus waits for its answer. */
const WITHIN_MS = 10_000;
const UNAVAILABLE = { code: 'AlertStoreUnavailable', message: expect.stringContaining('2.5 s') };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function silentStore() {
  const { createThreadedAlertStore } =
    await import('../../../src/providers/alert-store/threaded.ts');
  threads.length = 0;
  const store = createThreadedAlertStore('/nowhere/alerts.db');
  const told = store.note([firing('a')], NOW).catch((error: unknown) => error);
  return { store, told, thread: () => threads.at(-1) };
}

test('a thread that does not answer is said within the time that a sender waits', async () => {
  const { told } = await silentStore();
  const late = new Promise((resolve) => {
    setTimeout(() => resolve('no answer'), WITHIN_MS);
  });
  await vi.advanceTimersByTimeAsync(WITHIN_MS);
  expect(await Promise.race([told, late])).toMatchObject(UNAVAILABLE);
});

test('it is asked nothing more until it has answered all, late, which does no harm', async () => {
  const { store, told, thread } = await silentStore();
  await vi.advanceTimersByTimeAsync(1000);
  const second = store.beatsOf(['a']).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(1500);
  expect(await told).toMatchObject(UNAVAILABLE);
  for (let times = 0; times < 3; times += 1) {
    await expect(store.note([firing('a')], NOW)).rejects.toMatchObject(UNAVAILABLE);
  }
  expect(thread()?.asked).toHaveLength(2);
  // What was asked before is still waited for.
  thread()?.answerAll([true]);
  expect(await second).toEqual([true]);
  const next = store.note([firing('a')], NOW);
  expect(thread()?.asked).toHaveLength(1);
  thread()?.answerAll([false]);
  expect(await next).toEqual([false]);
  expect(threads).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test('one that ends while it owes answers is begun anew', async () => {
  const { store, told, thread } = await silentStore();
  await vi.advanceTimersByTimeAsync(2500);
  expect(await told).toMatchObject(UNAVAILABLE);
  thread()?.emit('exit', 1);
  const next = store.note([firing('a')], NOW);
  expect(threads).toHaveLength(2);
  thread()?.answerAll([true]);
  expect(await next).toEqual([true]);
});

test('a long pruning keeps nobody else from asking', async () => {
  const { store, told, thread } = await silentStore();
  thread()?.answerAll([true]);
  await told;
  const pruned = store.prune(NOW);
  await vi.advanceTimersByTimeAsync(WITHIN_MS);
  const next = store.note([firing('a')], NOW);
  thread()?.answerAll(7);
  expect(await pruned).toBe(7);
  expect(await next).toBe(7);
});

test('it is not waited for when it is closed', async () => {
  const { store, told, thread } = await silentStore();
  const closed = store.close();
  await vi.advanceTimersByTimeAsync(2500);
  await closed;
  expect(await told).toMatchObject(UNAVAILABLE);
  expect(thread()?.isTerminated).toBe(true);
});
