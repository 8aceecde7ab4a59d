import type { Notification } from '../../domain/release/notification.ts';

/**
 * Tells people. `send` is one attempt of at most 10 seconds and carries the notification's
 * `dedupKey` in a form that the receiver can use. It returns what the receiver gave as proof, and
 * throws `NotificationRejected` when a repeat cannot help, `NotificationUndelivered` when it can;
 * the latter carries `retryAfterMs` where the receiver named a time.
 */
export interface NotificationChannel {
  send(notification: Notification, signal: AbortSignal): Promise<{ readonly receipt: string }>;
}
