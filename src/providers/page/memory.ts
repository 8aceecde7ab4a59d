import { Failure } from '../../domain/failure.ts';
import type { Page } from '../../domain/paging/page.ts';
import type { PageChannel } from './page-channel.ts';

/** A channel whose receiver is the test; it drops repeats by their key, as a good receiver does. */
export interface MemoryPageChannel extends PageChannel {
  /** Every message in its present state, in the order in which they came. */
  readonly shown: readonly Page[];
  /** The next `times` attempts fail like this; `after`: although the page has arrived. */
  failNext(failure: Failure, times: number, when: 'before' | 'after'): void;
}

export function createMemoryPageChannel(): MemoryPageChannel {
  const shown: Page[] = [];
  const failures: { readonly failure: Failure; readonly when: 'before' | 'after' }[] = [];

  function attempt(signal: AbortSignal, act: () => void): void {
    signal.throwIfAborted();
    const failing = failures.shift();
    if (failing?.when === 'before') throw failing.failure;
    act();
    if (failing !== undefined) throw failing.failure;
  }

  return {
    can: { dropsRepeats: true, updates: true, answers: true },
    shown,
    async send(page, signal) {
      attempt(signal, () => {
        if (!shown.some(({ dedupKey }) => dedupKey === page.dedupKey)) shown.push(page);
      });
      return { receipt: page.dedupKey.slice(0, 200), handle: page.dedupKey };
    },
    async update(page, handle, signal) {
      attempt(signal, () => {
        const at = shown.findIndex(({ dedupKey }) => dedupKey === handle);
        if (at === -1) throw new Failure('PageRejected', 'there is no message to change');
        shown[at] = { ...page, dedupKey: handle };
      });
      return { receipt: handle, handle };
    },
    async check(signal) {
      attempt(signal, () => undefined);
      return 'the memory is there';
    },
    failNext(failure, times, when) {
      for (let time = 0; time < times; time += 1) failures.push({ failure, when });
    },
  };
}
