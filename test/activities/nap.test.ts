import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/activities/clock.ts';
import { createNap } from '../../src/activities/nap.ts';

const SCHEDULED_MS = 1_700_000_000_000;

/** A nap of a worker whose clock is a minute ahead of the server's; what it waits is written down. */
async function napUntil(untilMs: number): Promise<readonly number[]> {
  const waits: number[] = [];
  const clock: Clock = {
    nowMs: () => SCHEDULED_MS + 60_000,
    pause: async (ms) => void waits.push(ms),
  };
  const mock = new MockActivityEnvironment({ scheduledTimestampMs: SCHEDULED_MS });
  await mock.run(createNap({ clock }).nap, untilMs);
  return waits;
}

test('it waits by the clock of the server, from when it was scheduled', async () => {
  expect(await napUntil(SCHEDULED_MS + 400)).toEqual([400]);
});

test('it does not wait for what has been', async () => {
  expect(await napUntil(SCHEDULED_MS - 400)).toEqual([0]);
});

test('it ends when it is called off', async () => {
  const mock = new MockActivityEnvironment({ scheduledTimestampMs: SCHEDULED_MS });
  const clock: Clock = {
    nowMs: () => SCHEDULED_MS,
    pause: async (_ms, signal) => signal.throwIfAborted(),
  };
  mock.cancel('NOT_FOUND');
  await expect(mock.run(createNap({ clock }).nap, SCHEDULED_MS + 400)).rejects.toThrow();
});
