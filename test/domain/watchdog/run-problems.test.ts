import { describe, expect, test } from 'vitest';
import {
  type RunStanding,
  type RunTimer,
  overdueFromMs,
  runProblems,
} from '../../../src/domain/watchdog/run-problems.ts';

const NOW_MS = 1_000_000;
const LIMITS = { attempts: 3, overdueByMs: 60_000 };
const NAME = 'incident/3f (escalation)';

const standing = (changes: Partial<RunStanding>): RunStanding => ({
  ...{ workflowId: 'incident/3f', type: 'escalation', historyLength: 12 },
  ...{ task: { kind: 'none' }, activities: [] },
  ...changes,
});

/** So long ago. */
const ago = (ms: number): number => NOW_MS - ms;
const task = (kind: 'waits' | 'with_a_worker', attempt: number, agoMs: number) =>
  standing({ task: { kind, attempt, sinceMs: ago(agoMs) } });
const activity = (waitsFor: 'a worker' | 'its end', agoMs: number) =>
  standing({ activities: [{ type: 'sendPage', waitsFor, dueMs: ago(agoMs) }] });
const timer = (agoMs: number): readonly RunTimer[] => [{ id: '4', dueMs: ago(agoMs) }];

describe('a running workflow', () => {
  test.each<readonly [string, RunStanding, readonly RunTimer[], readonly string[]]>([
    ['sleeps', standing({}), timer(-5000), []],
    ['is being worked on', task('with_a_worker', 1, 2000), [], []],
    ['is at its last attempt that is taken as normal', task('waits', 3, 100), [], []],
    [
      'fails again and again',
      task('with_a_worker', 4, 100),
      [],
      [`${NAME}: its workflow task is at attempt 4`],
    ],
    ['waits for a worker', task('waits', 1, 60_000), [], []],
    [
      'waits too long for a worker',
      task('waits', 1, 61_000),
      [],
      [`${NAME}: its workflow task waits for a worker, 1m1s late`],
    ],
    [
      'has a task that the server has forgotten',
      task('with_a_worker', 1, 90_000),
      [],
      [`${NAME}: its workflow task was not given up by the server, 1m30s late`],
    ],
    ['has a timer that is about to fire', standing({}), timer(60_000), []],
    [
      'has lost a timer',
      standing({}),
      timer(61_500),
      [`${NAME}: timer 4 has not fired, 1m1s late`],
    ],
    [
      'has timers kept back while it is worked on',
      task('with_a_worker', 1, 100),
      timer(90_000),
      [],
    ],
    ['will try an activity later', activity('a worker', -3_600_000), [], []],
    [
      'has an activity that nobody takes',
      activity('a worker', 120_000),
      [],
      [`${NAME}: activity sendPage waits for a worker, 2m late`],
    ],
    [
      'has an activity that should be over',
      activity('its end', 120_000),
      timer(70_000),
      [`${NAME}: activity sendPage waits for its end, 2m late`],
    ],
    [
      'has both problems',
      task('waits', 9, 120_000),
      [],
      [
        `${NAME}: its workflow task is at attempt 9`,
        `${NAME}: its workflow task waits for a worker, 2m late`,
      ],
    ],
  ])('%s', (_what, run, timers, expected) => {
    expect(runProblems(run, timers, NOW_MS, LIMITS).map(({ text }) => text)).toEqual(expected);
    const fromMs = overdueFromMs(run, timers, LIMITS) ?? Number.POSITIVE_INFINITY;
    expect(fromMs < NOW_MS).toBe(expected.some((text) => text.endsWith('late')));
  });

  test('that waits for nothing is never overdue', () => {
    expect(overdueFromMs(standing({}), [], LIMITS)).toBeUndefined();
  });
});
