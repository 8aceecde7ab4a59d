import { proxyActivities } from '@temporalio/workflow';
import type { AlertActivities } from '../domain/alerting/alert-activities.ts';
import { PAGE_QUEUE_SUFFIX } from './queues.ts';

/**
 * What a shard of alerts asks of the world. None is a local activity: a shard is told things at any
 * moment, also while its worker gives it up, and a task that waits for one would be lost with it.
 */
export function alertActivitiesFor(taskQueue: string) {
  const retry = { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 15_000 };
  const read = (summary: string, maximumAttempts?: number) =>
    proxyActivities<AlertActivities>({
      startToCloseTimeout: 10_000,
      retry: maximumAttempts === undefined ? retry : { ...retry, maximumAttempts },
      summary,
    });
  const send = (summary: string) =>
    proxyActivities<AlertActivities>({
      taskQueue: `${taskQueue}${PAGE_QUEUE_SUFFIX}`,
      // A worker that dies is noticed by its heartbeats.
      startToCloseTimeout: 120_000,
      heartbeatTimeout: 15_000,
      scheduleToCloseTimeout: 600_000,
      retry,
      // Called off is only what has not begun; what has begun says how it ended.
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      summary,
    });
  const { nap } = proxyActivities<AlertActivities>({
    // One that fails is not tried again: the server waits then, which may be late by a second.
    scheduleToStartTimeout: 1000,
    startToCloseTimeout: 2000,
    retry: { maximumAttempts: 1 },
    summary: 'until a group is due',
  });
  return {
    nap,
    lookUpTimes: (request: Parameters<AlertActivities['lookUpTimes']>[0]) =>
      read('what clocks will show').lookUpTimes(request),
    askLastMessages: (asks: Parameters<AlertActivities['askLastMessages']>[0]) =>
      read(`whether ${asks.length} alert(s) are over`, 3).askLastMessages(asks),
    forgetAlerts: (fingerprints: readonly string[]) =>
      read('what had no room').forgetAlerts(fingerprints),
    forgetFiring: (what: Parameters<AlertActivities['forgetFiring']>[0]) =>
      read(`what nobody may know of any more (${what.kind})`).forgetFiring(what),
    flushPages: (request: Parameters<AlertActivities['flushPages']>[0]) =>
      send(`${request.pages.length} page(s) to ${request.channel}`).flushPages(request),
    tellIncidents: (request: Parameters<AlertActivities['tellIncidents']>[0]) =>
      send(`${request.pages.length} incident(s) of ${request.policy}`).tellIncidents(request),
    steerRelease: (request: Parameters<AlertActivities['steerRelease']>[0]) =>
      send(`${request.verb} the release of ${request.service}`).steerRelease(request),
  };
}
