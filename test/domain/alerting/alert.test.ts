import { expect, test } from 'vitest';
import {
  type Alert,
  isNews,
  merged,
  postedProblem,
  received,
} from '../../../src/domain/alerting/alert.ts';

const NOW = 1_795_000_000_000;
const RESOLVE = 300_000;

function alert(starts: number, ends: number, over: Partial<Alert> = {}): Alert {
  return {
    labels: { a: '1' },
    annotations: {},
    generatorUrl: null,
    startsAtMs: NOW + starts,
    endsAtMs: NOW + ends,
    isTimeout: false,
    updatedAtMs: NOW,
    ...over,
  };
}

test.each([
  [{}, 0, RESOLVE, true],
  [{ startsAtMs: NOW - 5 }, -5, RESOLVE, true],
  [{ endsAtMs: NOW - 7 }, -7, -7, false],
  [{ endsAtMs: NOW + 7 }, 0, 7, false],
])('%j is filled in', (posted, starts, ends, isTimeout) => {
  const labels = { b: '2', a: '1', empty: '' };
  expect(received({ labels, ...posted }, NOW, RESOLVE)).toEqual({
    ...alert(starts, ends),
    labels: { a: '1', b: '2' },
    isTimeout,
  });
});

const LATER = { updatedAtMs: NOW + 1 };
const TIMEOUT = { isTimeout: true };

test.each([
  ['the earliest beginning stays', alert(-2, 9), alert(-1, 8, LATER), -2, 8 + 1],
  ['an earlier beginning is taken', alert(-1, 9), alert(-2, 8, LATER), -2, 9],
  ['an end that was told stands', alert(-2, 9), alert(-1, 8, { ...LATER, ...TIMEOUT }), -2, 9],
  ['a time-out takes back no word', alert(-2, 9, TIMEOUT), alert(-1, 8, LATER), -2, 8],
  ['it ends', alert(-2, 9), alert(-2, -1, LATER), -2, -1],
  ['of two ends the later stands', alert(-9, -2), alert(-9, -4, LATER), -9, -2],
  ['an older message changes no words', alert(-2, 9, LATER), alert(-1, 8), -2, 9],
  ['one that began after the end is another', alert(-9, -5), alert(-4, 8, LATER), -4, 8],
])('%s', (_name, before, after, starts, ends) => {
  const result = merged(before, after, NOW);
  expect([result.startsAtMs - NOW, result.endsAtMs - NOW]).toEqual([starts, ends]);
});

test.each([
  ['nothing known', undefined, alert(0, 9), true],
  ['sent again', alert(0, 9), alert(0, 99, LATER), false],
  ['ended', alert(-5, 9), alert(-5, -1, LATER), true],
  ['ended, sent again', alert(-5, -1), alert(-5, -1, LATER), false],
  ['fires again', alert(-5, -1), alert(-1, 9, LATER), true],
  ['other words', alert(0, 9), alert(0, 9, { annotations: { b: '1' } }), true],
  ['an earlier beginning', alert(0, 9), alert(-1, 9), true],
])('news or not: %s', (_name, before, after, expected) => {
  expect(isNews(before, after, NOW)).toBe(expected);
});

const LABELS = { a: '1' };

test.each([
  [{ labels: LABELS }, null],
  [{ labels: LABELS, startsAtMs: NOW, endsAtMs: NOW }, null],
  [{ labels: {} }, 'has no labels'],
  [
    {
      labels: Object.fromEntries(
        Array.from({ length: 10 }, (_, at) => [`l${at}`, 'x'.repeat(2000)]),
      ),
    },
    'has labels of 20020 characters; 16384 is the most',
  ],
  [{ labels: LABELS, annotations: { a: 'x'.repeat(40_000) } }, '32768 is the most'],
  [{ labels: LABELS, annotations: { a: '\ud800' } }, 'half of a character'],
  [{ labels: LABELS, generatorUrl: 'x'.repeat(3000) }, 'has a generatorURL'],
  [{ labels: LABELS, startsAtMs: Number.NaN }, 'has a time in no calendar'],
  [{ labels: LABELS, endsAtMs: 9e15 }, 'has a time in no calendar'],
  [{ labels: LABELS, startsAtMs: NOW, endsAtMs: NOW - 1 }, 'ends before it begins'],
])('alert %# is taken or refused with its reason', (posted, problem) => {
  expect(postedProblem(posted) ?? 'null').toContain(problem ?? 'null');
});
