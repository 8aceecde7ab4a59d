import { CancellationScope, condition } from '@temporalio/workflow';
import type { Notification } from '../domain/release/notification.ts';
import type { Progress } from '../domain/release/progress.ts';
import type { ReleaseSpec } from '../domain/release/release-spec.ts';
import type { NotificationSpec, Occasion } from '../domain/release/release.schema.ts';
import type { activitiesFor } from './activities.ts';
import { failureOf } from './failure.ts';
import type { Run } from './run.ts';

/** How long a run waits for its last messages before it gives the service's slot back. */
const SETTLE_MS = 10_000;

const SEVERITY = {
  succeeded: 'info',
  observed: 'info',
  waiting: 'warning',
  held: 'critical',
  aborted: 'warning',
  failed: 'warning',
  rolled_back: 'critical',
  rollback_unverified: 'critical',
} as const satisfies Record<Occasion, Notification['severity']>;

export interface Message {
  /** Makes the message unique within the run; a repeat of it carries the same dedup key. */
  readonly occasion: string;
  readonly about: Occasion;
  readonly title: string;
  readonly text: string;
}

export type Notices = ReturnType<typeof openNotices>;

/**
 * Tells people beside the work: a message goes to every channel that asked for its outcome, all at
 * once. A channel that cannot be reached becomes a warning of the run; it delays no other channel
 * and never changes the outcome.
 */
export function openNotices(
  run: Run,
  spec: ReleaseSpec,
  act: Pick<ReturnType<typeof activitiesFor>, 'notify'>,
) {
  let open = 0;

  async function send(channel: NotificationSpec, notification: Notification): Promise<void> {
    open += 1;
    try {
      await CancellationScope.nonCancellable(() => act.notify({ channel, notification }));
    } catch (error) {
      run.warn(`${channel.kind} was not told: ${failureOf(error).message}`);
    } finally {
      open -= 1;
    }
  }

  return {
    tell(message: Message): void {
      const { workflowId, service, version, startedAtMs } = run.progress;
      const notification: Notification = {
        dedupKey: `${workflowId}/${message.occasion}`,
        severity: SEVERITY[message.about],
        title: message.title,
        text: message.text.slice(0, 2000),
        service,
        version,
        workflowId,
        outcome: message.about,
        durationMs: Date.now() - startedAtMs,
        atMs: Date.now(),
      };
      for (const channel of spec.notifications) {
        if (channel.on.includes(message.about)) void send(channel, notification);
      }
    },
    /**
     * Returns when every message has been delivered or given up. Where that takes more than a few
     * seconds, `free` is called first, so that the next release need not wait for a dead channel.
     */
    async settle(free: () => Promise<void>): Promise<void> {
      if (open === 0) return;
      if (!(await condition(() => open === 0, SETTLE_MS, { summary: 'for notices under way' }))) {
        await free();
        await condition(() => open === 0);
      }
    },
  };
}

/** One line for the head of a message: what, which version, how it ended. */
export function titleOf(progress: Progress, outcome: string): string {
  return `${progress.service} ${progress.version}: ${progress.kind} ${outcome.replaceAll('_', ' ')}`;
}
