import { Failure } from '../../domain/failure.ts';
import type { PageChannel } from './page-channel.ts';

/** One line of JSON on the worker's standard output, for whatever collects logs there. */
export function createLogChannel(write: (line: string) => void): PageChannel {
  return {
    can: { dropsRepeats: false, updates: false, answers: false },
    async send(page, signal) {
      signal.throwIfAborted();
      write(`${JSON.stringify({ kind: 'page', ...page })}\n`);
      return { receipt: 'written' };
    },
    async update() {
      throw new Failure('PageRejected', 'a line of a log cannot be changed');
    },
    async check() {
      return 'the log takes everything; whether anybody reads it is another question';
    },
  };
}
