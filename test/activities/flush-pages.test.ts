import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { createFlush } from '../../src/activities/flush-pages.ts';
import type { PagingDeps } from '../../src/activities/paging-deps.ts';
import type { FlushPage, Flushed } from '../../src/domain/alerting/flush.ts';
import type { Page } from '../../src/domain/paging/page.ts';
import { requirePaging } from '../../src/domain/paging/paging-file.ts';
import { createRateBudget } from '../../src/providers/page/rate-budget.ts';

const PAGING = requirePaging({
  text: JSON.stringify({
    channels: { ops: { type: 'log' } },
    policies: { night: { levels: [{ targets: [{ channel: 'ops' }] }] } },
    last_resort: ['ops'],
  }),
  file: 'paging.json',
  readFile: () => '',
});

const LOST = expect.objectContaining({ outcome: 'unknown' });

const pageOf = (at: number): FlushPage => ({
  ...{ key: `page-${at}`, action: 'trigger', dueMs: 0, earlier: [] },
  incident: {
    ...{ id: 'alerts/0', key: `group-${at}`, title: 'down', text: '', severity: 'critical' },
    ...{ status: 'triggered', by: undefined, source: 'alerts', policy: 'night', openedAtMs: 0 },
    ...{ labels: {}, links: [] },
  },
});

/** One channel that takes everything, and what Temporal is told before pages begin. */
function rigOf({ isWanted = true, paging = true } = {}) {
  const sent: Page[] = [];
  const asked: unknown[] = [];
  const deps: PagingDeps = {
    clock: { nowMs: () => 0 },
    paging: {
      read: () =>
        paging ? { kind: 'usable', paging: PAGING } : { kind: 'unusable', why: 'there is no file' },
      budget: () => createRateBudget({ perSecond: 1000, burst: 1000 }),
      channel: () => ({
        can: { dropsRepeats: true, updates: false, answers: false },
        async send(page) {
          sent.push(page);
          return { receipt: 'taken' };
        },
        update: () => Promise.reject(new Error('none')),
        check: async () => 'it is there',
      }),
    },
    temporal: {
      begin: async (left) => {
        asked.push(left);
        return isWanted;
      },
    },
  };
  const { flushPages } = createFlush({ ...deps, clock: { nowMs: () => 0, pause: async () => {} } });
  return {
    sent,
    asked,
    flush: (count: number, attempt: number, heartbeatDetails?: unknown): Promise<Flushed> =>
      new MockActivityEnvironment({ attempt, heartbeatDetails }).run(flushPages, {
        channel: 'ops',
        pages: Array.from({ length: count }, (_, at) => pageOf(at)),
      }),
  };
}

test('the first pages of the first try begin at once, all others are asked for', async () => {
  const rig = rigOf();
  const { ends } = await rig.flush(120, 1);
  expect(ends.map(({ state }) => state)).toEqual(Array.from({ length: 120 }, () => 'arrived'));
  expect(rig.sent.filter(({ maybeRepeated }) => maybeRepeated)).toEqual([]);
  expect(rig.asked).toEqual([
    { ends: ends.slice(0, 50), begun: rangeOf(50, 100).map((key) => ({ key, attempts: [LOST] })) },
    {
      ends: ends.slice(0, 100),
      begun: rangeOf(100, 120).map((key) => ({ key, attempts: [LOST] })),
    },
  ]);
});

test('what is called off meanwhile does not begin', async () => {
  const rig = rigOf({ isWanted: false });
  const { ends } = await rig.flush(60, 1);
  expect(rig.sent).toHaveLength(50);
  expect(ends.slice(0, 50).every(({ state }) => state === 'arrived')).toBe(true);
  expect(ends.slice(50).map(({ key, state }) => `${key} ${state}`)).toEqual(
    rangeOf(50, 60).map((key) => `${key} called_off`),
  );
  const again = rigOf({ isWanted: false });
  const late = await again.flush(60, 2);
  expect(again.sent).toEqual([]);
  expect(late.ends.every(({ state }) => state === 'called_off')).toBe(true);
});

test('after a try that left no word, the first pages may be repeats and say so', async () => {
  const rig = rigOf();
  const { ends } = await rig.flush(60, 2);
  expect(rig.sent.map(({ maybeRepeated }) => maybeRepeated)).toEqual(
    Array.from({ length: 60 }, (_, at) => at < 50),
  );
  expect(ends.slice(0, 50).every(({ attempts }) => attempts.length === 2)).toBe(true);
  expect(ends.slice(50).every(({ attempts }) => attempts.length === 1)).toBe(true);
});

test('a try that found no paging file leaves word that it has begun with nothing', async () => {
  const rig = rigOf({ paging: false });
  await expect(rig.flush(3, 1)).rejects.toThrow('there is no file');
  expect(rig.asked).toEqual([{ ends: [], begun: [] }]);
  const next = rigOf();
  await next.flush(3, 2, rig.asked[0]);
  expect(next.sent.map(({ maybeRepeated }) => maybeRepeated)).toEqual([false, false, false]);
});

function rangeOf(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, at) => `page-${from + at}`);
}
