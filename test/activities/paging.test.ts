import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { createPagingSends } from '../../src/activities/paging.ts';
import type { PagingDeps } from '../../src/activities/paging-deps.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { SendPageRequest } from '../../src/domain/escalation/page-request.ts';
import { requirePaging } from '../../src/domain/paging/paging-file.ts';
import { createRateBudget } from '../../src/providers/page/rate-budget.ts';

const SECOND = 1000;

const PAGING = requirePaging({
  text: JSON.stringify({
    channels: { pager: { type: 'log' } },
    policies: { night: { levels: [{ targets: [{ channel: 'pager' }] }] } },
    last_resort: ['pager'],
  }),
  file: 'paging.json',
  readFile: () => '',
});

const REQUEST: SendPageRequest = {
  ...{ key: 'first', channel: 'pager', person: null, contact: null, round: 1, level: 1 },
  ...{ place: 'pager', dueMs: 0 },
  incident: {
    ...{ id: 'incident/0', key: '0', title: 'down', text: '', severity: 'critical' },
    ...{ status: 'triggered', by: undefined, source: 'probe', policy: 'night', openedAtMs: 0 },
    ...{ labels: {}, links: [] },
  },
};

test('Retry-After counts from the answer, however long that has taken', async () => {
  let nowMs = 0;
  const budget = createRateBudget({ perSecond: 100, burst: 100 });
  const deps: PagingDeps = {
    clock: { nowMs: () => nowMs },
    paging: {
      read: () => ({ kind: 'usable', paging: PAGING }),
      budget: () => budget,
      channel: () => ({
        can: { dropsRepeats: true, updates: false, answers: false },
        async send() {
          nowMs += 9 * SECOND;
          throw new Failure('PageUndelivered', 'too many', { retryAfterMs: 5 * SECOND });
        },
        update: () => Promise.reject(new Error('none')),
        check: async () => 'it is there',
      }),
    },
    temporal: { begin: async () => true },
  };
  const { sendPage } = createPagingSends(deps);
  await expect(new MockActivityEnvironment().run(sendPage, REQUEST)).rejects.toMatchObject({
    nextRetryDelay: 5 * SECOND,
  });
  expect(budget.take({ key: 'second', dueMs: nowMs }, nowMs)).toEqual({
    kind: 'wait',
    forMs: 5 * SECOND,
  });
});
