import type { Failure } from '../../domain/failure.ts';
import type { Notification } from '../../domain/release/notification.ts';
import type { NotificationChannel } from './channel.ts';

/** A channel whose receiver is the test; it drops repeats by their key, as a good receiver does. */
export interface MemoryChannel extends NotificationChannel {
  readonly received: readonly Notification[];
  /** The next `times` attempts fail like this; `after`: although the message has arrived. */
  failNext(failure: Failure, times: number, when: 'before' | 'after'): void;
}

export function createMemoryChannel(): MemoryChannel {
  const received: Notification[] = [];
  const failures: { readonly failure: Failure; readonly when: 'before' | 'after' }[] = [];
  return {
    received,
    async send(notification) {
      const failing = failures.shift();
      if (failing?.when === 'before') throw failing.failure;
      if (!received.some(({ dedupKey }) => dedupKey === notification.dedupKey)) {
        received.push(notification);
      }
      if (failing !== undefined) throw failing.failure;
      return { receipt: notification.dedupKey };
    },
    failNext(failure, times, when) {
      for (let time = 0; time < times; time += 1) failures.push({ failure, when });
    },
  };
}
