import type { ActivateInput } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { ASKED_TOO_EARLY, interceptors } from '../../src/workflows/task-guard.ts';

type Activation = ActivateInput['activation'];
type Job = NonNullable<Activation['jobs']>[number];

const TIMER: Job = { fireTimer: { seq: 1 } };
const LOCAL: Job = { resolveActivity: { seq: 1, isLocal: true } };
const QUERY: Job = { queryWorkflow: { queryId: 'q' } };
const NANOS = 123_456_789;

/** How many of these activations were let through; the next one was refused, if there is one. */
function taken(activations: readonly Activation[]): number {
  const guard = interceptors().internals?.[0];
  let count = 0;
  for (const activation of activations) {
    const next = (): void => void (count += 1);
    const begin = (): void => guard?.activate?.({ activation, batchIndex: 0 }, next);
    try {
      begin();
    } catch (error) {
      expect(error).toMatchObject({ message: ASKED_TOO_EARLY });
      return count;
    }
  }
  return count;
}

function task(events: number, nanos: number, over: Partial<Activation> = {}): Activation {
  // Core's own type is a class of the `long` package; what counts is how it reads.
  const timestamp = { seconds: null, nanos };
  return { jobs: [TIMER], timestamp, historyLength: events, isReplaying: false, ...over };
}

test('tasks of their own time are acted on, and so is all that comes within one', () => {
  expect(taken([task(3, NANOS), task(8, NANOS + 1), task(8, NANOS + 1), task(13, NANOS + 2)])).toBe(
    4,
  );
});

test('more events at the time of the task before are not', () => {
  expect(taken([task(3, NANOS, { isReplaying: true }), task(8, NANOS), task(9, NANOS + 1)])).toBe(
    1,
  );
});

test('a question in between changes nothing, and is always answered', () => {
  const question = task(8, NANOS, { jobs: [QUERY] });
  expect(taken([task(3, NANOS), question, question, task(8, NANOS)])).toBe(3);
});

test.each([
  ['a replay has its tasks from the history', task(8, NANOS, { isReplaying: true })],
  ['a local activity ends in a task that was prolonged', task(8, NANOS, { jobs: [LOCAL] })],
])('%s', (_, second) => {
  expect(taken([task(3, NANOS), second])).toBe(2);
});

test('a clock of whole milliseconds tells no two tasks apart', () => {
  expect(taken([task(3, 5_000_000), task(8, 5_000_000)])).toBe(2);
});
