import { type Connection, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { createCaller } from '../../src/client/caller.ts';

const TAKEN_BACK =
  "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow Update is " +
  'not supported by the worker.';

/** Fails so often with this message, then answers how often it was asked. */
function failing(times: number, message: string): () => Promise<number> {
  let asked = 0;
  return async () => {
    asked += 1;
    if (asked > times) return asked;
    const cause = ApplicationFailure.nonRetryable(message);
    throw new WorkflowUpdateFailedError('Workflow Update failed', cause);
  };
}

const connection = {
  withDeadline: <T>(_untilMs: number, work: () => Promise<T>): Promise<T> => work(),
} as unknown as Connection;
const { call } = createCaller({ connection, taskQueue: 'belay', address: 'temporal:7233' });

test('an update that the server has taken back is asked for again', async () => {
  expect(await call('release/checkout/5', failing(2, TAKEN_BACK))).toBe(3);
});

test('not for ever', async () => {
  const asking = call('release/checkout/5', failing(100, TAKEN_BACK));
  await expect(asking).rejects.toMatchObject({
    code: 'Internal',
    message: expect.stringContaining("wasn't processed by worker"),
  });
});

test('one that its workflow has refused is not', async () => {
  let asked = 0;
  const refused = failing(1, 'the policy is not known');
  const asking = call('incident/3f9a', () => {
    asked += 1;
    return refused();
  });
  await expect(asking).rejects.toMatchObject({ code: 'Internal' });
  expect(asked).toBe(1);
});
