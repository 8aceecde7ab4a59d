import { Worker } from 'node:worker_threads';
import type { AlertStore } from '../../domain/alerting/alert-store.ts';
import { Failure } from '../../domain/failure.ts';
import type { Asked, Told } from './sqlite-thread.ts';
import { unavailable } from './unavailable.ts';

const ENDING = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const THREAD = new URL(`./sqlite-thread.${ENDING}`, import.meta.url);

/** As in PostgreSQL: more than another process is waited for, less than any sender waits. */
const ANSWERED_WITHIN_MS = 2500;
/** Many transactions, between which others have their turn; nobody waits for it. */
const PRUNED_WITHIN_MS = 60_000;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Failure) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The store in a SQLite file, in a thread of its own: while that waits for the disk, this one reads
 * the next requests. A thread that ends by itself is begun anew by whoever asks next. One that does
 * not answer in time goes on, as nothing can end it while the disk is silent, and another one would
 * only wait beside it: it is asked nothing more until it has answered all that it owes.
 */
export function createThreadedAlertStore(file: string): AlertStore {
  const { tell, close } = threadOf(file);
  const ask = (verb: keyof AlertStore, ...args: readonly unknown[]): Promise<unknown> =>
    tell({ verb, args, withinMs: ANSWERED_WITHIN_MS });
  return {
    note: (...args) => ask('note', ...args) as ReturnType<AlertStore['note']>,
    delivered: async (...args) => void (await ask('delivered', ...args)),
    endsOf: (...args) => ask('endsOf', ...args) as ReturnType<AlertStore['endsOf']>,
    forget: async (...args) => void (await ask('forget', ...args)),
    firing: (...args) => ask('firing', ...args) as ReturnType<AlertStore['firing']>,
    beat: async (...args) => void (await ask('beat', ...args)),
    beatsOf: (...args) => ask('beatsOf', ...args) as ReturnType<AlertStore['beatsOf']>,
    prune: (...args) =>
      tell({ verb: 'prune', args, withinMs: PRUNED_WITHIN_MS }) as ReturnType<AlertStore['prune']>,
    close,
  };
}

type Request = Pick<Asked, 'verb' | 'args'> & { readonly withinMs: number };

/** The thread of a file, from its first use until it is closed. */
function threadOf(file: string) {
  const answers = answersOf(file, () => thread?.unref());
  let thread: Worker | null = null;
  let closing: Promise<void> | undefined;
  let last = 0;

  function begin(): Worker {
    const worker = new Worker(THREAD, { workerData: file });
    worker.on('message', (told: Told) => answers.come(told));
    const ended = (error: unknown): void => {
      if (thread !== worker) return;
      thread = null;
      answers.failAll(unavailable(file, error));
    };
    worker.on('error', ended);
    worker.on('exit', (code) => ended(new Error(`its thread has ended with ${code}`)));
    return worker;
  }

  function say({ verb, args, withinMs }: Request): Promise<unknown> {
    const worker = (thread ??= begin());
    // A process with nothing else to do may end, but not amid an answer.
    worker.ref();
    last += 1;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    worker.postMessage({ id: last, verb, args } satisfies Asked);
    return answers.wait(last, withinMs);
  }

  /** After all that was asked before. */
  async function closeAtLast(): Promise<void> {
    const worker = thread;
    if (worker === null) return;
    try {
      await say({ verb: 'close', args: [], withinMs: ANSWERED_WITHIN_MS });
    } catch {
      // Nothing that was answered is lost by it, and whoever closes does not wait for the disk.
      void worker.terminate();
    }
  }

  return {
    async tell(request: Request): Promise<unknown> {
      if (closing !== undefined) throw unavailable(file, new Error('it is closed'));
      if (answers.areOwed()) throw silent(file, ANSWERED_WITHIN_MS);
      return say(request);
    },
    close: () => (closing ??= closeAtLast()),
  };
}

/** The answers of a thread that are waited for; `idle` is called where none is any more. */
function answersOf(file: string, idle: () => void) {
  const pending = new Map<number, Pending>();
  /** What nobody waits for any more. It may be done still: all that is asked may be repeated. */
  const owed = new Set<number>();

  function taken(id: number): Pending | undefined {
    const one = pending.get(id);
    clearTimeout(one?.timer);
    pending.delete(id);
    if (pending.size === 0) idle();
    return one;
  }

  return {
    areOwed: () => owed.size > 0,
    wait: (id: number, withinMs: number): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          owed.add(id);
          taken(id)?.reject(silent(file, withinMs));
        }, withinMs);
        pending.set(id, { resolve, reject, timer });
      }),
    come(told: Told): void {
      owed.delete(told.id);
      const one = taken(told.id);
      if ('why' in told) one?.reject(new Failure('AlertStoreUnavailable', told.why));
      else one?.resolve(told.value);
    },
    /** None of them comes any more. */
    failAll(error: Failure): void {
      owed.clear();
      for (const id of [...pending.keys()]) taken(id)?.reject(error);
    },
  };
}

function silent(file: string, ms: number): Failure {
  return unavailable(file, new Error(`its thread has not answered within ${ms / 1000} s`));
}
