import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/domain/failure.ts';
import type { Notification } from '../../../src/domain/release/notification.ts';
import { createMemoryChannel } from '../../../src/providers/notify/memory.ts';
import { createChannels } from '../../../src/providers/notify/registry.ts';

const { signal } = new AbortController();

function notification(dedupKey: string, text = 'it is'): Notification {
  return {
    dedupKey,
    severity: 'info',
    title: 'done',
    text,
    service: 'shop',
    version: 'v2',
    workflowId: 'release/shop/7',
    outcome: 'succeeded',
    durationMs: 1,
    atMs: 2,
  };
}

test('the log has one line of JSON a notification, whatever its text', async () => {
  const lines: string[] = [];
  const channels = createChannels({ secret: () => undefined, write: (line) => lines.push(line) });
  const one = notification('a', 'two\nlines "and" a tail');
  expect(await channels({ kind: 'log', on: [] }).send(one, signal)).toEqual({ receipt: 'written' });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.match(/\n/g)).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({ kind: 'notification', ...one });
});

test('a worker has one channel in memory, and a webhook for each address', () => {
  const memory = createMemoryChannel();
  const channels = createChannels({ secret: () => undefined, write: () => undefined, memory });
  expect(channels({ kind: 'memory', on: [] })).toBe(memory);
  const webhook = { kind: 'webhook' as const, url: 'http://x/', on: [], headersFromEnv: {} };
  expect(channels(webhook)).not.toBe(channels(webhook));
});

describe('the channel in memory', () => {
  test('drops a repeat by its key', async () => {
    const channel = createMemoryChannel();
    for (const key of ['a', 'a', 'b']) await channel.send(notification(key), signal);
    expect(channel.received.map(({ dedupKey }) => dedupKey)).toEqual(['a', 'b']);
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('fails %s the message has arrived, as often as it was told to', async (when, has) => {
    const channel = createMemoryChannel();
    channel.failNext(new Failure('NotificationUndelivered', 'away'), 2, when);
    for (let time = 0; time < 2; time += 1) {
      await expect(channel.send(notification('a'), signal)).rejects.toMatchObject({
        code: 'NotificationUndelivered',
      });
      expect(channel.received).toHaveLength(has);
    }
    await channel.send(notification('a'), signal);
    expect(channel.received).toHaveLength(1);
  });
});
