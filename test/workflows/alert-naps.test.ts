import { afterEach, expect, test } from 'vitest';
import { type AlertRig, startAlertRig } from '../support/alert-rig.ts';

const FILE = `
route: { receiver: ops, group_by: [alertname], group_wait: 10s, group_interval: 1h }
receivers: { ops: { channels: [chat] } }
`;

let rig: AlertRig;

afterEach(async () => {
  await rig?.close();
});

/** One alert, and another half a second later, which is in a group of its own in the same shard. */
async function twoWithinOneSecond(): Promise<void> {
  rig.use({ channels: { chat: { type: 'log' } }, policies: {}, last_resort: ['chat'] });
  await rig.configure(FILE);
  for (const alertname of ['First', 'Second']) {
    const startsAtMs = await rig.nowMs();
    await rig.post({ labels: { alertname }, startsAtMs, endsAtMs: startsAtMs + 600_000 });
    await rig.pass(500);
  }
  await rig.pass(20_000);
}

/** How the shard has waited, in order, and what its activities were. */
async function waitsOf(): Promise<readonly string[]> {
  const { events } = await rig.env.client.workflow.getHandle('alerts/0').fetchHistory();
  return (events ?? []).flatMap(
    ({ timerStartedEventAttributes: timer, activityTaskScheduledEventAttributes: activity }) => [
      ...(timer ? ['timer'] : []),
      ...(activity ? [activity.activityType?.name ?? ''] : []),
    ],
  );
}

test('what is due less than a second after something else is slept for on a worker', async () => {
  rig = await startAlertRig({ shards: 1 });
  await twoWithinOneSecond();
  expect(rig.received).toHaveLength(2);
  const waits = await waitsOf();
  expect(waits.slice(0, 4)).toEqual(['timer', 'flushPages', 'nap', 'flushPages']);
});

test('where nobody sleeps, the server waits: the page is not lost, nor asked for again and again', async () => {
  let naps = 0;
  rig = await startAlertRig({
    shards: 1,
    async nap() {
      naps += 1;
      throw new Error('its worker is gone');
    },
  });
  await twoWithinOneSecond();
  expect(rig.received).toHaveLength(2);
  expect(naps).toBe(1);
  const waits = await waitsOf();
  expect(waits.slice(0, 3)).toEqual(['timer', 'flushPages', 'nap']);
  // On a slow day it is due by now, and leaves before the timer is set.
  expect(waits.slice(3, 5).toSorted()).toEqual(['flushPages', 'timer']);
});

test('a run goes on as the next one only when nobody sleeps for it any more', async () => {
  const { promise: isOver, resolve: wakeUp } = Promise.withResolvers<void>();
  rig = await startAlertRig({ shards: 1, eventsMax: 30, nap: () => isOver });
  rig.use({ channels: { chat: { type: 'log' } }, policies: {}, last_resort: ['chat'] });
  await rig.configure(FILE.replace('group_wait: 10s', 'group_wait: 800ms'));
  const shard = rig.env.client.workflow.getHandle('alerts/0');
  const { runId } = await shard.describe();
  const first = rig.env.client.workflow.getHandle('alerts/0', runId);
  const startsAtMs = await rig.nowMs();
  await rig.post({ labels: { alertname: 'First' }, startsAtMs, endsAtMs: startsAtMs + 600_000 });
  await expect.poll(async () => (await shard.describe()).raw.pendingActivities).toHaveLength(1);

  await Promise.all(Array.from({ length: 40 }, () => shard.signal('beat', 'nobody')));
  await expect.poll(waitsOf).toContain('timer');
  wakeUp();
  await expect.poll(async () => (await shard.describe()).runId).not.toBe(runId);
  const { events } = await first.fetchHistory();
  const ends = (events ?? []).filter(
    (one) => one.activityTaskCompletedEventAttributes ?? one.activityTaskTimedOutEventAttributes,
  );
  expect(ends).toHaveLength(1);

  await rig.pass(20_000);
  expect(rig.received).toHaveLength(1);
});
