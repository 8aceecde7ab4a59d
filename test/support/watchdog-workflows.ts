import { CancellationScope, proxyActivities, sleep } from '@temporalio/workflow';

/** Its task fails at every attempt: an error that is no failure of Temporal's is a bug. */
export async function poison(): Promise<void> {
  throw new TypeError('a bug in a workflow');
}

/** Waits for an activity of a queue that has no worker. */
export async function forsaken(): Promise<void> {
  const { nobody } = proxyActivities<{ nobody(): Promise<void> }>({
    taskQueue: 'nowhere',
    startToCloseTimeout: '1h',
  });
  await nobody();
}

/** Has three timers: one fires, one is cancelled, one waits for an hour. */
export async function sleeper(): Promise<void> {
  await sleep(1);
  const cancelled = new CancellationScope();
  const second = cancelled.run(() => sleep('30m')).catch(() => undefined);
  cancelled.cancel();
  await second;
  await sleep('1h');
}
