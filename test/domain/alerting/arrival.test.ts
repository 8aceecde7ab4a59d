import { expect, test } from 'vitest';
import { arrivalProblem } from '../../../src/domain/alerting/arrival.ts';

const NOW = 1_795_000_000_000;
const RESOLVE = 300_000;

test.each([
  ['one that says no time', {}, null],
  ['one that begins as it would end', { startsAtMs: NOW + RESOLVE }, null],
  [
    'one that begins after it would end',
    { startsAtMs: NOW + RESOLVE + 1 },
    'begins after it would end, 5m from now (resolve_timeout): check startsAt, or add endsAt',
  ],
  ['one that names its end', { startsAtMs: NOW + 2 * RESOLVE, endsAtMs: NOW + 3 * RESOLVE }, null],
  [
    'one that ends before it begins',
    { startsAtMs: NOW + 2 * RESOLVE, endsAtMs: NOW },
    'ends before it begins: check startsAt and endsAt',
  ],
])('%s is taken, or refused with its reason', (_name, times, problem) => {
  expect(arrivalProblem({ labels: { a: '1' }, ...times }, NOW, RESOLVE)).toBe(problem);
});
