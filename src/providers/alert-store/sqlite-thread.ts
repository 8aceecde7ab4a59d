import { parentPort, workerData } from 'node:worker_threads';
import type { AlertStore } from '../../domain/alerting/alert-store.ts';
import { createSqliteAlertStore } from './sqlite.ts';

/** What a thread is asked: a method of the store and its arguments. */
export interface Asked {
  readonly id: number;
  readonly verb: keyof AlertStore;
  readonly args: readonly unknown[];
}

/** `why`: it was not done. */
export type Told =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly why: string };

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** The store of a thread whose `workerData` is the file; says what it is asked through its port. */
function serve(file: string): void {
  const store = createSqliteAlertStore(file) as unknown as Readonly<Record<string, Method>>;
  const answering = new Set<Promise<void>>();

  async function answer({ id, verb, args }: Asked): Promise<void> {
    const told: Told = await (store[verb]?.(...args) ?? Promise.reject(new Error(verb))).then(
      (value) => ({ id, value }),
      (error: unknown) => ({ id, why: error instanceof Error ? error.message : String(error) }),
    );
    // After it, nothing can be told.
    if (verb === 'close') await Promise.all(answering);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    parentPort?.postMessage(told);
    if (verb === 'close') parentPort?.close();
  }

  parentPort?.on('message', (asked: Asked) => {
    const all = answer(asked);
    if (asked.verb === 'close') return;
    answering.add(all);
    void all.then(() => answering.delete(all));
  });
}

if (parentPort !== null && typeof workerData === 'string') serve(workerData);
