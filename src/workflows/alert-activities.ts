import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { AlertActivities } from '../domain/alerting/alert-activities.ts';
import { PAGE_QUEUE_SUFFIX } from './queues.ts';

/** What a shard of alerts asks of the world. What is only read runs inside the workflow task. */
export function alertActivitiesFor(taskQueue: string) {
  const local = proxyLocalActivities<AlertActivities>({
    startToCloseTimeout: 5000,
    retry: { initialInterval: 200, backoffCoefficient: 2, maximumAttempts: 3 },
  });
  const send = (summary: string) =>
    proxyActivities<AlertActivities>({
      taskQueue: `${taskQueue}${PAGE_QUEUE_SUFFIX}`,
      // A worker that dies is noticed by its heartbeats.
      startToCloseTimeout: 120_000,
      heartbeatTimeout: 15_000,
      scheduleToCloseTimeout: 600_000,
      retry: { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 15_000 },
      // Called off is only what has not begun; what has begun says how it ended.
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      summary,
    });
  return {
    lookUpTimes: local.lookUpTimes,
    askLastMessages: local.askLastMessages,
    forgetAlerts: local.forgetAlerts,
    flushPages: (request: Parameters<AlertActivities['flushPages']>[0]) =>
      send(`${request.pages.length} page(s) to ${request.channel}`).flushPages(request),
    tellIncidents: (request: Parameters<AlertActivities['tellIncidents']>[0]) =>
      send(`${request.pages.length} incident(s) of ${request.policy}`).tellIncidents(request),
    steerRelease: (request: Parameters<AlertActivities['steerRelease']>[0]) =>
      send(`${request.verb} the release of ${request.service}`).steerRelease(request),
  };
}
