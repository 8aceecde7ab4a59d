import { condition, defineUpdate, proxyActivities, setHandler, sleep } from '@temporalio/workflow';
import type { BareActivities } from './bare.ts';

/** The least that the SDK can do: the limit of everything that is built on it. */

const { arrive } = proxyActivities<BareActivities>({ startToCloseTimeout: '10s' });

/** Of an incident that pages at once, then sleeps. */
export async function bare(name: string): Promise<void> {
  setHandler(defineUpdate<string>('ask'), () => name);
  await arrive(name);
  await condition(() => false);
}

/** Of a level that falls due: a timer, then a page. */
export async function bareTimer(name: string, forMs: number): Promise<void> {
  const dueMs = Date.now() + forMs;
  await sleep(forMs);
  await arrive(name, dueMs);
}
