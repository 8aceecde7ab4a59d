import type { NotificationChannel } from './channel.ts';

/** One line of JSON on the worker's standard output, for whatever collects logs there. */
export function createLogChannel(write: (line: string) => void): NotificationChannel {
  return {
    async send(notification) {
      write(`${JSON.stringify({ kind: 'notification', ...notification })}\n`);
      return { receipt: 'written' };
    },
  };
}
