import { expect, test } from 'vitest';
import { type CountsKind, countsSeries, meansSeries } from '../../../bench/judge/generators.ts';
import { seeded } from '../../../bench/judge/random.ts';
import {
  type ShiftLooks,
  type ShiftPoint,
  beginShiftLooks,
  lookAtShift,
} from '../../../src/domain/judge/shift-looks.ts';

const NAMED = { name: 'errors', show: String };
const ALPHA = 0.01;

/** Whether 120 blocks of one release, looked at one by one, are ever told to be worse. */
function isTakenBack(points: readonly ShiftPoint[], history: readonly number[]): boolean {
  let state = beginShiftLooks(ALPHA, 0.02, 'increase', history);
  return points.some((point) => {
    state = lookAtShift(state, [point], NAMED);
    return state.said.decision === 'worse';
  });
}

function release(kind: CountsKind, seed: number, ratio: number) {
  const series = countsSeries(kind, seeded(seed), ratio);
  if (series.kind !== 'counts') throw new Error(series.kind);
  return {
    history: series.history.map(({ events, units = 1 }) => events / units),
    points: series.blocks.map(({ baseline, candidate, units }) => ({
      candidate: candidate / units.candidate,
      control: baseline / units.baseline,
    })),
  };
}

function takenBack(kind: CountsKind, ratio: number, runs: number, knows: 'history' | 'nothing') {
  return Array.from({ length: runs }).filter((_, seed) => {
    const { history, points } = release(kind, 30_000 + seed, ratio);
    return isTakenBack(points, knows === 'history' ? history : []);
  }).length;
}

/** 1.5 % of 400 is 6; twice that has a chance of 2 % at 1.5 %. */
test.each([
  ['poisson', 'history'],
  ['ar50', 'history'],
  ['ar80', 'history'],
  ['ar90', 'history'],
  ['ar80', 'nothing'],
  ['ar90', 'nothing'],
] as const)('hardly any of 400 good versions of %s are taken back, with %s', (kind, knows) => {
  expect(takenBack(kind, 1, 400, knows)).toBeLessThanOrEqual(6);
});

test('a history that knows better than ten points costs little power', () => {
  expect(takenBack('bursts', 3, 40, 'history')).toBeGreaterThanOrEqual(38);
  expect(takenBack('poisson', 2, 40, 'history')).toBe(40);
  expect(takenBack('poisson', 2, 40, 'nothing')).toBeGreaterThanOrEqual(28);
});

test('a rise of 30 % is found at every scale', () => {
  for (const scale of [1, 1e-9]) {
    const found = Array.from({ length: 20 }).filter((_, seed) => {
      const series = meansSeries(seeded(seed + 1), { phi: 0, ratio: 1.3, scale });
      if (series.kind !== 'means') throw new Error(series.kind);
      const points = series.blocks.map(({ baseline, candidate }) => ({
        candidate,
        control: baseline,
      }));
      return isTakenBack(points, series.history);
    }).length;
    expect(found).toBeGreaterThanOrEqual(19);
  }
});

test('seven of ten blocks that are a hundred times worse fail, with nothing known before', () => {
  const sparse = [...Array.from({ length: 7 }, () => 100), 1, 1, 1];
  const points = sparse.map((candidate) => ({ candidate, control: 1 }));
  expect(isTakenBack(points, [])).toBe(true);
});

test('a history of less than 120 points is none, and so is the state of older code', () => {
  const { history, points } = release('ar90', 1, 1);
  const begun = beginShiftLooks(ALPHA, 0.02, 'increase', history.slice(0, 119));
  expect(begun.historyLength).toBeNull();
  expect(beginShiftLooks(ALPHA, 0.02, 'increase', history).historyLength).toBeGreaterThan(5);
  const { historyLength: _unknown, ...older } = begun;
  const resumed: ShiftLooks = JSON.parse(JSON.stringify(older));
  expect(lookAtShift(resumed, points, NAMED).said).toEqual(lookAtShift(begun, points, NAMED).said);
});

test('where either direction is bad, a fall is one too', () => {
  const points = Array.from({ length: 40 }, (_, at) => ({
    candidate: 50 + ((at * 5) % 11),
    control: 100 + ((at * 3) % 7),
  }));
  const by = (direction: ShiftLooks['direction']) =>
    lookAtShift(beginShiftLooks(ALPHA, 0.02, direction, []), points, NAMED).said.decision;
  expect([by('either'), by('decrease'), by('increase')]).toEqual(['worse', 'worse', 'not_worse']);
});
