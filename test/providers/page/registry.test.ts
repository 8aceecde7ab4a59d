import { expect, test } from 'vitest';
import { channel } from '../../../src/domain/paging/channel.schema.ts';
import { createMemoryPageChannel } from '../../../src/providers/page/memory.ts';
import { createPageChannels } from '../../../src/providers/page/registry.ts';
import { pageOf } from '../../support/pages.ts';

const { signal } = new AbortController();

function channels(write: (line: string) => void = () => undefined) {
  const memory = createMemoryPageChannel();
  const create = createPageChannels({
    secret: () => undefined,
    write,
    nowMs: () => 0,
    newId: () => 'id',
    memory,
  });
  return { memory, create };
}

test('the log has one line of JSON a page, whatever its text, and takes no change', async () => {
  const lines: string[] = [];
  const log = channels((line) => lines.push(line)).create('out', channel.parse({ type: 'log' }));
  const page = pageOf({}, { text: 'two\nlines "and" a tail' });
  expect(await log.send(page, signal)).toEqual({ receipt: 'written' });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.match(/\n/g)).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({ kind: 'page', ...JSON.parse(JSON.stringify(page)) });
  await expect(log.update(page, 'x', signal)).rejects.toMatchObject({ code: 'PageRejected' });
  expect(await log.check(signal)).toContain('log');
});

test('a worker has one channel in memory', () => {
  const { create, memory } = channels();
  expect(create('any', channel.parse({ type: 'memory' }))).toBe(memory);
});

test('the channel in memory drops a repeat, and shows a change in its place', async () => {
  const { memory } = channels();
  for (const dedupKey of ['a', 'a', 'b']) await memory.send(pageOf({ dedupKey }), signal);
  await memory.update(pageOf({ dedupKey: 'c', action: 'resolve' }), 'a', signal);
  expect(memory.shown.map(({ dedupKey, action }) => [dedupKey, action])).toEqual([
    ['a', 'resolve'],
    ['b', 'trigger'],
  ]);
  await expect(memory.update(pageOf(), 'none', signal)).rejects.toMatchObject({
    code: 'PageRejected',
  });
});
