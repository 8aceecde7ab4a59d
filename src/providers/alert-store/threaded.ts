import { Worker } from 'node:worker_threads';
import type { AlertStore } from '../../domain/alerting/alert-store.ts';
import { Failure } from '../../domain/failure.ts';
import type { Asked, Told } from './sqlite-thread.ts';
import { unavailable } from './unavailable.ts';

const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const THREAD = new URL(`./sqlite-thread.${ENDING}`, import.meta.url);

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Failure) => void;
}

/**
 * The store in a SQLite file, in a thread of its own: while that waits for the disk, this one reads
 * the next requests. A thread that ends by itself is begun anew by whoever asks next.
 */
export function createThreadedAlertStore(file: string): AlertStore {
  const pending = new Map<number, Pending>();
  let thread: Worker | null = null;
  let closing: Promise<void> | undefined;
  let last = 0;

  function begin(): Worker {
    const worker = new Worker(THREAD, { workerData: file });
    worker.on('message', (told: Told) => {
      const one = pending.get(told.id);
      pending.delete(told.id);
      if (pending.size === 0) worker.unref();
      if ('why' in told) one?.reject(new Failure('AlertStoreUnavailable', told.why));
      else one?.resolve(told.value);
    });
    const ended = (error: unknown): void => {
      if (thread !== worker) return;
      thread = null;
      for (const { reject } of pending.values()) reject(unavailable(file, error));
      pending.clear();
    };
    worker.on('error', ended);
    worker.on('exit', (code) => ended(new Error(`its thread has ended with ${code}`)));
    return worker;
  }

  function ask(verb: keyof AlertStore, ...args: readonly unknown[]): Promise<unknown> {
    if (closing !== undefined) return Promise.reject(unavailable(file, new Error('it is closed')));
    return say(verb, args);
  }

  function say(verb: keyof AlertStore, args: readonly unknown[]): Promise<unknown> {
    const worker = (thread ??= begin());
    // A process with nothing else to do may end, but not amid an answer.
    worker.ref();
    return new Promise((resolve, reject) => {
      last += 1;
      pending.set(last, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
      worker.postMessage({ id: last, verb, args } satisfies Asked);
    });
  }

  /** After all that was asked before. */
  async function closeAtLast(): Promise<void> {
    if (thread !== null) await say('close', []);
  }

  return {
    note: (...args) => ask('note', ...args) as ReturnType<AlertStore['note']>,
    delivered: async (...args) => void (await ask('delivered', ...args)),
    endsOf: (...args) => ask('endsOf', ...args) as ReturnType<AlertStore['endsOf']>,
    forget: async (...args) => void (await ask('forget', ...args)),
    firing: (...args) => ask('firing', ...args) as ReturnType<AlertStore['firing']>,
    beat: async (...args) => void (await ask('beat', ...args)),
    beatsOf: (...args) => ask('beatsOf', ...args) as ReturnType<AlertStore['beatsOf']>,
    prune: (...args) => ask('prune', ...args) as ReturnType<AlertStore['prune']>,
    close: () => (closing ??= closeAtLast()),
  };
}
