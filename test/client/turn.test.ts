import { expect, test } from 'vitest';
import { awaitBegun } from '../../src/client/turn.ts';
import type { Accepted } from '../../src/domain/release/commands.ts';

const ABOUT = { service: 'checkout', requestId: 'r-2' };
const common = { requestId: 'r-2', version: 'v2', remarks: [] };
const QUEUED: Accepted = { kind: 'queued', position: 1, behind: 'release/checkout/6', ...common };
const BEGUN: Accepted = { kind: 'begun', workflowId: 'release/checkout/7', number: 7, ...common };

function answering(answers: readonly (Accepted | null)[]) {
  const left = [...answers];
  return async (): Promise<Accepted | null> => left.shift() ?? null;
}

test('a release that waits is waited for until it has begun', async () => {
  expect(await awaitBegun(answering([QUEUED, QUEUED, BEGUN]), ABOUT, 1)).toEqual(BEGUN);
});

test('one that was called off is told as not found, with the reason', async () => {
  const off: Accepted = { kind: 'called_off', why: 'superseded by v3', ...common };
  await expect(awaitBegun(answering([QUEUED, off]), ABOUT, 1)).rejects.toMatchObject({
    code: 'NotFound',
    message: expect.stringContaining('superseded by v3'),
  });
});

test('one that nobody has asked for is not known', async () => {
  await expect(awaitBegun(answering([null]), ABOUT, 1)).rejects.toMatchObject({ code: 'NotFound' });
});
