import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { Caller } from '../../src/client/caller.ts';
import { followRuns } from '../../src/client/follow.ts';
import { Failure, type FailureCode } from '../../src/domain/failure.ts';

const REPORT = { workflowId: 'release/shop/1', outcome: 'succeeded' };

/** Of a run that has ended, while its owner answers with such a failure. */
function resultWhile(code: FailureCode): Promise<unknown> {
  const temporal = { workflow: { getHandle: () => ({ result: async () => REPORT }) } };
  const caller: Pick<Caller, 'wait'> = { wait: (_about, work) => work() };
  const { result } = followRuns(temporal as unknown as Client, caller as Caller, async () => {
    throw new Failure(code, 'a test');
  });
  return result('release/shop/1');
}

test.each(['NoWorker', 'TemporalUnreachable'] as const)(
  'how a run ended is answered though its owner does not answer: %s',
  async (code) => {
    expect(await resultWhile(code)).toEqual(REPORT);
  },
);

test('any other failure of its owner is told', async () => {
  await expect(resultWhile('NotFound')).rejects.toMatchObject({ code: 'NotFound' });
});
