import { Context, metricMeter } from '@temporalio/activity';
import type { ActivityDeps } from './deps.ts';
import type { NotifyRequest } from './requests.ts';

/** Tells people; one channel at a time, so that none waits for another. */
export function createNotifyActivities(deps: ActivityDeps) {
  return {
    async notify({ channel, notification }: NotifyRequest): Promise<{ readonly receipt: string }> {
      const counter = metricMeter.createCounter(
        'belay_notifications',
        'messages',
        'Attempts to tell people, by channel and result',
      );
      try {
        const { receipt } = await deps
          .channel(channel)
          .send(notification, Context.current().cancellationSignal);
        counter.add(1, { channel: channel.kind, result: 'accepted' });
        return { receipt };
      } catch (error) {
        counter.add(1, { channel: channel.kind, result: 'failed' });
        throw error;
      }
    },
  };
}
