import { beforeEach, describe, expect, test } from 'vitest';
import type { Observation } from '../../src/domain/watchdog/observation.ts';
import type { RunStanding } from '../../src/domain/watchdog/run-problems.ts';
import { createLook } from '../../src/watchdog/look.ts';
import { type MemoryView, createMemoryView } from '../support/memory-view.ts';

const NOW_MS = 10_000_000;
const SETTINGS = {
  ...{ taskQueue: 'belay', runsAtOnce: 2, attempts: 3 },
  ...{ overdueByMs: 60_000, silentForMs: 90_000 },
};
const EVERYBODY = {
  'belay workflow': NOW_MS,
  'belay activity': NOW_MS,
  'belay-watch activity': NOW_MS,
  'belay-page activity': NOW_MS,
};

let view: MemoryView;
beforeEach(() => {
  view = createMemoryView();
  view.asked = EVERYBODY;
});

const lookAt = () => createLook(view, SETTINGS);

function run(workflowId: string, changes: Partial<RunStanding> = {}, dueMs = NOW_MS + 3_600_000) {
  const standing: RunStanding = {
    ...{ workflowId, type: 'escalation', historyLength: 10 },
    ...{ task: { kind: 'none' }, activities: [] },
    ...changes,
  };
  return { standing, timers: [{ id: '1', dueMs }] };
}

const failing = (workflowId: string) =>
  run(workflowId, { task: { kind: 'waits', attempt: 9, sinceMs: NOW_MS } });

/** `no_pollers belay: bad`, of all that is not good. */
const wrong = (all: readonly Observation[]): readonly string[] =>
  all
    .filter(({ state }) => state !== 'good')
    .map(({ condition, queue, state }) => `${condition} ${queue}: ${state}`);

const looked = (): readonly string[] =>
  view.calls.filter((call) => call.startsWith('standing')).map((call) => call.slice(9));

test('a Temporal with its workers is well', async () => {
  view.runs = [run('a')];
  const all = await lookAt().round(NOW_MS);
  expect(all.map(({ condition, queue, state }) => [condition, queue, state])).toEqual([
    ['unreachable', 'belay', 'good'],
    ['no_pollers', 'belay', 'good'],
    ['no_pollers', 'belay-watch', 'good'],
    ['no_pollers', 'belay-page', 'good'],
    ['tasks_failing', 'belay', 'good'],
    ['overdue', 'belay', 'good'],
  ]);
});

describe('a queue has no pollers', () => {
  test.each(Object.keys(EVERYBODY))('without %s', async (silent) => {
    view.asked = { ...EVERYBODY, [silent]: NOW_MS - 90_000 };
    const [queue] = silent.split(' ');
    expect(wrong(await lookAt().round(NOW_MS))).toEqual([`no_pollers ${queue}: bad`]);
    view.asked = { ...EVERYBODY, [silent]: NOW_MS - 89_000 };
    expect(wrong(await lookAt().round(NOW_MS))).toEqual([]);
  });
});

describe('what cannot be looked at', () => {
  test.each([
    ['lastAsked', ['belay', 'belay-watch', 'belay-page'].map((queue) => `no_pollers ${queue}`)],
    ['running', ['tasks_failing belay', 'overdue belay']],
    ['reported', ['tasks_failing belay', 'overdue belay']],
    ['standing', ['tasks_failing belay', 'overdue belay']],
    ['openTimers', ['tasks_failing belay', 'overdue belay']],
  ])('is unknown when %s fails, and hides nothing else', async (broken, unknown) => {
    view.runs = [run('a'), run('b'), failing('c')];
    Object.assign(view, { broken, asked: {} });
    const all = await lookAt().round(NOW_MS);
    expect(wrong(all)).toEqual(expect.arrayContaining(unknown.map((one) => `${one}: unknown`)));
    expect(all[0]).toMatchObject({ state: 'bad', text: `${broken}: it is broken` });
    expect(wrong(all)).toHaveLength(broken === 'lastAsked' ? 4 : 6);
    expect(view.calls).toContain('reconnect');
  });
});

describe('running workflows', () => {
  test('are looked at some in each round, until all were, and then anew', async () => {
    view.runs = ['a', 'b', 'c', 'd', 'e'].map((id) => run(id));
    const look = lookAt();
    for (let round = 0; round < 4; round += 1) await look.round(NOW_MS);
    expect(looked()).toEqual(['a', 'b', 'c', 'd', 'e', 'a', 'b']);
    expect(look.sweep()).toEqual({ known: 5, endedAtMs: NOW_MS });
  });

  test('that have not moved are not read again', async () => {
    view.runs = [run('a')];
    const look = lookAt();
    for (let round = 0; round < 3; round += 1) await look.round(NOW_MS);
    expect(view.calls.filter((call) => call === 'openTimers a')).toHaveLength(1);
    view.runs = [run('a', { historyLength: 11 })];
    await look.round(NOW_MS);
    expect(view.calls.filter((call) => call === 'openTimers a')).toHaveLength(2);
  });

  test('with a problem are looked at in every round, until it is gone', async () => {
    view.runs = [failing('bad'), ...['a', 'b', 'c', 'd', 'e'].map((id) => run(id))];
    const look = lookAt();
    for (let round = 0; round < 2; round += 1) {
      expect(wrong(await look.round(NOW_MS))).toEqual(['tasks_failing belay: bad']);
    }
    view.runs = view.runs.slice(1);
    expect(wrong(await look.round(NOW_MS))).toEqual([]);
  });

  test('are looked at when their timer should have fired, whosever turn it is', async () => {
    view.runs = [
      run('late', {}, NOW_MS + 1000),
      ...Array.from({ length: 50 }, (_, at) => run(`other-${at}`)),
    ];
    const look = lookAt();
    expect(wrong(await look.round(NOW_MS))).toEqual([]);
    const all = await look.round(NOW_MS + 62_000);
    expect(all.at(-1)).toMatchObject({
      state: 'bad',
      text: 'late (escalation): timer 1 has not fired, 1m1s late',
    });
  });

  test('that have ended are forgotten', async () => {
    view.runs = [run('a'), run('b')];
    const look = lookAt();
    await look.round(NOW_MS);
    view.runs = [run('b')];
    await look.round(NOW_MS);
    expect(look.sweep().known).toBe(1);
  });

  test('are told by name, but not by the hundred', async () => {
    view.runs = Array.from({ length: 8 }, (_, at) => failing(`bad-${at}`));
    const look = createLook(view, { ...SETTINGS, runsAtOnce: 100 });
    const { text = '' } = (await look.round(NOW_MS)).find(({ state }) => state === 'bad') ?? {};
    expect(text.split('\n')).toHaveLength(6);
    expect(text).toContain('bad-4 (escalation): its workflow task is at attempt 9');
    expect(text).toContain('and 3 more');
  });
});
